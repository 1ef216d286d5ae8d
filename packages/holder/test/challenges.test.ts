import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dpopChallengeOf, parseChallenges } from '../src/challenges.ts';
import { parseHttpDate, parseRetryAfter } from '../src/http-date.ts';
import { machineScene, status, tokenText } from './scene.ts';

const sound: readonly (readonly [string, readonly (readonly [string, Record<string, string>])[]])[] = [
  ['', []],
  ['DPoP', [['dpop', {}]]],
  ['DPoP error="invalid_token"', [['dpop', { error: 'invalid_token' }]]],
  ['dpop ERROR=x, Algs="A B"', [['dpop', { error: 'x', algs: 'A B' }]]],
  ['Basic realm="a, DPoP error=\\"x\\""', [['basic', { realm: 'a, DPoP error="x"' }]]],
  [
    'Negotiate abc==, , DPoP error = "x" ,Bearer',
    [
      ['negotiate', {}],
      ['dpop', { error: 'x' }],
      ['bearer', {}],
    ],
  ],
];

for (const [text, expected] of sound) {
  test(`HOLDER-29: a sound header is read: ${text}`, () => {
    const found = parseChallenges(text)?.map(({ scheme, parameters }) => [
      scheme,
      Object.fromEntries(parameters),
    ]);
    assert.deepEqual(found, expected);
  });
}

const malformed = [
  'error="x"',
  'DPoP error="x',
  'DPoP error=x y',
  'DPoP error="y", error="x"',
  'DPoP error="y", ERROR=x',
  'DPoP a b c',
  'DPoP error==',
  'D@P error=x',
  '"DPoP" error=x',
  'DPoP error="x"y',
  `DPoP error="x", pad="${'y'.repeat(4096)}"`,
];

for (const text of malformed) {
  test(`HOLDER-29: a malformed header asks for nothing: ${text.slice(0, 40)}`, async (t) => {
    const { peer, machine, clock } = await machineScene(t);
    await tokenText(machine.token());
    clock.forward(6000);
    const header = text.replaceAll('"x', '"invalid_token').replaceAll('=x', '=invalid_token');
    peer.resourceScript.push({ status: 401, headers: { 'www-authenticate': header } });
    assert.equal(await status(machine.fetch(peer.audience)), 401);
    assert.equal(peer.resourceRequests.length, 1);
  });
}

const word = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/);
const quotable = fc.stringMatching(/^[\t\x20-\x7e]{0,20}$/);
const challenge = fc.record({
  scheme: word,
  parameters: fc.uniqueArray(fc.tuple(word, quotable), {
    selector: ([name]) => name.toLowerCase(),
    maxLength: 4,
  }),
});

test('HOLDER-29: whatever is written by the grammar is read back', () => {
  fc.assert(
    fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
      const text = challenges.map(({ scheme, parameters }) => {
        const pairs = parameters.map(([name, value]) => `${name}="${value.replace(/["\\]/g, '\\$&')}"`);
        return [scheme, pairs.join(', ')].filter((part) => part !== '').join(' ');
      });
      const expected = challenges.map(({ scheme, parameters }) => ({
        scheme: scheme.toLowerCase(),
        parameters: new Map(parameters.map(([name, value]) => [name.toLowerCase(), value])),
      }));
      assert.deepEqual(parseChallenges(text.join(', ')), expected);
    }),
  );
});

test('HOLDER-29: any text is read or refused, quickly', () => {
  const noise = fc.string({
    unit: fc.constantFrom('"', '\\', ',', '=', ' ', 'a', 'DPoP ', 'error'),
    maxLength: 2000,
  });
  fc.assert(fc.property(noise, (text) => void parseChallenges(text)));
  parseChallenges(`DPoP error="${'\\"'.repeat(2000)}`);
  parseChallenges('"'.repeat(4095));
});

test('HOLDER-29: only a DPoP challenge counts', () => {
  const headers = new Headers({ 'www-authenticate': 'Bearer error="invalid_token"' });
  assert.equal(dpopChallengeOf(headers)?.get('error'), undefined);
  headers.append('www-authenticate', 'DPoP error="use_dpop_nonce"');
  assert.equal(dpopChallengeOf(headers)?.get('error'), 'use_dpop_nonce');
});

test('HOLDER-18: a date is read in its one form and no other', () => {
  assert.equal(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT'), 784_111_777_000);
  const others = [
    'Mon, 06 Nov 1994 08:49:37 GMT',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 31 Feb 1994 08:49:37 GMT',
  ];
  for (const text of [...others, 'Sun, 06 Nov 1994 08:49:37 UTC', ''])
    assert.equal(parseHttpDate(text), undefined);
  const times = fc.integer({ min: -30_000_000_000, max: 253_402_300_799 });
  fc.assert(
    fc.property(times, (seconds) => parseHttpDate(new Date(seconds * 1000).toUTCString()) === seconds * 1000),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      const time = parseHttpDate(text);
      return time === undefined || new Date(time).toUTCString() === text;
    }),
  );
});

test('HOLDER-10: Retry-After is whole seconds or a date', () => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5);
  const cases: readonly (readonly [string | null, number | undefined])[] = [
    ['0', 0],
    ['120', 120],
    ['301', 300],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
    [new Date(now - 5000).toUTCString(), 0],
    [new Date(now + 5000).toUTCString(), 5],
  ];
  for (const [text, expected] of cases) assert.equal(parseRetryAfter(text, now), expected, String(text));
});

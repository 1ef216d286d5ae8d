import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseObject } from '../src/json.ts';

/** JSON that means one thing everywhere: no `__proto__`, no unsafe number, seven levels inside the object. */
const soundName = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((name) => name !== '__proto__');
const { sound } = fc.letrec<{ sound: unknown }>((tie) => ({
  sound: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('sound'), { maxLength: 4 }),
    fc.dictionary(soundName, tie('sound'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const soundObject = fc.dictionary(soundName, sound, { maxKeys: 5, noNullPrototype: true });

test('an object comes back from its JSON, however it is spaced', () => {
  fc.assert(
    fc.property(soundObject, fc.constantFrom(undefined, 1, '\t', '\n'), (value, space) => {
      const text = JSON.stringify(value, undefined, space);
      assert.deepEqual(parseObject(text), JSON.parse(text));
    }),
  );
});

test('any text is an object that JSON.parse gives too, or undefined, and never throws', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '\\',
    'a',
    '1',
    '-',
    'e',
    '.',
    'null',
    ' ',
    '\\u0061',
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.array(pieces).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const value = parseObject(text);
      if (value !== undefined) assert.deepEqual(value, JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

test('a member named twice is refused at any depth, also when one is escaped', () => {
  fc.assert(
    fc.property(soundName, fc.nat(6), (name, depth) => {
      const quoted = JSON.stringify(name);
      const escaped = `"${Array.from(name, escape).join('')}"`;
      const wrap = (inner: string): string => '{"a":'.repeat(depth) + inner + '}'.repeat(depth);
      assert.notEqual(parseObject(wrap(`{${quoted}:1}`)), undefined);
      assert.equal(parseObject(wrap(`{${quoted}:1,${quoted}:1}`)), undefined);
      assert.equal(parseObject(wrap(`{${quoted}:1,${escaped}:2}`)), undefined);
    }),
  );
});

function escape(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

test('what looks like a second member is none inside a string, or in another object', () => {
  for (const text of [
    '{"a":"\\"a\\":1","b":",\\"b\\":"}',
    '{"a":{"a":1}}',
    '{"a":[{"a":1},{"a":2}]}',
    '{"a":"a","b":"a"}',
  ]) {
    assert.deepEqual(parseObject(text), JSON.parse(text), text);
  }
});

test('what parsers read differently is refused', () => {
  const refusedTexts = [
    '',
    ' ',
    'null',
    'true',
    '1',
    '"a"',
    '[]',
    '[{}]',
    '{} {}',
    '{"a":1}//',
    '{"a":1,}',
    "{'a':1}",
    '{a:1}',
    '\ufeff{}',
    '{"a":01}',
    '{"a":0x1}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":undefined}',
    '{"a":1e999}',
    '{"a":-1e999}',
    '{"a":9007199254740993}',
    '{"a":9007199254740992}',
    '{"a":[{"b":1e400}]}',
    '{"a":"\\ud800"}',
    '{"\\udc00":1}',
    '{"a":{"b":["\\ud800x"]}}',
    '{"__proto__":{}}',
    '{"a":{"__proto__":1}}',
    '{"__proto\\u005f_":1}',
    '{"a":"\u0001"}',
    '{"a":"\n"}',
    `${'{"a":'.repeat(8)}{}${'}'.repeat(8)}`,
    `{"a":${'['.repeat(3000)}${']'.repeat(3000)}}`,
  ];
  for (const text of refusedTexts) assert.equal(parseObject(text), undefined, text.slice(0, 40));
  for (const text of [
    '{}',
    ' {"a":1.5} ',
    '{"a":-0}',
    '{"a":9007199254740991}',
    '{"constructor":1}',
    '{"a":"\\ud83d\\ude00"}',
  ]) {
    assert.deepEqual(parseObject(text), JSON.parse(text), text);
  }
});

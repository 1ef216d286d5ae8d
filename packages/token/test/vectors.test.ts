/** Our own vectors, which other implementations may use, read as they would read them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { headerTable, readKeySet, refusals, verifySessionToken } from '../src/index.ts';
import { refused } from './given.ts';

interface VectorFile {
  readonly now: number;
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: unknown;
  readonly vectors: readonly {
    readonly id: string;
    readonly sentence: string;
    readonly token: string;
    readonly expect: string;
  }[];
}

const path = new URL('../../../vectors/session-token.json', import.meta.url);
const { now, issuer, audience, jwks, vectors } = JSON.parse(readFileSync(path, 'utf8')) as VectorFile;
const keys = headerTable(new Map([[issuer, await readKeySet(jwks)]]));
const verify = (text: string): Promise<unknown> => verifySessionToken(text, { keys, issuer, audience, now });
const isCode = (code: string): code is keyof typeof refusals => Object.hasOwn(refusals, code);

for (const { id, sentence, token, expect } of vectors) {
  test(`${sentence}: vector ${id} is ${expect}`, async () => {
    if (expect === 'valid') await verify(token);
    else {
      assert.ok(isCode(expect));
      await refused(expect, token, verify);
    }
  });
}

test('the vectors have enough of both kinds, each once', () => {
  assert.ok(vectors.filter(({ expect }) => expect === 'valid').length >= 5);
  assert.ok(vectors.filter(({ expect }) => expect !== 'valid').length >= 40);
  assert.equal(new Set(vectors.map(({ id }) => id)).size, vectors.length);
});

test(
  'KEYS-10: the vectors come out the same on Web Crypto, as every other runtime has it',
  { skip: process.env['SYMBOLON_VECTORS'] === 'again' },
  () => {
    const again = spawnSync(
      process.execPath,
      [
        '--conditions=workerd',
        '--conditions=symbolon:source',
        '--no-warnings',
        '--test-reporter=tap',
        fileURLToPath(import.meta.url),
      ],
      {
        env: { ...process.env, SYMBOLON_VECTORS: 'again', NODE_TEST_CONTEXT: undefined },
        encoding: 'utf8',
      },
    );
    assert.equal(again.status, 0, again.stdout + again.stderr);
    assert.match(again.stdout, new RegExp(`^# pass ${String(vectors.length + 1)}$`, 'm'));
  },
);

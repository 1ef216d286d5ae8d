import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as portable from '../src/base64url.ts';
import * as native from '../src/encoding.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

for (const [name, { decodeBase64url, encodeBase64url }] of Object.entries({ native, portable })) {
  test(`${name}: bytes come back from their base64url, which is the platform’s`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = encodeBase64url(bytes);
        assert.equal(text, Buffer.from(bytes).toString('base64url'));
        assert.deepEqual(decodeBase64url(text), bytes);
      }),
    );
  });

  test(`${name}: any text decodes to bytes that encode to that very text, or not at all`, () => {
    const texts = fc.oneof(
      fc.string({ unit: fc.constantFrom(...Array.from(alphabet), '=', '+', '/', ' ', '\n', 'é') }),
      fc.string({ unit: fc.constantFrom(...Array.from(alphabet)) }),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = decodeBase64url(text);
        if (bytes !== undefined) assert.equal(encodeBase64url(bytes), text);
      }),
    );
  });

  test(`${name}: padding, foreign characters, a dangling character and unused bits are refused`, () => {
    assert.deepEqual(decodeBase64url('_-8'), Uint8Array.of(255, 239));
    for (const text of ['_-8=', '_-9', '_-8A=', 'A', 'AAAAA', '+/8', 'A A', ' AA', 'AA\n', 'AB', 'A\u0100']) {
      assert.equal(decodeBase64url(text), undefined, text);
    }
  });

  test(`${name}: each of the 256 bytes at each place of a text is refused unless it is of the alphabet`, () => {
    for (let code = 0; code < 256; code++) {
      const character = String.fromCharCode(code);
      for (const text of [`${character}AAA`, `A${character}AA`, `AAA${character}`]) {
        assert.equal(decodeBase64url(text) !== undefined, alphabet.includes(character), JSON.stringify(text));
      }
    }
  });
}

test('UTF-8 is decoded as the platform would, but never repaired and never stripped of its mark', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(native.decodeUtf8(new TextEncoder().encode(text)), text);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
      const text = native.decodeUtf8(bytes);
      if (text !== undefined) assert.deepEqual(new TextEncoder().encode(text), bytes);
    }),
  );
  for (const bytes of [[0xc0, 0x80], [0xff], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
    assert.equal(native.decodeUtf8(Uint8Array.from(bytes)), undefined);
  }
  assert.equal(native.decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)), '\ufeffA');
});

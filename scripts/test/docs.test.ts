import assert from 'node:assert/strict';
import test from 'node:test';
import { commandErrorsOf } from '../doc-commands.ts';
import { typeErrorsOf } from '../doc-types.ts';
import { blocksOf, type CodeBlock } from '../markdown-blocks.ts';

const block = (language: string, code: string): CodeBlock => ({
  page: 'a.md',
  line: 1,
  language,
  mark: '',
  code,
});
const helps: Record<string, string> = {
  '': 'Usage: symbolon [options] [command]',
  dev: 'Usage: symbolon dev [options]\n  --port <n>',
  client: 'Usage: symbolon client [options] [command]',
  'client add': 'Usage: symbolon client add [options] <name>',
};
const known = {
  scripts: new Set(['start', 'test', 'symbolon']),
  helpOf: (words: readonly string[]): string => {
    const path = [2, 1, 0].map((length) => words.slice(0, length).join(' ')).find((key) => key in helps);
    return helps[path ?? ''] ?? '';
  },
};
const errors = (code: string): string[] => commandErrorsOf(block('sh', code), known);

test('blocks are found with their place, language and mark', () => {
  const text = 'a\n\n```ts no-check\n// not checked: x\n```\n\n- list\n\n  ```sh\n  npm ci\n  ```\n';
  assert.deepEqual(blocksOf({ name: 'a.md', text }), [
    { page: 'a.md', line: 4, language: 'ts', mark: 'no-check', code: '// not checked: x' },
    { page: 'a.md', line: 10, language: 'sh', mark: '', code: 'npm ci' },
  ]);
});

test('a block that never ends is reported', () => {
  assert.throws(() => blocksOf({ name: 'a.md', text: '```ts\nx' }), /a\.md:1: the code block has no end/);
});

test('commands that exist pass', () => {
  const code =
    '# first\nnpm ci && npm start\n$ npx symbolon dev --port 0 | jq .  # comment\nsymbolon client add me';
  assert.deepEqual(errors(code), []);
  assert.deepEqual(errors('npm run symbolon -- dev --port=1\ncurl \\\n  -H x http://y'), []);
});

for (const [code, reason] of [
  ['npm run strat', /no script "strat"/],
  ['yarn', /unexpected program/],
  ['npx other', /unexpected program/],
  ['symbolon devv', /no such command: devv/],
  ['symbolon client frob x', /no such command: client frob/],
  ['symbolon dev --prot 1', /no such option: --prot/],
  ['npm run symbolon -- dev --prot', /no such option: --prot/],
] as const) {
  test(`a command that does not exist is reported: ${code}`, () => {
    const found = errors(code);
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', reason);
  });
}

test('a block that does not compile is reported at its line', () => {
  const found = typeErrorsOf(
    [block('ts', 'const a = 1;\nconst b: string = a;'), block('js', 'await 1;')],
    '.',
  );
  assert.equal(found.length, 1);
  assert.match(found[0] ?? '', /^a\.md:2: Type 'number'/);
});

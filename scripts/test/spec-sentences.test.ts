import assert from 'node:assert/strict';
import test from 'node:test';
import { mentionsOf, sentencesOf } from '../spec-sentences.ts';

const families = new Set(['TOKEN']);
const ids = (text: string): { named: string[]; skipped: string[] } => {
  const { named, skipped } = mentionsOf({ name: 'a.test.ts', text }, families);
  return { named: named.map(({ id }) => id), skipped: skipped.map(({ id }) => id) };
};

test('a sentence is a list line that starts with its id', () => {
  const text = '# Token\n\n- **TOKEN-1** A token …\nSee **TOKEN-2**.\n- **TOKEN-3** …';
  assert.deepEqual(sentencesOf({ name: 'token.md', text }), [
    { id: 'TOKEN-1', at: 'token.md:3' },
    { id: 'TOKEN-3', at: 'token.md:5' },
  ]);
});

test('a title names one sentence or several, as a string or a template', () => {
  assert.deepEqual(ids("test('TOKEN-1: x', () => {});").named, ['TOKEN-1']);
  assert.deepEqual(ids("test('TOKEN-1, TOKEN-9: x', () => {});").named, ['TOKEN-1', 'TOKEN-9']);
  assert.deepEqual(ids('test(`TOKEN-1: refuses ${name}`, () => {});').named, ['TOKEN-1']);
});

test('a table of tests names its sentences in its rows', () => {
  assert.deepEqual(ids("const rows = [['TOKEN-1', 'a'], ['TOKEN-2', 'b']];").named, ['TOKEN-1', 'TOKEN-2']);
});

test('an unknown family counts in a title and not in any other string', () => {
  assert.deepEqual(ids("test('TOKN-1: x', () => {}); digest('SHA-256');").named, ['TOKN-1']);
});

test('a comment names nothing, and a skipped test shows nothing', () => {
  assert.deepEqual(ids('// TOKEN-1: later'), { named: [], skipped: [] });
  assert.deepEqual(ids("test.skip('TOKEN-1: x', () => {});"), { named: [], skipped: ['TOKEN-1'] });
});

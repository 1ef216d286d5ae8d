import fc from 'fast-check';
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import type { Revocation, VerifiedRevocations } from '@symbolon/token';
import { createCoverage } from '../src/coverage.ts';
import { createEventLines } from '../src/event-lines.ts';
import { createRevocations } from '../src/revocations.ts';
import { createRevocationTable, nameLanes } from '../src/revocation-table.ts';
import { randomId } from './support.ts';

test('FEED-46: lines are found wherever a stream is cut', () => {
  const data = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/);
  const line = fc.oneof(
    data.map((text) => ({ sent: `data: ${text}`, data: [text] })),
    data.map((text) => ({ sent: `data:${text}`, data: [text] })),
    fc.stringMatching(/^(: ?|id: |datum: | data: |event:)[a-z]{0,5}$/).map((sent) => ({ sent, data: [] })),
    fc.constantFrom({ sent: '', data: [] }, { sent: 'data:', data: [] }, { sent: 'data: ', data: [] }),
  );
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(40)), fc.constantFrom('\n', '\r\n'), (lines, cuts, end) => {
      const reader = createEventLines({ maxLength: 64 });
      const text = lines.map(({ sent }) => sent + end).join('');
      const heard: string[] = [];
      let at = 0;
      for (const cut of [...cuts, text.length]) {
        heard.push(...reader.push(text.slice(at, at + cut)));
        at += cut;
      }
      deepEqual(
        heard,
        lines.flatMap((sent) => sent.data),
      );
    }),
  );
});

test('FEED-46: a line that does not end is refused, in whatever pieces it comes', () => {
  for (const piece of ['x'.repeat(101), 'x'.repeat(30), 'x'])
    throws(() => {
      const reader = createEventLines({ maxLength: 100 });
      for (let sent = 0; sent <= 100; sent += piece.length) reader.push(piece);
    }, /unexpected event/);
});

test('FEED-47: what was covered is what a set of positions would say, in whatever order it was heard', () => {
  const stretch = fc
    .tuple(fc.nat(30), fc.nat(8), fc.nat(12))
    .map(([from, length, floor]) => ({ from, to: from + length, floor: Math.min(floor, from + length) }));
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 12 }), (stretches) => {
      const coverage = createCoverage();
      const heard = new Set<number>();
      let floor = 0;
      let reach = 0;
      for (const said of stretches) {
        coverage.add(said);
        floor = Math.max(floor, said.floor);
        for (let position = said.from + 1; position <= said.to; position++) heard.add(position);
        let known = Math.max(floor, reach);
        while (heard.has(known + 1)) known++;
        ok(coverage.reach() <= known);
        ok(coverage.reach() >= reach, 'it never goes back');
        reach = coverage.reach();
        if (known > floor) equal(reach, known);
        const gap = coverage.gapBefore(said.to);
        if (gap !== undefined) ok(!heard.has(gap) && gap > known);
      }
    }),
    { numRuns: 1000 },
  );
});

test('FEED-47: stretches that do not join are kept in a bounded number', () => {
  const coverage = createCoverage();
  for (let n = 1; n <= 10_000; n++) coverage.add({ from: n * 10, to: n * 10 + 1, floor: 0 });
  equal(coverage.gapBefore(11), undefined);
  equal(coverage.gapBefore(100_001), 100_000);
  equal(coverage.reach(), 0);
  coverage.add({ from: 0, to: 100_001, floor: 0 });
  equal(coverage.reach(), 100_001);
});

test('FEED-48: the table says what a map of deadlines says, as it grows, and forgets when swept', () => {
  const names = Array.from({ length: 40 }, () => nameLanes(randomId()));
  const crowd = Array.from({ length: 60 }, (_, n) => [1, n % 3, 0, n % 2] as const).map(
    ([a, b, c, d], n) => [a, b, c + n, d] as const, // all in two parts and next to each other
  );
  const all = [...names, ...crowd];
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ add: fc.nat(all.length - 1), deadline: fc.integer({ min: 1, max: 100 }) }),
    },
    { weight: 1, arbitrary: fc.record({ sweep: fc.nat(100) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const table = createRevocationTable();
      const model = new Map<number, number>();
      let now = 0;
      for (const made of steps) {
        if ('sweep' in made) {
          now = Math.max(now, made.sweep);
          for (let round = 0; round < 64; round++) table.sweep(now);
          for (const [at, deadline] of model) if (deadline <= now) model.delete(at);
        } else {
          const name = all[made.add] ?? all[0];
          if (name === undefined) throw new Error('expected a name');
          equal(table.add(name, made.deadline), !model.has(made.add));
          model.set(made.add, Math.max(model.get(made.add) ?? 0, made.deadline));
        }
        equal(table.size(), model.size);
      }
      all.forEach((name, at) => {
        equal(table.has(name), model.has(at));
      });
    }),
  );
});

test('FEED-48: the table grows and shrinks with what is in it, and one shard at a time', () => {
  const table = createRevocationTable();
  const empty = table.bytes();
  const names = Array.from({ length: 50_000 }, () => nameLanes(randomId()));
  names.forEach((name, at) => table.add(name, 1 + (at % 2)));
  equal(table.size(), 50_000);
  ok(table.bytes() < 50_000 * 60);
  for (let round = 0; round < 64; round++) table.sweep(1);
  equal(table.size(), 25_000);
  ok(names.every((name, at) => table.has(name) === (at % 2 === 1)));
  for (let round = 0; round < 64; round++) table.sweep(2);
  equal(table.size(), 0);
  equal(table.bytes(), empty);
});

interface Said {
  readonly position: number;
  readonly entry: Revocation;
}

const day = 86_400;

function statement(said: readonly Said[], { from, to }: { from: number; to: number }): VerifiedRevocations {
  const entries = said.filter(({ position }) => from < position && position <= to).map(({ entry }) => entry);
  return { iss: 'i', from, to, floor: 0, keys: 'k', entries } as unknown as VerifiedRevocations;
}

test('FEED-49: statements in any order, any number of times, lead to the same knowledge', () => {
  const ids = Array.from({ length: 8 }, randomId);
  const entry = fc.record({
    kind: fc.constantFrom('session', 'key', 'subject', 'client', 'everything'),
    name: fc.constantFrom(...ids),
    cut: fc.nat(60),
  });
  const order = fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 20 });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 20 }), order, (made, stretches) => {
      const said = made.map(({ kind, name, cut }, at) => ({
        position: at + 1,
        entry: {
          kind,
          name,
          cutAt: kind === 'session' || kind === 'key' ? 0 : cut,
          until: day,
        },
      }));
      const one = createRevocations({ elapsed: () => 0 });
      const other = createRevocations({ elapsed: () => 0 });
      let version = 0;
      let to = 0;
      for (const [a, b] of stretches) {
        one.merge(statement(said, { from: Math.min(a, b), to: Math.max(a, b) }));
        ok(one.version() >= version && one.to() >= to, 'it only grows');
        [version, to] = [one.version(), one.to()];
      }
      one.merge(statement(said, { from: 0, to: 20 }));
      other.merge(statement(said, { from: 0, to: 20 }));
      equal(one.to(), 20);
      for (const name of ids) {
        equal(one.isKeyEnded(name), other.isKeyEnded(name));
        for (const startedAt of [0, 10, 30, 60, 61]) {
          const names = { session: nameLanes(name), subject: name, client: name, key: name, startedAt };
          const expected = said.some(({ entry: { kind, name: ended, cutAt } }) =>
            kind === 'everything'
              ? startedAt <= cutAt
              : kind === 'session'
                ? ended === name
                : kind !== 'key' && ended === name && startedAt <= cutAt,
          );
          equal(one.isEnded(names), expected);
          equal(other.isEnded(names), expected);
        }
      }
    }),
  );
});

test('FEED-50: entries leave by elapsed time, and one that has run out is not taken in again', () => {
  let elapsed = 0;
  const revocations = createRevocations({ elapsed: () => elapsed });
  const second = 1_000_000;
  const start = 1_800_000_000;
  const name = randomId();
  const names = { session: nameLanes(name), subject: '', client: '', key: '', startedAt: 5 };
  const ended: Said = {
    position: start * second,
    entry: { kind: 'session', name, cutAt: 0, until: start + 100 },
  };
  const cut: Said = {
    position: start * second,
    entry: { kind: 'subject', name: 'u', cutAt: 7, until: start + 100 },
  };
  const old = statement([ended, cut], { from: 0, to: start * second });
  revocations.merge(old);
  const beat = (at: number): void => {
    for (let round = 0; round < 64; round++) revocations.merge(statement([], { from: 0, to: at * second }));
  };
  elapsed = 99_000;
  beat(start + 99);
  ok(revocations.isEnded(names));
  elapsed = 101_000;
  beat(start + 101);
  equal(revocations.isEnded(names), false);
  equal(revocations.size().entries, 0);
  revocations.merge(old); // said again by whoever kept it
  equal(revocations.size().entries, 0);
  equal(revocations.isEnded(names), false);
});

test('FEED-50: however long an entry is to stay, it stays', () => {
  const revocations = createRevocations({ elapsed: () => 0 });
  const name = randomId();
  const entry: Revocation = { kind: 'session', name, cutAt: 0, until: 2 ** 32 };
  revocations.merge(statement([{ position: 1, entry }], { from: 0, to: 1 }));
  for (let round = 0; round < 64; round++) revocations.merge(statement([], { from: 0, to: 1 }));
  ok(revocations.isEnded({ session: nameLanes(name), subject: '', client: '', key: '', startedAt: 1 }));
});

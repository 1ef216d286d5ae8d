import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { decisionOf, guardOn, until } from './doors.ts';
import { assertNothingLost, refreshAll, refreshOnce, startHolders } from './holders.ts';
import { launch, type Replica } from './replica.ts';
import type { ReplicaSettings } from './replica-orders.ts';
import { layRoad } from './road.ts';
import { mountSmallDisk } from './small-disk.ts';

const folder = mkdtempSync(join(tmpdir(), 'symbolon-faults-'));
const disk = mountSmallDisk(join(folder, 'disk'));
const open: Replica[] = [];
after(async () => {
  await Promise.all(open.map((replica) => replica.kill()));
  disk?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const refreshes = 10_000;

async function launchOn(name: string): Promise<Replica> {
  const replica = await launch(settingsOf(name));
  open.push(replica);
  return replica;
}

function settingsOf(name: string): ReplicaSettings {
  return { store: join(folder, `${name}.db`), keyFile: join(folder, `${name}.json`) };
}

function generationsIn(store: string): ReadonlyMap<string, number> {
  const db = new DatabaseSync(store, { readOnly: true });
  try {
    const rows = db.prepare('SELECT id, generation FROM sessions').all();
    return new Map(rows.map((row) => [String(row['id']), Number(row['generation'])]));
  } finally {
    db.close();
  }
}

void test('FAULT-1: an issuer killed in the middle of 10,000 refreshes has lost none that it answered', async (t) => {
  const first = await launchOn('kill');
  await first.register();
  const holders = await startHolders(first, 64);
  const [token] = await first.start([{ subject: 'ended' }]);
  assert.ok(token !== undefined);
  const road = layRoad([first.port]);
  const load = refreshAll(holders, road);
  t.after(load.stop);
  await until('half of them', () => load.answered() >= refreshes / 2, 60_000);
  assert.equal((await first.end(token.sid)).kind, 'ended');
  await first.kill();
  const answeredByFirst = load.answered();
  assert.ok(answeredByFirst < refreshes * 0.6, `${answeredByFirst} of ${refreshes} is not the middle`);
  const second = await launchOn('kill');
  road.ports = [second.port];
  await until('the other half', () => load.answered() >= refreshes, 60_000);
  await load.stop();
  t.diagnostic(`${answeredByFirst} refreshes answered before the kill, ${load.answered()} in all`);
  assert.deepEqual(load.refused, []);
  assert.ok(load.disturbed() > 0, 'the kill was felt');
  await assertNothingLost(holders, { stored: generationsIn(settingsOf('kill').store), road });
  const guard = guardOn(road);
  await guard.ready();
  assert.equal(await decisionOf(guard, token.access_token), 'session_ended');
  guard.close();
  await second.kill();
});

interface Fullness {
  readonly what: string;
  readonly settings: ReplicaSettings;
  readonly fill: (replica: Replica) => Promise<void> | void;
  readonly free: (replica: Replica) => Promise<void> | void;
}

/** How a disk is full: a file system without a free byte, or, where none can be mounted, SQLite told to take no page more. */
const fullness: Fullness =
  disk === undefined
    ? {
        what: "SQLite's max_page_count",
        settings: { ...settingsOf('full'), limitsPages: true },
        fill: (replica) => replica.order('fillDisk'),
        free: (replica) => replica.order('freeDisk'),
      }
    : {
        what: 'a file system of 16 MB',
        settings: { ...settingsOf('full'), store: join(disk.folder, 'full.db') },
        fill: disk.fill,
        free: disk.free,
      };

void test(`FAULT-2: on a full disk (${fullness.what}) nothing is answered that is not kept, nobody is signed out, and room is enough to go on`, async (t) => {
  const replica = await launch(fullness.settings);
  open.push(replica);
  await replica.register();
  const holders = await startHolders(replica, 8);
  const [live, ended] = await replica.start([{ subject: 'live' }, { subject: 'ended' }]);
  assert.ok(live !== undefined && ended !== undefined);
  const road = layRoad([replica.port]);
  const guard = guardOn(road);
  t.after(guard.close);
  await guard.ready();
  const load = refreshAll(holders, road);
  t.after(load.stop);
  await fullness.fill(replica);
  const answered: string[] = [];
  const failures: string[] = [];
  await until('the disk is full', async () => {
    try {
      answered.push(...(await replica.start([{ subject: `late ${answered.length}` }])).map(({ sid }) => sid));
    } catch (error) {
      failures.push(String(error));
    }
    return failures.length > 5;
  });
  for (const failure of failures) assert.match(failure, /database or disk is full/);
  const answeredEnd = await replica.end(ended.sid).catch(() => undefined);
  await fullness.free(replica);
  const whenFree = load.answered();
  await until('refreshes go on', () => load.answered() > whenFree + 50);
  await load.stop();
  assert.deepEqual(load.refused, []);
  const stored = generationsIn(fullness.settings.store);
  assert.deepEqual(
    answered.filter((sid) => !stored.has(sid)),
    [],
  );
  await assertNothingLost(holders, { stored, road });
  if (answeredEnd?.kind !== 'ended') assert.equal((await replica.end(ended.sid)).kind, 'ended');
  await until(
    'the end is known',
    async () => (await decisionOf(guard, ended.access_token)) === 'session_ended',
  );
  await until('the rest go on', async () => (await decisionOf(guard, live.access_token)) === 'accepted');
  await replica.kill();
});

void test('FAULT-3: an end that was answered before a kill is known to the guard after it, and no refresh revives it', async (t) => {
  const first = await launchOn('ends');
  await first.register();
  const holders = await startHolders(first, 8);
  const tokens = await first.start(holders.map((_, at) => ({ subject: `thing ${at}` })));
  const road = layRoad([first.port]);
  const guard = guardOn(road);
  t.after(guard.close);
  await guard.ready();
  for (const { access_token: token } of tokens) assert.equal(await decisionOf(guard, token), 'accepted');
  const ends = [...holders, ...tokens].map(({ sid }) => first.end(sid).then(() => sid));
  await ends[0];
  await first.kill();
  const answered = new Set(
    (await Promise.allSettled(ends)).map((end) => (end.status === 'fulfilled' ? end.value : '')),
  );
  const second = await launchOn('ends');
  road.ports = [second.port];
  for (const holder of holders.filter(({ sid }) => answered.has(sid)))
    assert.match(await refreshOnce(holder, road), /^400 /);
  const ended = tokens.filter(({ sid }) => answered.has(sid));
  await until('the guard knows', async () => {
    const decisions = await Promise.all(ended.map(({ access_token: token }) => decisionOf(guard, token)));
    return decisions.every((decision) => decision === 'session_ended');
  });
  await second.kill();
});

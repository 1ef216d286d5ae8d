import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { decisionOf, guardOn, until } from './doors.ts';
import { assertNothingLost, refreshAll, refreshOnce, startHolders } from './holders.ts';
import { launch, type Replica } from './replica.ts';
import { layRoad } from './road.ts';

const folder = mkdtempSync(join(tmpdir(), 'symbolon-faults-'));
const open: Replica[] = [];
after(async () => {
  await Promise.all(open.map((replica) => replica.kill()));
  rmSync(folder, { recursive: true, force: true });
});

async function launchOn(name: string): Promise<Replica> {
  const settings = { store: join(folder, `${name}.db`), keyFile: join(folder, `${name}.json`) };
  const replica = await launch(settings);
  open.push(replica);
  return replica;
}

function generationsIn(name: string): ReadonlyMap<string, number> {
  const db = new DatabaseSync(join(folder, `${name}.db`), { readOnly: true });
  try {
    const rows = db.prepare('SELECT id, generation FROM sessions').all();
    return new Map(rows.map((row) => [String(row['id']), Number(row['generation'])]));
  } finally {
    db.close();
  }
}

void test('FAULT-1: an issuer killed in the middle of a thousand refreshes has lost none that it answered', async (t) => {
  const first = await launchOn('kill');
  await first.register();
  const holders = await startHolders(first, 32);
  const [token] = await first.start([{ subject: 'ended' }]);
  assert.ok(token !== undefined);
  const road = layRoad([first.port]);
  const load = refreshAll(holders, road);
  t.after(load.stop);
  await until('1,000 refreshes', () => load.answered() >= 1000, 60_000);
  assert.equal((await first.end(token.sid)).kind, 'ended');
  await first.kill();
  const beforeRestart = load.answered();
  const second = await launchOn('kill');
  road.ports = [second.port];
  await until('refreshes go on', () => load.answered() > beforeRestart + 100, 60_000);
  await load.stop();
  assert.deepEqual(load.refused, []);
  assert.ok(load.disturbed() > 0, 'the kill was felt');
  await assertNothingLost(holders, { stored: generationsIn('kill'), road });
  const guard = guardOn(road);
  await guard.ready();
  assert.equal(await decisionOf(guard, token.access_token), 'session_ended');
  guard.close();
  await second.kill();
});

void test('FAULT-2: on a full disk nothing is answered that is not kept, nobody is signed out, and room is enough to go on', async (t) => {
  const replica = await launchOn('full');
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
  await replica.order('fillDisk');
  const answered: string[] = [];
  let failures = 0;
  await until('the disk is full', async () => {
    const one = await replica.start([{ subject: `late ${answered.length}` }]).catch(() => undefined);
    if (one === undefined) failures++;
    else answered.push(...one.map(({ sid }) => sid));
    return failures > 5;
  });
  const answeredEnd = await replica.end(ended.sid).catch(() => undefined);
  await replica.order('freeDisk');
  const whenFree = load.answered();
  await until('refreshes go on', () => load.answered() > whenFree + 50);
  await load.stop();
  assert.deepEqual(load.refused, []);
  const stored = generationsIn('full');
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

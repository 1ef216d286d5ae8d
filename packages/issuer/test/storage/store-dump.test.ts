import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { createGuard } from '@symbolon/guard';
import { importSigningKey, signAssertion } from '@symbolon/token';
import { openSqlite } from '../../src/index.ts';
import {
  addMachine,
  api,
  askForToken,
  issuerUrl,
  newKey,
  openLab,
  post,
  postAs,
  refresh,
  startPerson,
  tokensOf,
  type Lab,
} from '../support.ts';

/** Every text in every column of every table, and every run of base64url inside them. */
function everythingIn(file: string): Set<string> {
  const db = new DatabaseSync(file, { readOnly: true });
  const found = new Set<string>();
  const tables = db.prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).all();
  for (const { name } of tables) {
    for (const row of db.prepare(`SELECT * FROM "${String(name)}"`).all()) {
      for (const value of Object.values(row)) {
        if (typeof value !== 'string') continue;
        found.add(value);
        for (const [run] of value.matchAll(/[A-Za-z0-9_.-]{16,}/g)) found.add(run);
      }
    }
  }
  db.close();
  return found;
}

async function useEverything(lab: Lab): Promise<string[]> {
  const machine = await addMachine(lab.issuer, { rights: ['introspect'] });
  const own = await tokensOf(await askForToken(lab, machine));
  const person = await startPerson(lab);
  const next = await tokensOf(await refresh(lab, { ...person, refreshToken: person.tokens.refresh_token }));
  await postAs(lab, machine, '/introspect', { token: next.access_token });
  await lab.issuer.keys.rotate({ purpose: 'session', alg: 'EdDSA', by: 'test' });
  return [own.access_token, next.access_token, next.refresh_token ?? '', person.tokens.refresh_token];
}

void test('ISSUER-60: nothing in a dump of the store is accepted by the issuer or a guard', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'symbolon-dump-'));
  const file = join(folder, 'store.db');
  const lab = await openLab({ storage: openSqlite({ file }), clock: Date.now });
  const live = { ...lab, clock: { now: Date.now, advance: () => undefined } };
  const credentials = await useEverything(live);
  const dump = everythingIn(file);
  assert.ok(dump.size > 50, `the dump holds something to try, not ${String(dump.size)} texts`);
  const raw = readFileSync(file, 'latin1') + readFileSync(`${file}-wal`, 'latin1');
  for (const text of credentials) {
    assert.ok(!raw.includes(text) && !raw.includes(text.split('.')[2] ?? text), 'no token is stored');
  }
  const own: typeof fetch = (input, init) => lab.issuer.fetch(new Request(input, init));
  const guard = createGuard({
    issuer: issuerUrl,
    audience: api,
    staleFeed: 'accept',
    bearer: 'accept',
    fetch: own,
  });
  await guard.ready();
  const thief = await newKey();
  const clients = await lab.issuer.clients.list();
  for (const text of dump)
    await tryEverywhere(live, { text, thief, guard, clientIds: clients.map(({ id }) => id) });
  assert.equal(guard.stats().accepted, 0);
  const control = createGuard({
    issuer: issuerUrl,
    audience: api,
    staleFeed: 'accept',
    bearer: 'accept',
    fetch: own,
  });
  await assert.rejects(
    control.authenticate(new Request(api, { headers: { authorization: `DPoP ${credentials[0] ?? ''}` } })),
    { code: 'proof_missing' },
  );
  await lab.issuer.close();
  rmSync(folder, { recursive: true });
});

async function tryEverywhere(
  lab: Lab,
  attempt: {
    text: string;
    thief: Awaited<ReturnType<typeof newKey>>;
    guard: ReturnType<typeof createGuard>;
    clientIds: string[];
  },
): Promise<void> {
  const { text, thief, guard } = attempt;
  const header = /^[\x20-\x7e]+$/.test(text) ? text : 'x';
  for (const authorization of [`Bearer ${header}`, `DPoP ${header}`, `Basic ${btoa(header)}`, header]) {
    await assert.rejects(
      guard.authenticate(new Request(api, { headers: { authorization, 'x-api-key': header } })),
    );
  }
  const key = await asKey(text);
  assert.equal(key, undefined, 'no private key lies open');
  for (const clientId of attempt.clientIds) {
    const refreshed = await refresh(lab, { clientId, holder: thief, refreshToken: text });
    assert.ok(refreshed.status >= 400 && refreshed.status < 500);
    for (const secret of ['client_secret', 'client_assertion', 'password']) {
      const form = { grant_type: 'client_credentials', client_id: clientId, [secret]: text };
      const answer = await post(lab, '/token', { form });
      assert.ok(answer.status >= 400 && answer.status < 500);
    }
    const assertion = await signAssertion(
      { clientId, issuer: issuerUrl, now: lab.clock.now() / 1000 },
      thief,
    );
    const answer = await askForToken(lab, { id: clientId, key: thief }, { assertion });
    assert.equal(answer.status, 401);
  }
}

async function asKey(text: string): Promise<unknown> {
  try {
    return await importSigningKey(JSON.parse(text));
  } catch {
    return undefined;
  }
}

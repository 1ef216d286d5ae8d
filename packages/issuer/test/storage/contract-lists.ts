import assert from 'node:assert/strict';
import type { ClientPlace } from '../../src/storage/port/list-storage.ts';
import { hour, id, minute, newClient, signWith, type StoreLab, type StoreTest } from './lab.ts';

const own = 'symbolon';
const notes = 'https://api.example';
const redirectUri = 'https://app.example/cb';

/** An account, the issuer's own client, and applications to link. */
async function addPeople({ a, run }: StoreLab, names: readonly string[]): Promise<readonly string[]> {
  await a.addClient(newClient({ id: own, kind: 'own', audiences: [] }));
  for (const client of ['one', 'two', 'three']) {
    await a.addClient(newClient({ id: client, kind: 'public', name: `App ${client}` }));
  }
  const subjects = names.map(() => id());
  for (const [index, name] of names.entries()) {
    const subject = subjects[index] ?? '';
    await run(`INSERT INTO subjects (id, namespace, external_id, handle, enabled, cut_at, created_at)
      VALUES ('${subject}', '', '${subject}', '${id()}', 1, 0, 0)`);
    await run(
      `INSERT INTO accounts (subject, name, folded, role, created_at) VALUES ('${subject}', '${name}', '${name}', 'person', 0)`,
    );
  }
  return subjects;
}

async function link(
  { a }: StoreLab,
  of: { subject: string; client: string; scopes: string[]; code?: string; signIn?: string },
): Promise<string> {
  const [requestName, codeName, codeChallenge, sid] = [id(), of.code ?? id(), 'challenge', id()];
  const { subject, client: clientId, scopes } = of;
  await a.keepRequest({ name: requestName, clientId, parameters: '{}', life: 60e6 });
  await a.allow({
    ...{
      requestName,
      clientId,
      codeName,
      subject,
      consent: 'granted',
      newGrant: id(),
      newEvent: id(),
      clientName: 'A client',
      consentLife: 3600e6,
      audience: notes,
      scopes,
    },
    ...{ redirectUri, codeChallenge, jkt: null, nonce: null, amr: ['hwk'], signIn: of.signIn ?? null },
    authenticatedAt: await a.now(),
  });
  const redeemed = await a.redeemCode({
    ...{ codeName, clientId, redirectUri, codeChallenge, jkt: 'k'.repeat(43), audience: notes, sid },
    ...{ idleLife: hour, absoluteLife: 8 * hour },
    signWith: { session: { [notes]: signWith.session }, refresh: signWith.refresh },
  });
  assert.equal(redeemed.kind, 'redeemed');
  return sid;
}

async function signIn({ a, clock }: StoreLab, subject: string, device = 'Firefox on Linux'): Promise<string> {
  clock.advance(1);
  const sid = id();
  const started = await a.startBrowserSession({
    ...{ sid, clientId: own, audience: 'https://issuer.example/account', subject, amr: ['hwk'], device },
    ...{ idleLife: hour, absoluteLife: 8 * hour, signWith },
  });
  assert.equal(started.kind, 'started');
  return sid;
}

/** Reads every page of a list. */
async function readAll<T>(read: (after: T | undefined) => Promise<readonly T[]>): Promise<readonly T[]> {
  const rows: T[] = [];
  for (;;) {
    const page = await read(rows.at(-1));
    if (page.length === 0) return rows;
    rows.push(...page);
  }
}

export function listContract(storeTest: StoreTest): void {
  storeTest(
    'PAGE-10: links are listed with their scopes, sessions and last use, and gone once ended',
    async (lab) => {
      const [ada = '', bea = ''] = await addPeople(lab, ['ada', 'bea']);
      await link(lab, { subject: ada, client: 'one', scopes: ['read', 'write'] });
      lab.clock.advance(5);
      await link(lab, { subject: ada, client: 'two', scopes: [''] });
      await link(lab, { subject: bea, client: 'three', scopes: ['read'] });
      const [two, one, ...more] = await lab.b.listApplications({ subject: ada, limit: 10 });
      assert.deepEqual(more, []);
      assert.deepEqual([two?.clientId, two?.name, two?.sessions], ['two', 'App two', 1]);
      assert.deepEqual(one?.scopes, [
        { audience: notes, scope: 'read' },
        { audience: notes, scope: 'write' },
      ]);
      assert.ok(one.lastUsedAt !== null && one.lastUsedAt >= one.createdAt);
      assert.equal(
        (await lab.a.endGrant({ grantId: one.grantId, reason: 'person', by: 'test' })).kind,
        'ended',
      );
      assert.deepEqual(
        (await lab.b.listApplications({ subject: ada, limit: 10 })).map(({ clientId }) => clientId),
        ['two'],
      );
    },
  );

  storeTest(
    'PAGE-18: of what a person has linked the sessions that stand are listed, last used first',
    async (lab) => {
      const [ada = '', bea = ''] = await addPeople(lab, ['ada', 'bea']);
      const linked = async (subject: string, client: string, device?: string): Promise<string> => {
        lab.clock.advance(1);
        return link(lab, {
          subject,
          client,
          scopes: ['read'],
          ...(device && { signIn: await signIn(lab, subject, device) }),
        });
      };
      const [phone, bare] = [await linked(ada, 'one', 'Safari on iPhone'), await linked(ada, 'one')];
      const [gone, strangers] = [await linked(ada, 'two', 'A tablet'), await linked(bea, 'one')];
      const listed = async (limit = 10) =>
        (await lab.b.listLinkedSessions({ subject: ada, limit })).map(({ sid, device }) => [sid, device]);
      assert.deepEqual(await listed(), [
        [gone, 'A tablet'],
        [bare, null],
        [phone, 'Safari on iPhone'],
      ]);
      assert.deepEqual(await listed(1), [[gone, 'A tablet']]);
      const [one, two] = (await lab.b.listApplications({ subject: ada, limit: 10 })).toReversed();
      await lab.a.endGrant({ grantId: two?.grantId ?? '', reason: 'person', by: 'test' });
      const [first] = await lab.b.listLinkedSessions({ subject: ada, limit: 10 });
      assert.equal(first?.grantId, one?.grantId);
      await lab.a.endSession({ sid: bare, reason: 'person', by: 'test', holderKey: 'keep' });
      assert.deepEqual(await listed(), [[phone, 'Safari on iPhone']]);
      const others = await lab.b.listLinkedSessions({ subject: bea, limit: 10 });
      assert.deepEqual(
        others.map(({ sid }) => sid),
        [strangers],
      );
    },
  );

  storeTest(
    'PAGE-13: ending everything else leaves one session and no link, in one position',
    async (lab) => {
      const [ada = '', bea = ''] = await addPeople(lab, ['ada', 'bea']);
      const [keep, other] = [await signIn(lab, ada), await signIn(lab, ada)];
      const linked = await link(lab, { subject: ada, client: 'one', scopes: ['read'] });
      const [stranger, strangers] = [
        await signIn(lab, bea),
        await link(lab, { subject: bea, client: 'one', scopes: ['read'] }),
      ];
      const before = (await lab.a.readFeed({ after: 0, limit: 1 })).head;
      const ended = await lab.a.endOthers({ subject: ada, keep, event: id(), by: 'person' });
      assert.deepEqual([ended.sessions, ended.applications], [2, 1]);
      const stands = async (sid: string): Promise<boolean | undefined> =>
        (await lab.b.findSession(sid))?.alive;
      assert.deepEqual(await Promise.all([keep, other, linked, stranger, strangers].map(stands)), [
        true,
        false,
        false,
        true,
        true,
      ]);
      const { entries } = await lab.b.readFeed({ after: before, limit: 10 });
      assert.deepEqual(
        entries.map(({ position, kind, value }) => [position, kind, value]).toSorted(),
        [other, linked].map((sid) => [ended.position, 'session', sid]).toSorted(),
      );
      const again = await lab.b.endOthers({ subject: ada, keep, event: id(), by: 'person' });
      assert.deepEqual([again.sessions, again.applications], [0, 0]);
      assert.equal((await lab.b.verifyAudit()).kind, 'intact');
    },
  );

  storeTest(
    'PAGE-30: sessions, clients, accounts, events and the audit log are read page by page, each row once',
    async (lab) => {
      const names = Array.from({ length: 7 }, (_, n) => `person-${n}`);
      const [ada = ''] = await addPeople(lab, names);
      const sids: string[] = [];
      for (let n = 0; n < 7; n++) sids.unshift(await signIn(lab, ada));
      for (let n = 0; n < 7; n++) {
        await lab.run(`INSERT INTO security_events (id, subject, at, kind, fields)
        VALUES ('event-${n}', '${ada}', ${n < 3 ? 1 : n}, 'signed_in', '{}')`);
      }
      const sessions = await readAll<{ sid: string }>((after) =>
        lab.b
          .searchSessions({
            clientId: own,
            limit: 3,
            ...(after === undefined ? {} : { after: after.sid }),
          })
          .then(({ rows }) => rows),
      );
      assert.deepEqual(
        sessions.map(({ sid }) => sid),
        sids,
      );
      const ids: string[] = [];
      for (let n = 0; n < 7; n++) {
        // Of those that came in one moment, each still has its place.
        if (n !== 3) lab.clock.advance(1);
        ids.unshift(`app-${n}`);
        await lab.a.addClient(newClient({ id: `app-${n}`, kind: 'public' }));
      }
      const clients = await readAll<ClientPlace>((after) =>
        lab.b.searchClients({ limit: 2, ...(after === undefined ? {} : { after }) }).then(({ rows }) => rows),
      );
      assert.deepEqual(
        clients.map((client) => client.id),
        [
          ...ids,
          ...(await lab.b.listClients())
            .map((client) => client.id)
            .slice(0, -7)
            .toReversed(),
        ],
      );
      const [, , third] = clients;
      await lab.run(`DELETE FROM clients WHERE id = '${third?.id ?? ''}'`);
      const beyond = await lab.b.searchClients({
        limit: 1,
        ...(third === undefined ? {} : { after: third }),
      });
      assert.equal(beyond.rows[0]?.id, ids[3], 'a page goes on where its last row stood, also if it is gone');
      const accounts = await readAll<{ name: string }>((after) =>
        lab.b.searchAccounts({ limit: 3, ...(after === undefined ? {} : { after: after.name }) }),
      );
      assert.deepEqual(
        accounts.map(({ name }) => name),
        names,
      );
      const events = await readAll<{ id: string }>((after) =>
        lab.b.listEvents({ subject: ada, limit: 2, ...(after === undefined ? {} : { after: after.id }) }),
      );
      assert.deepEqual(
        events.map((event) => event.id),
        ['event-6', 'event-5', 'event-4', 'event-3', 'event-2', 'event-1', 'event-0'],
      );
      const lines = await readAll<{ seq: number }>((after) =>
        lab.b
          .searchAudit({ limit: 3, ...(after === undefined ? {} : { before: after.seq }) })
          .then(({ rows }) => rows),
      );
      const all = (await lab.b.listAudit({ limit: 1000 })).map(({ seq }) => seq);
      assert.deepEqual(
        lines.map(({ seq }) => seq),
        all.toReversed(),
      );
      assert.ok(all.length > 7);
    },
  );

  storeTest(
    'PAGE-31: a search finds what fits and nothing else, and takes no character for a wildcard',
    async (lab) => {
      const [ada = '', bea = ''] = await addPeople(lab, ['ada', 'adam_x', 'bea']);
      const [phone, odd] = [
        await signIn(lab, ada, 'Safari on iPhone'),
        await signIn(lab, ada, '100% ~_~ real'),
      ];
      const linked = await link(lab, { subject: bea, client: 'one', scopes: ['read'] });
      const found = async (search: object): Promise<readonly string[]> =>
        (await lab.b.searchSessions({ ...search, limit: 10 })).rows.map(({ sid }) => sid);
      assert.deepEqual(await found({ device: 'IPHONE' }), [phone]);
      assert.deepEqual(await found({ device: '0% ~_' }), [odd]);
      assert.deepEqual(await found({ device: '_' }), [odd]);
      assert.deepEqual(await found({ device: '%x' }), []);
      const other = await signIn(lab, bea, 'Émile’s Phone');
      assert.deepEqual(await found({ device: 'Émile’s pHone' }), [other]);
      assert.deepEqual(await found({ device: 'émile' }), [], 'as the page says');
      assert.deepEqual(await found({ subject: 'ada' }), [odd, phone]);
      assert.deepEqual(await found({ subject: ada, device: 'iphone', clientId: own }), [phone]);
      assert.deepEqual(await found({ subject: bea, clientId: own }), [other]);
      assert.deepEqual(await found({ clientId: 'one' }), [linked]);
      for (const [client, name] of [
        ['https://apps.example/Meta.json', 'Wörter_50%'],
        ['plain', 'WÖRTER'],
      ] as const)
        await lab.a.addClient(newClient({ id: client, kind: 'public', name }));
      const clients = async (part: string): Promise<readonly string[]> =>
        (await lab.b.searchClients({ part, limit: 10 })).rows.map((client) => client.id);
      assert.deepEqual(await clients('meta.JSON'), ['https://apps.example/Meta.json']);
      assert.deepEqual((await clients('w')).toSorted(), ['https://apps.example/Meta.json', 'plain', 'two']);
      assert.deepEqual(await clients('Ö'), ['plain']);
      assert.deepEqual(await clients('_5'), ['https://apps.example/Meta.json']);
      assert.deepEqual(await clients('r%'), []);
      assert.deepEqual(await lab.b.searchClients({ part: 'nothing', limit: 10 }), { rows: [], older: null });
      const named = async (prefix: string): Promise<readonly string[]> =>
        (await lab.b.searchAccounts({ prefix, limit: 10 })).map(({ name }) => name);
      assert.deepEqual(await named('ada'), ['ada', 'adam_x']);
      assert.deepEqual(await named('adam_'), ['adam_x']);
      assert.deepEqual(await named('adam%'), []);
      const {
        rows: [line],
      } = await lab.b.searchAudit({
        limit: 10,
        sid: linked,
        kind: 'session_started',
        clientId: 'one',
      });
      assert.equal(line?.sid, linked);
      const none = await lab.b.searchAudit({ limit: 10, sid: linked, kind: 'session_ended' });
      assert.deepEqual(none, { rows: [], older: null });
    },
  );

  storeTest('PAGE-33: what no index finds is looked for 5,000 rows at once, to the oldest', async (lab) => {
    const [ada = ''] = await addPeople(lab, ['ada']);
    const sid = await signIn(lab, ada, 'The old laptop');
    lab.clock.advance(1);
    const columns = `kind, subject, client_id, audience, scope, jkt, generation, rotated_at, started_at, created_at,
      device, last_used_at, idle_life, idle_expires_at, absolute_expires_at, repeats`;
    const numbers = (to: number) =>
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${to})`;
    await lab.run(`INSERT INTO sessions (id, ${columns}) ${numbers(5100)}
      SELECT 'many-' || i, ${columns.replace('started_at', 'started_at + i').replace('device', `'Another'`)}
      FROM sessions, n WHERE id = '${sid}'`);
    await lab.run(`INSERT INTO audit (seq, at, kind, client_id, sid, fields, hash) ${numbers(5100)}
      SELECT 1000 + i, 0, 'session_started', 'two', NULL, '{}', '' FROM n`);
    const search = { device: 'LAPTOP', limit: 2 };
    const first = await lab.b.searchSessions(search);
    assert.deepEqual(first, { rows: [], older: 'many-101' });
    const second = await lab.b.searchSessions({ ...search, after: 'many-101' });
    assert.deepEqual([second.rows.map((row) => row.sid), second.older], [[sid], null]);
    const some = await lab.b.searchSessions({ device: 'another', limit: 2 });
    assert.deepEqual(some.older, some.rows.at(-1)?.sid, 'a page that is full goes on behind itself');
    await lab.run(`INSERT INTO clients (id, name, kind, keys, bearer, audiences, rights, registration, subject, cut_at, created_at)
      ${numbers(5100)} SELECT 'many-' || i, 'Many', kind, keys, bearer, audiences, rights, registration, subject, cut_at,
        created_at + i FROM clients, n WHERE id = 'three'`);
    const clients = await lab.b.searchClients({ part: 'APP TWO', limit: 2 });
    assert.deepEqual([clients.rows, clients.older?.id], [[], 'many-101']);
    const place = clients.older ?? undefined;
    const further = await lab.b.searchClients({ part: 'APP TWO', limit: 2, ...(place && { after: place }) });
    assert.deepEqual([further.rows.map((row) => row.id), further.older], [['two'], null]);
    const lines = { kind: 'client_added', clientId: 'one', limit: 2 } as const;
    assert.deepEqual(await lab.b.searchAudit(lines), { rows: [], older: 1101 });
    const older = await lab.b.searchAudit({ ...lines, before: 1101 });
    assert.deepEqual([older.rows.map((row) => row.clientId), older.older], [['one'], null]);
  });

  storeTest(
    'ACCOUNT-41: whose session was stolen, or ended by an operator, is told so, and what he ends himself',
    async (lab) => {
      const { a, b, clock } = lab;
      const [ada = '', bea = ''] = await addPeople(lab, ['ada', 'bea']);
      await a.addClient(newClient({ id: 'odd', kind: 'public', name: '"Odd" \\ app' }));
      const application = '"Odd" \\ app';
      const odd = (code?: string) =>
        link(lab, { subject: ada, client: 'odd', scopes: ['read'], ...(code === undefined ? {} : { code }) });
      const grantOf = async () => (await a.listApplications({ subject: ada, limit: 1 }))[0]?.grantId ?? '';
      const session = { [notes]: signWith.session };
      const rotation = { clientId: 'odd', jkt: 'k'.repeat(43), gen: 0, signWith: { ...signWith, session } };
      const redemption = { clientId: 'odd', redirectUri, codeChallenge: 'challenge', jkt: 'k'.repeat(43) };
      const again = { audience: notes, sid: id(), idleLife: hour, absoluteLife: hour };
      const asOperator = { sid: await signIn(lab, bea), as: 'operator', name: 'operator:bea' } as const;
      await lab.run(`UPDATE accounts SET role = 'operator' WHERE subject = '${bea}'`);
      const asAda = { sid: await signIn(lab, ada, 'This one'), as: 'person', name: 'person' } as const;
      const device = 'A "quoted" phone';
      const ways: Readonly<Record<string, () => Promise<unknown>>> = {
        'a refresh token came twice': async () => {
          const sid = await odd();
          await a.rotate({ sid, ...rotation });
          await a.rotate({ sid, ...rotation, gen: 1 });
          clock.advance(61);
          return a.rotate({ sid, ...rotation });
        },
        'a cookie came twice': async () => {
          const sid = await signIn(lab, ada, device);
          for (const gen of [0, 1]) {
            await a.renewByCookie({ sid, gen, signWith });
            clock.advance(61);
          }
          return a.renewByCookie({ sid, gen: 0, signWith });
        },
        'a code came twice': async () => {
          const codeName = id();
          await odd(codeName);
          clock.advance(61);
          return a.redeemCode({ ...redemption, ...again, codeName, signWith: { ...signWith, session } });
        },
        'an operator ends a session': async () =>
          a.endSession({ sid: await odd(), reason: 'operator', by: asOperator, holderKey: 'keep' }),
        'the command line ends a browser': async () =>
          a.endSignIn({ sid: await signIn(lab, ada, device), by: 'operator', ends: 'everything' }),
        'the person ends a browser': async () =>
          a.endSignIn({ sid: await signIn(lab, ada, device), by: asAda, ends: 'everything' }),
        'an operator ends a link': async () =>
          a.endGrant({ grantId: await grantOf(), reason: 'operator', by: 'operator' }),
        'the person ends a link': async () => {
          await odd();
          return a.endGrant({ grantId: await grantOf(), subject: ada, reason: 'person', by: 'person' });
        },
        'a person signs out': async () =>
          a.endSignIn({ sid: await signIn(lab, ada, device), by: 'person', ends: 'sign_in' }),
        'an application ends its own': async () =>
          a.endSession({ sid: await odd(), reason: 'application', by: 'application', holderKey: 'keep' }),
        'an operator ends all': () => a.endSessionsOf({ subject: ada, by: asOperator }),
      };
      const told: unknown[] = [];
      const known = new Set<string>();
      for (const [way, end] of Object.entries(ways)) {
        const answer = await end();
        const events = (await b.listEvents({ subject: ada, limit: 100 })).filter(
          (event) => event.kind !== 'grant_made' && !known.has(event.id),
        );
        for (const event of events) {
          known.add(event.id);
          assert.match(event.id, /^[\w-]{1,64}$/, 'an address can name it');
          told.push([way, event.kind, event.fields]);
        }
        assert.ok(answer !== undefined);
      }
      assert.deepEqual(told, [
        ['a refresh token came twice', 'session_stolen', { application }],
        ['a cookie came twice', 'session_stolen', { device }],
        ['a code came twice', 'session_stolen', { application }],
        ['an operator ends a session', 'ended_by_operator', { application }],
        ['the command line ends a browser', 'ended_by_operator', { device }],
        ['the person ends a browser', 'session_ended', { device }],
        ['an operator ends a link', 'ended_by_operator', { application }],
        ['the person ends a link', 'grant_ended', { application }],
        ['an operator ends all', 'all_ended_by_operator', {}],
      ]);
      assert.deepEqual((await b.listEvents({ subject: bea, limit: 10 })).length, 0, 'nobody else is told');
    },
  );

  storeTest('PAGE-24: what stands is counted, and what started and ended in each minute', async (lab) => {
    const [ada = ''] = await addPeople(lab, ['ada', 'bea']);
    const before = await lab.a.readFigures();
    const [first] = [await signIn(lab, ada), await signIn(lab, ada)];
    lab.clock.advance(120);
    await link(lab, { subject: ada, client: 'one', scopes: ['read'] });
    const { sessions, accounts, clients, now, head } = await lab.b.readFigures();
    assert.deepEqual(
      [sessions.browser - before.sessions.browser, sessions.person - before.sessions.person, sessions.all],
      [2, 1, true],
    );
    assert.deepEqual([accounts, clients], [2, before.clients]);
    assert.ok(now >= head);
    await lab.a.endSession({ sid: first, reason: 'person', by: 'test', holderKey: 'keep' });
    const { started, ended } = await lab.b.readMinutes(5);
    assert.deepEqual([started.length, ended.length], [5, 5]);
    assert.deepEqual([started.at(-1), ended.at(-1), started.slice(1, 3).includes(2)], [1, 1, true]);
    lab.clock.advance((10 * minute) / 1e6);
    assert.deepEqual((await lab.b.readMinutes(5)).ended, [0, 0, 0, 0, 0]);
  });
}

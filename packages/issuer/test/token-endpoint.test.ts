import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerTable, readKeySet, signAssertion, signProof, verifySessionToken } from '@symbolon/token';
import {
  addMachine,
  api,
  askForToken,
  issuerUrl,
  newKey,
  openLab,
  otherApi,
  post,
  refusalOf,
  tokensOf,
  type Lab,
} from './support.ts';

async function verify(lab: Lab, text: string, audience = api) {
  const set: unknown = await (await lab.issuer.fetch(new Request(`${issuerUrl}/jwks`))).json();
  const keys = headerTable(new Map([[issuerUrl, await readKeySet(set)]]));
  return verifySessionToken(text, { keys, issuer: issuerUrl, audience, now: lab.clock.now() / 1000 });
}

void test('ISSUER-1: a machine gets a session token that verifies from the published key set', async () => {
  const lab = await openLab();
  const machine = await addMachine(lab.issuer);
  const answer = await askForToken(lab, machine);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  const tokens = await tokensOf(answer);
  assert.equal(tokens.token_type, 'DPoP');
  assert.equal(tokens.expires_in, 300);
  assert.equal(tokens.refresh_token, undefined);
  const { claims, carrier } = await verify(lab, tokens.access_token);
  assert.deepEqual(carrier, { kind: 'key', thumbprint: machine.key.kid });
  assert.equal(claims.client_id, machine.id);
  assert.equal(claims.sid, tokens.sid);
  assert.equal(claims.scope, 'read write');
  assert.notEqual(claims.sub, machine.id);
});

void test('ISSUER-2: a machine has one session for each client, holder key and audience', async () => {
  const lab = await openLab();
  const audiences = [
    { audience: api, scope: ['read'] },
    { audience: otherApi, scope: ['read'] },
  ];
  const machine = await addMachine(lab.issuer, { audiences });
  const ask = async (bend = {}) =>
    tokensOf(await askForToken(lab, machine, { form: { resource: api }, ...bend }));
  const first = await ask();
  assert.equal((await ask()).sid, first.sid);
  assert.notEqual((await ask({ form: { resource: otherApi } })).sid, first.sid);
  assert.notEqual((await ask({ holder: await newKey() })).sid, first.sid);
  lab.clock.advance(3601);
  assert.notEqual((await ask()).sid, first.sid);
});

void test('ISSUER-3: a client assertion is redeemed once', async () => {
  const lab = await openLab();
  const machine = await addMachine(lab.issuer);
  const now = lab.clock.now() / 1000;
  const assertion = await signAssertion({ clientId: machine.id, issuer: issuerUrl, now }, machine.key);
  await tokensOf(await askForToken(lab, machine, { assertion }));
  const twice = await Promise.all([1, 2, 3].map(() => askForToken(lab, machine, { assertion })));
  for (const answer of twice) assert.deepEqual(await refusalOf(answer), [401, 'assertion_replayed']);
  const fresh = await signAssertion({ clientId: machine.id, issuer: issuerUrl, now }, machine.key);
  const race = await Promise.all([1, 2, 3, 4].map(() => askForToken(lab, machine, { assertion: fresh })));
  assert.equal(race.filter((answer) => answer.status === 200).length, 1);
});

void test('ISSUER-4: an assertion that names a key demands the proof by that key', async () => {
  const lab = await openLab();
  const machine = await addMachine(lab.issuer);
  const now = lab.clock.now() / 1000;
  const named = { clientId: machine.id, issuer: issuerUrl, now, thumbprint: machine.key.kid };
  const assertion = await signAssertion(named, machine.key);
  const thief = await newKey();
  const answer = await askForToken(lab, machine, { assertion, holder: thief });
  assert.deepEqual(await refusalOf(answer), [401, 'assertion_key_unexpected']);
  await tokensOf(await askForToken(lab, machine, { assertion }));
});

void test('ISSUER-4: an assertion that names a key is no good without a proof, also where a bearer token would do', async () => {
  const lab = await openLab();
  const machine = await addMachine(lab.issuer, { bearer: true });
  const now = lab.clock.now() / 1000;
  const named = { clientId: machine.id, issuer: issuerUrl, now, thumbprint: machine.key.kid };
  const assertion = await signAssertion(named, machine.key);
  const stripped = await askForToken(lab, machine, { assertion, proof: null });
  assert.deepEqual(await refusalOf(stripped), [400, 'proof_missing']);
  assert.equal((await tokensOf(await askForToken(lab, machine, { assertion }))).token_type, 'DPoP');
});

void test('ISSUER-5: no client secret is accepted, in the form or by HTTP Basic', async () => {
  const lab = await openLab();
  const machine = await addMachine(lab.issuer);
  const proof = await signProof(
    { method: 'POST', url: `${issuerUrl}/token`, now: lab.clock.now() / 1000 },
    machine.key,
  );
  const form = { grant_type: 'client_credentials', client_id: machine.id, client_secret: 'changeme' };
  assert.deepEqual(await refusalOf(await post(lab, '/token', { form, proof })), [401, 'assertion_missing']);
  const basic = { authorization: `Basic ${btoa(`${machine.id}:changeme`)}` };
  const bare = { grant_type: 'client_credentials' };
  const answer = await post(lab, '/token', { form: bare, proof, headers: basic });
  assert.deepEqual(await refusalOf(answer), [401, 'assertion_missing']);
  await tokensOf(await askForToken(lab, machine));
});

void test('ISSUER-6: a client gets only the audiences and scope registered for it', async () => {
  const lab = await openLab();
  const machine = await addMachine(lab.issuer, { audiences: [{ audience: api, scope: ['read'] }] });
  const asked = async (form: Record<string, string>) => refusalOf(await askForToken(lab, machine, { form }));
  assert.deepEqual(await asked({ resource: otherApi }), [400, 'audience_invalid']);
  assert.deepEqual(await asked({ resource: `${issuerUrl}/sessions` }), [400, 'audience_invalid']);
  assert.deepEqual(await asked({ resource: `${api}//` }), [400, 'audience_invalid']);
  assert.deepEqual(await asked({ scope: 'read write' }), [400, 'scope_invalid']);
  assert.deepEqual(await asked({ scope: 'rea' }), [400, 'scope_invalid']);
  assert.equal((await tokensOf(await askForToken(lab, machine, { form: { scope: 'read' } }))).scope, 'read');
});

void test('ISSUER-7: only a client registered as unable to hold a key gets a bearer token, of five minutes at most', async () => {
  const lab = await openLab();
  const machine = await addMachine(lab.issuer);
  assert.deepEqual(await refusalOf(await askForToken(lab, machine, { proof: null })), [400, 'proof_missing']);
  const audiences = [{ audience: otherApi, scope: ['read'] }];
  const bearer = await addMachine(lab.issuer, { bearer: true, audiences });
  const tokens = await tokensOf(await askForToken(lab, bearer, { proof: null }));
  assert.equal(tokens.token_type, 'Bearer');
  assert.equal(tokens.expires_in, 300);
  assert.equal(tokens.refresh_token, undefined);
  assert.deepEqual((await verify(lab, tokens.access_token, otherApi)).carrier, { kind: 'bearer' });
});

void test('ISSUER-8: a proof at the token endpoint is for that endpoint, fresh, and accepted once', async () => {
  const lab = await openLab();
  const machine = await addMachine(lab.issuer);
  const now = lab.clock.now() / 1000;
  const make = (change: Partial<{ method: string; url: string; now: number; token: string }>) =>
    signProof({ method: 'POST', url: `${issuerUrl}/token`, now, ...change }, machine.key);
  const asked = async (proof: string) => (await askForToken(lab, machine, { proof })).clone();
  const good = await make({});
  await tokensOf(await asked(good));
  assert.deepEqual(await refusalOf(await asked(good)), [400, 'proof_replayed']);
  assert.deepEqual(await refusalOf(await asked(await make({ method: 'GET' }))), [
    400,
    'proof_method_unexpected',
  ]);
  const elsewhere = await make({ url: 'https://evil.example/token' });
  assert.deepEqual(await refusalOf(await asked(elsewhere)), [400, 'proof_url_unexpected']);
  assert.deepEqual(await refusalOf(await asked(await make({ now: now - 31 }))), [400, 'proof_expired']);
  assert.deepEqual(await refusalOf(await asked(await make({ now: now + 6 }))), [
    400,
    'proof_issued_in_future',
  ]);
  assert.deepEqual(await refusalOf(await asked(await make({ token: 'x' }))), [400, 'proof_token_unexpected']);
  const two = `${await make({})}, ${await make({})}`;
  assert.deepEqual(await refusalOf(await asked(two)), [400, 'proof_multiple']);
});

void test('ISSUER-9: a form with a parameter twice, of another type or over 64 kB is refused', async () => {
  const lab = await openLab();
  const machine = await addMachine(lab.issuer);
  const send = (body: string | ReadableStream, type = 'application/x-www-form-urlencoded') => {
    const sent = { method: 'POST', body, headers: { 'content-type': type }, duplex: 'half' };
    return lab.issuer.fetch(new Request(`${issuerUrl}/token`, sent));
  };
  const malformed = [400, 'request_malformed'];
  assert.deepEqual(
    await refusalOf(await send('grant_type=client_credentials&grant_type=refresh_token')),
    malformed,
  );
  assert.deepEqual(
    await refusalOf(await send('{"grant_type":"client_credentials"}', 'application/json')),
    malformed,
  );
  assert.deepEqual(await refusalOf(await send(`grant_type=x&pad=${'a'.repeat(70_000)}`)), malformed);
  assert.deepEqual(await refusalOf(await send('grant_type=password&username=a&password=b')), [
    400,
    'grant_unsupported',
  ]);
  assert.deepEqual(await refusalOf(await send('')), malformed);
  const brokenOff = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      controller.error(new Error('aborted'));
    },
  });
  assert.deepEqual(await refusalOf(await send(brokenOff)), malformed);
  assert.deepEqual(lab.faults, []);
  await tokensOf(await askForToken(lab, machine));
});

void test('ISSUER-10: an unknown, removed or foreign client is refused, and its sessions are over', async () => {
  const lab = await openLab();
  const machine = await addMachine(lab.issuer);
  const stranger = { id: 'stranger', key: machine.key };
  assert.deepEqual(await refusalOf(await askForToken(lab, stranger)), [401, 'assertion_key_unknown']);
  const other = await addMachine(lab.issuer);
  const impostor = { id: other.id, key: machine.key };
  assert.deepEqual(await refusalOf(await askForToken(lab, impostor)), [401, 'assertion_key_unknown']);
  const { sid } = await tokensOf(await askForToken(lab, machine));
  assert.equal((await lab.issuer.clients.remove(machine.id)).kind, 'cut');
  assert.deepEqual(await refusalOf(await askForToken(lab, machine)), [401, 'assertion_key_unknown']);
  const [row] = await lab.issuer.sessions.list({ clientId: machine.id });
  assert.deepEqual([row?.sid, row?.alive], [sid, false]);
});

void test('ISSUER-11: a session ended by an operator blocks that key of a machine until the block is lifted', async () => {
  const lab = await openLab();
  const machine = await addMachine(lab.issuer);
  const { sid } = await tokensOf(await askForToken(lab, machine));
  assert.equal((await lab.issuer.sessions.end({ sid, by: 'operator' })).kind, 'ended');
  assert.equal((await lab.issuer.sessions.end({ sid, by: 'operator' })).kind, 'already_ended');
  assert.deepEqual(await refusalOf(await askForToken(lab, machine)), [401, 'client_key_blocked']);
  // Whoever has the blocked key can make any number of keys to make proofs with.
  const fresh = await askForToken(lab, machine, { holder: await newKey() });
  assert.deepEqual(await refusalOf(fresh), [401, 'client_key_blocked']);
  assert.deepEqual(await lab.issuer.clients.unblock({ id: machine.id }), [machine.key.kid]);
  assert.notEqual((await tokensOf(await askForToken(lab, machine))).sid, sid);
});

void test('ISSUER-11: with a holder key of its own both keys are blocked, and another registered key is not', async () => {
  const lab = await openLab();
  const [key, other, third, holder] = await Promise.all([newKey(), newKey(), newKey(), newKey()]);
  const keys = [{ ...key.jwk }, { ...other.jwk }, { ...third.jwk }];
  const { id } = await lab.issuer.clients.add({ keys, audiences: [{ audience: api }] });
  const end = async (sid: string) => lab.issuer.sessions.end({ sid, by: 'operator' });
  await end((await tokensOf(await askForToken(lab, { id, key }))).sid);
  assert.deepEqual(await refusalOf(await askForToken(lab, { id, key })), [401, 'client_key_blocked']);
  await tokensOf(await askForToken(lab, { id, key: other }));
  await end((await tokensOf(await askForToken(lab, { id, key: other }, { holder }))).sid);
  const blocked = await askForToken(lab, { id, key: other }, { holder });
  assert.deepEqual(await refusalOf(blocked), [401, 'client_key_blocked']);
  const anew = await askForToken(lab, { id, key: other }, { holder: await newKey() });
  assert.deepEqual(await refusalOf(anew), [401, 'client_key_blocked']);
  assert.deepEqual(await refusalOf(await askForToken(lab, { id, key: other })), [401, 'client_key_blocked']);
  await tokensOf(await askForToken(lab, { id, key: third }));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signAssertion, signProof, type SigningKey } from '@symbolon/token';
import { addApplication, arrive, ask, locationOf, openLinkLab } from './lab.ts';
import { issuerUrl, newKey, post, refusalOf } from '../support.ts';

void test('AUTHORIZE-7: an assertion beside a pushed request is held to the key that it names', async () => {
  const lab = await openLinkLab();
  const [own, holder, thief] = [await newKey(), await newKey('ES256'), await newKey('ES256')];
  const client = await addApplication(lab, { kind: 'web', keys: [{ ...own.jwk }] });
  const push = async (sent: { names?: SigningKey; proof?: SigningKey }) => {
    const now = lab.clock.now() / 1000;
    const named = sent.names === undefined ? {} : { thumbprint: sent.names.kid };
    const form = {
      ...(await ask(client)).parameters,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await signAssertion({ clientId: client, issuer: issuerUrl, now, ...named }, own),
    };
    const made =
      sent.proof && (await signProof({ method: 'POST', url: `${issuerUrl}/par`, now }, sent.proof));
    return post(lab, '/par', { form, proof: made ?? null });
  };
  assert.deepEqual(await refusalOf(await push({ names: holder, proof: thief })), [
    401,
    'assertion_key_unexpected',
  ]);
  assert.deepEqual(await refusalOf(await push({ names: holder })), [400, 'proof_missing']);
  assert.equal((await push({ names: holder, proof: holder })).status, 201);
  assert.equal((await push({})).status, 201, 'one that names none may come without a proof');
  assert.deepEqual(lab.faults, []);
  await lab.issuer.close();
});

void test('AUTHORIZE-24: 8 kB of a request are kept, counted in bytes, and no more', async () => {
  const lab = await openLinkLab();
  const app = await addApplication(lab);
  const filled = async (characters: number) => {
    const text = '\u{20ac}'.repeat(characters);
    return (await ask(app, { state: text, nonce: text, login_hint: text })).parameters;
  };
  const [fits, large] = [await filled(850), await filled(1000)];
  assert.equal((await post(lab, '/par', { form: fits })).status, 201);
  assert.equal(locationOf(await arrive(lab, fits)).pathname, '/sign-in');
  const refused = await post(lab, '/par', { form: large });
  const told = (await refused.json()) as Record<string, unknown>;
  assert.deepEqual([refused.status, told['code']], [400, 'request_malformed']);
  assert.match(String(told['error_description']), /\(parameters\)/, 'each of them alone would do');
  assert.equal(locationOf(await arrive(lab, large)).searchParams.get('error'), 'invalid_request');
  const [rows = []] = await lab.engine.batch([
    { sql: 'SELECT parameters FROM authorization_requests', values: [] },
  ]);
  assert.equal(rows.length, 2, 'of what was refused nothing is kept');
  await lab.issuer.close();
});

void test('AUTHORIZE-24: who shows the key of a client pushes as much as it likes', async () => {
  const lab = await openLinkLab();
  const own = await newKey();
  const client = await addApplication(lab, { kind: 'web', keys: [{ ...own.jwk }] });
  const { parameters } = await ask(client);
  const push = async (): Promise<number> => {
    const now = lab.clock.now() / 1000;
    const form = new URLSearchParams({
      ...parameters,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await signAssertion({ clientId: client, issuer: issuerUrl, now }, own),
    });
    const request = new Request(`${issuerUrl}/par`, { method: 'POST', body: form });
    return (await lab.issuer.fetch(request, { address: '192.0.2.1' })).status;
  };
  for (let turn = 0; turn < 125; turn++) assert.equal(await push(), 201, `push ${String(turn)}`);
  await lab.issuer.close();
});

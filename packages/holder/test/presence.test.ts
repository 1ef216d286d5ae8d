import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PresenceAsked } from '@symbolon/holder';
import { sessionScene, status } from './scene.ts';

const needsPresence = {
  status: 401,
  headers: {
    'www-authenticate': 'DPoP error="insufficient_user_authentication", max_age="300", acr_values="phr"',
  },
};

/** What Node wants to be told before it sends a stream; the DOM's types do not know it. */
const halfDuplex = { duplex: 'half' } as RequestInit;

test('HOLDER-49: the person is asked once for all requests, and each is repeated with the new session', async (t) => {
  const asked: PresenceAsked[] = [];
  const { holder, peer } = await sessionScene(t, {
    provePresence: async (presence) => {
      asked.push(presence);
      peer.state.sid = 'TTTTTTTTTTTTTTTTTTTTTA';
      await holder.adopt(await peer.startSession());
    },
  });
  peer.resourceScript.push(needsPresence, needsPresence, needsPresence);
  const requests = Array.from({ length: 3 }, () => status(holder.fetch(peer.audience)));
  assert.deepEqual(await Promise.all(requests), [200, 200, 200]);
  assert.deepEqual(asked, [{ maxAge: 300, acrValues: 'phr' }]);
  const [first, last] = [peer.resourceRequests[0], peer.resourceRequests.at(-1)];
  assert.notEqual(last?.token, first?.token);
});

test('HOLDER-49: a person who proved presence and is asked again is asked no third time', async (t) => {
  let asked = 0;
  const { holder, peer } = await sessionScene(t, {
    provePresence: async () => {
      asked++;
      peer.state.sid = 'TTTTTTTTTTTTTTTTTTTTTA';
      await holder.adopt(await peer.startSession());
    },
  });
  peer.resourceScript.push(needsPresence, needsPresence);
  assert.equal(await status(holder.fetch(peer.audience)), 401);
  assert.equal(asked, 1);
});

test('HOLDER-49: without a way to ask, and for a body that flows by once, the answer goes to the caller', async (t) => {
  const plain = await sessionScene(t);
  plain.peer.resourceScript.push(needsPresence);
  assert.equal(await status(plain.holder.fetch(plain.peer.audience)), 401);
  let asked = 0;
  const { holder, peer } = await sessionScene(t, {
    provePresence: () => {
      asked++;
      return Promise.resolve();
    },
  });
  peer.resourceScript.push(needsPresence);
  const { body } = new Response('once');
  assert.equal(await status(holder.fetch(peer.audience, { method: 'POST', body, ...halfDuplex })), 401);
  assert.equal(asked, 0);
});

test('HOLDER-49: a person who does not prove presence is the reason that the request rejects with', async (t) => {
  const refusal = new Error('the person closed the window');
  const { holder, peer } = await sessionScene(t, { provePresence: () => Promise.reject(refusal) });
  peer.resourceScript.push(needsPresence);
  await assert.rejects(holder.fetch(peer.audience), refusal);
});

test('HOLDER-49: a request is not repeated in the name of somebody else who proved presence', async (t) => {
  const { holder, peer } = await sessionScene(t, {
    provePresence: async () => {
      peer.state.sid = 'TTTTTTTTTTTTTTTTTTTTTA';
      peer.state.sub = 'somebody else';
      await holder.adopt(await peer.startSession());
    },
  });
  peer.resourceScript.push(needsPresence);
  assert.equal(await status(holder.fetch(peer.audience, { method: 'POST', body: 'pay' })), 401);
  assert.equal(peer.resourceRequests.length, 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HolderError } from '@symbolon/holder';
import { createBrowserHolder } from '@symbolon/holder/browser';
import { answerTo, browserScene, signIn } from './browser-scene.ts';
import { sessionScene, status } from './scene.ts';
import { challenge, type Peer } from './support.ts';

const needsPresence = challenge('insufficient_user_authentication');
const pay = { method: 'POST', body: 'alice pays 100' };

/** Whoever signs in next. */
function signsInNext({ state }: Peer, who: { readonly sub: string; readonly sid: string }): void {
  Object.assign(state, who);
}
const alice = { sub: 'alice', sid: 'AAAAAAAAAAAAAAAAAAAAAA' };
const aliceAgain = { sub: 'alice', sid: 'aaaaaaaaaaaaaaaaaaaaaA' };
const bob = { sub: 'bob', sid: 'BBBBBBBBBBBBBBBBBBBBBA' };

for (const { title, next, answered, sent } of [
  { title: 'is not sent as somebody else who has signed in', next: bob, answered: 401, sent: 1 },
  { title: 'is sent with the same person’s new session', next: aliceAgain, answered: 200, sent: 2 },
]) {
  test(`HOLDER-52: a request whose token is no longer taken ${title}`, async (t) => {
    const { peer, holder, page, openTab, clock } = await browserScene(t);
    signsInNext(peer, alice);
    await signIn({ holder, page });
    await holder.fetch(peer.audience);
    peer.dead.add(peer.resourceRequests[0]?.token ?? '');
    peer.resourceRequests.length = 0;
    clock.forward(10_000);
    signsInNext(peer, next);
    await signIn(openTab());
    // The news of the other tab is still on its way.
    assert.equal(await status(holder.fetch(`${peer.audience}/pay`, pay)), answered);
    assert.equal(peer.resourceRequests.length, sent);
  });

  test(`HOLDER-52: a request that was late to ask for presence ${title}`, async (t) => {
    let release = (): void => undefined;
    const late = new Promise<void>((resolve) => (release = resolve));
    const { peer, holder, page, openTab, options } = await browserScene(t);
    signsInNext(peer, alice);
    await signIn({ holder, page });
    const windows: string[] = [];
    let opened = (): void => undefined;
    const asked = new Promise<void>((resolve) => (opened = resolve));
    const slow = createBrowserHolder({
      ...options,
      presence: 'window',
      page: {
        ...page,
        openWindow: () => ({
          leaveFor: (url) => {
            windows.push(url);
            opened();
          },
          close: () => undefined,
        }),
      },
      fetch: async (input, init) => {
        const request = new Request(input, init);
        const answer = await fetch(request);
        if (request.url.endsWith('/second') && answer.status === 401) await late;
        return answer;
      },
    });
    await slow.token();
    peer.resourceScript.push(needsPresence, needsPresence);
    const first = status(slow.fetch(`${peer.audience}/first`, pay));
    const second = status(slow.fetch(`${peer.audience}/second`, pay));
    await asked;
    signsInNext(peer, next);
    const inWindow = openTab();
    inWindow.page.at = answerTo(windows[0], { code: 'code-2' });
    assert.equal((await inWindow.holder.finishSignIn()).kind, 'signed_in');
    assert.equal(await first, answered);
    release();
    assert.equal(await second, answered);
    assert.equal(peer.resourceRequests.length, 2 * sent);
  });

  test(`HOLDER-52: a request that is redirected ${title}`, async (t) => {
    const { peer, holder } = await sessionScene(t, {
      fetch: async (...given) => {
        const answer = await fetch(...given);
        if (answer.status === 307) {
          signsInNext(peer, next);
          await holder.adopt(await peer.startSession());
        }
        return answer;
      },
    });
    signsInNext(peer, alice);
    await holder.adopt(await peer.startSession());
    peer.resourceScript.push({ status: 307, headers: { location: '/api/pay-here' } });
    const paid = holder.fetch(`${peer.audience}/pay`, pay);
    if (answered === 200) assert.equal(await status(paid), 200);
    else
      await assert.rejects(
        paid,
        (error) => error instanceof HolderError && error.code === 'redirect_refused',
      );
    assert.equal(peer.resourceRequests.length, sent);
  });
}

test('HOLDER-52: two tokens that cannot be read are two persons’', async (t) => {
  const { peer, holder } = await sessionScene(t, {
    provePresence: async () => {
      await holder.adopt({ ...(await peer.startSession()), access_token: 'opaque-2' });
    },
  });
  await holder.adopt({ ...(await peer.startSession()), access_token: 'opaque-1' });
  assert.equal(await status(holder.fetch(peer.audience, pay)), 200);
  peer.resourceScript.push(needsPresence);
  assert.equal(await status(holder.fetch(peer.audience, pay)), 401);
  assert.equal(peer.resourceRequests.length, 2);
});

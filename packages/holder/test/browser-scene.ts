import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import {
  createBrowserHolder,
  memoryCabinet,
  type BrowserHolder,
  type BrowserHolderOptions,
  type Cabinet,
  type Page,
} from '@symbolon/holder/browser';
import { storedKey } from '../src/browser/stored-key.ts';
import { handClock, startPeer, type HandClock, type Peer } from './support.ts';

/** A page that remembers what was done with it. */
export interface PageForTests extends Page {
  at: string;
  /** Where the page, or a window that it opened, was sent, in order. */
  readonly left: string[];
  readonly done: string[];
  windows: 'allowed' | 'blocked';
}

/** A browser with one tab, a peer as issuer and resource, and one clock. */
export interface BrowserScene {
  readonly peer: Peer;
  readonly holder: BrowserHolder;
  readonly page: PageForTests;
  readonly clock: HandClock;
  readonly options: BrowserHolderOptions & { readonly cabinet: Cabinet };
  /** Another tab of the same browser. */
  readonly openTab: () => { holder: BrowserHolder; page: PageForTests };
}

export const redirectUri = 'https://app.example/back';

export async function browserScene(
  t: TestContext,
  given: Partial<BrowserHolderOptions> = {},
): Promise<BrowserScene> {
  const clock = handClock();
  const cabinet = given.cabinet ?? memoryCabinet();
  const key = await storedKey(cabinet);
  const peer = await startPeer({ clock, client: key });
  t.after(() => peer.close());
  const { issuer, audience } = peer;
  const page = pageForTests();
  const options = { issuer, audience, clientId: 'spa', redirectUri, clock, page, ...given, cabinet };
  const openTab = (): { holder: BrowserHolder; page: PageForTests } => {
    const other = pageForTests();
    return { page: other, holder: createBrowserHolder({ ...options, page: other }) };
  };
  return { peer, page, clock, options, openTab, holder: createBrowserHolder(options) };
}

function pageForTests(): PageForTests {
  const page: PageForTests = {
    at: 'https://app.example/',
    left: [],
    done: [],
    windows: 'allowed',
    address: () => page.at,
    leaveFor: (url) => void page.left.push(url),
    rename: (url) => {
      page.at = url;
      page.done.push('renamed');
    },
    openWindow: () => {
      if (page.windows === 'blocked') return undefined;
      page.done.push('window opened');
      return {
        leaveFor: (url) => void page.left.push(url),
        close: () => void page.done.push('window closed'),
      };
    },
    close: () => void page.done.push('closed'),
  };
  return page;
}

/** The issuer's answer to the request that a page was sent away with. */
export function answerTo(left: string | undefined, answer: Record<string, string>): string {
  assert.ok(left !== undefined, 'expected the page to have been sent away');
  const asked = new URL(left);
  const url = new URL(redirectUri);
  url.search = new URLSearchParams({
    state: asked.searchParams.get('state') ?? '',
    iss: asked.origin,
    ...answer,
  }).toString();
  return url.href;
}

/** Signs in by the honest way. */
export async function signIn({ holder, page }: Pick<BrowserScene, 'holder' | 'page'>): Promise<void> {
  await holder.signIn();
  page.at = answerTo(page.left.at(-1), { code: 'code-1' });
  assert.equal((await holder.finishSignIn()).kind, 'signed_in');
}

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import {
  createHolder,
  createMachine,
  memoryKey,
  memoryPairStore,
  type Holder,
  type Machine,
  type MachineOptions,
  type PairStore,
  type SessionHolderOptions,
  type TokenResult,
} from '@symbolon/holder';
import { handClock, startPeer, type HandClock, type Peer } from './support.ts';

/** A machine and its peer, both on one clock unless the machine is given another. */
export interface MachineScene {
  readonly peer: Peer;
  readonly machine: Machine;
  readonly clock: HandClock;
  readonly options: MachineOptions;
}

/** Sets up a machine and its peer. */
export async function machineScene(
  t: TestContext,
  given: Partial<MachineOptions> | ((clock: HandClock) => Partial<MachineOptions>) = {},
): Promise<MachineScene> {
  const clock = handClock();
  const more = typeof given === 'function' ? given(clock) : given;
  const key = more.key ?? (await memoryKey());
  const peer = await startPeer({ clock, client: key, ...(more.holderKey ? { holder: more.holderKey } : {}) });
  t.after(() => peer.close());
  const { issuer, audience } = peer;
  const options = { issuer, audience, clientId: 'm1', key, clock, ...more };
  return { peer, machine: createMachine(options), clock, options };
}

/** A session that was started and adopted, its holder and its peer. */
export interface SessionScene {
  readonly peer: Peer;
  readonly holder: Holder;
  readonly store: PairStore;
  readonly clock: HandClock;
  readonly options: SessionHolderOptions;
}

/** Sets up a session; `store` may wrap the given one. */
export async function sessionScene(
  t: TestContext,
  given: Partial<SessionHolderOptions> = {},
): Promise<SessionScene> {
  const clock = handClock();
  const key = given.key ?? (await memoryKey());
  const peer = await startPeer({ clock, client: given.clientKey ?? key, holder: key });
  t.after(() => peer.close());
  const { issuer, audience } = peer;
  const store = given.store ?? memoryPairStore();
  const options = { issuer, audience, clientId: 'web', key, clock, store, ...given };
  const holder = createHolder(options);
  await holder.adopt(await peer.startSession());
  return { peer, holder, store, clock, options };
}

/** Fetches and drops the body. */
export async function status(response: Promise<Response>): Promise<number> {
  const { status: code, body } = await response;
  await body?.cancel();
  return code;
}

/** The token of a result that must have one. */
export async function tokenText(result: Promise<TokenResult>): Promise<string> {
  const found = await result;
  assert.ok(found.kind === 'ok', JSON.stringify(found));
  return found.token;
}

export { createMachine, type Machine, type MachineOptions } from './machine.ts';
export { keyFromJwk, memoryKey, type MachineKey } from './keys.ts';
export { HolderError, type Refused, type Transient } from './errors.ts';
export type { HolderFetch } from './fetch.ts';
export type { HolderOptions } from './options.ts';
export type { Done } from './token-endpoint.ts';
export type { TokenResult, UsableToken } from './token-source.ts';
export { createHolder, type Holder, type SessionHolderOptions } from './holder.ts';
export { memoryPairStore, type PairStore, type TokenPair } from './pair-store.ts';

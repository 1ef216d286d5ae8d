export {
  createWebSessions,
  type WebSessions,
  type WebSessionsOptions,
  type WebSignedOut,
} from './web/web-sessions.ts';
export type { OpenedRequest, WebSession } from './web/open-request.ts';
export type { WebStore } from './web/keeper.ts';
export type { SealingKey } from './web/seal.ts';
export type { WebRequest } from './web/web-request.ts';
export type { SignInAsked } from './sign-in/authorization-request.ts';
export type { SignInResult } from './sign-in/sign-in-result.ts';
export { isNewer } from './pair-store.ts';

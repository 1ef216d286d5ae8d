export {
  createBrowserHolder,
  type BrowserHolder,
  type BrowserHolderOptions,
  type SignedOut,
} from './browser/browser-holder.ts';
export type { SignInAsked } from './browser/authorization-request.ts';
export { memoryCabinet, openCabinet, type Cabinet } from './browser/cabinet.ts';
export type { Page, PopupWindow } from './browser/page.ts';
export type { SignInResult } from './browser/sign-in-result.ts';

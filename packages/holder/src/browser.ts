export {
  createBrowserHolder,
  type BrowserHolder,
  type BrowserHolderOptions,
  type SignedOut,
} from './browser/browser-holder.ts';
export type { SignInAsked } from './sign-in/authorization-request.ts';
export { memoryCabinet, openCabinet, type Cabinet } from './browser/cabinet.ts';
export type { Page, PopupWindow } from './browser/page.ts';
export type { SignInResult } from './sign-in/sign-in-result.ts';

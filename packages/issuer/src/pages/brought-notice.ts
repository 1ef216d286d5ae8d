import type { Html } from './markup.ts';
import { notice } from './notice.ts';

/** Above a form that is shown again after its person has proved to be there. */
export function broughtNotice(): Html {
  return notice('plain', 'Thank you. Here is what you typed: nothing was done with it yet, so send it now.');
}

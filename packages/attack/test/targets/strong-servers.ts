import { strongCompressed } from './compressed.ts';
import { deskTarget } from './link-desk.ts';
import { officeTarget } from './office.ts';
import { strongNoncedRefresh } from './nonced-refresh.ts';
import { strongSecureCookie } from './secure-cookies.ts';
import { sessionTarget } from './sessions.ts';
import { strong } from './strong.ts';
import type { Target } from './target.ts';
import { strongUnfinished } from './unfinished.ts';
import { strongCookie } from './web.ts';

/** Every server in which there is nothing to find. */
export const strongServers: readonly Target[] = [
  ...strong,
  strongCookie,
  strongSecureCookie,
  strongCompressed,
  strongUnfinished,
  strongNoncedRefresh,
  officeTarget({ name: 'strong-office', finds: [] }, {}),
  deskTarget({ name: 'strong-desk', finds: [], runs: ['authorize/', 'issuer/method-'] }, {}),
  sessionTarget(
    { name: 'strong-sessions', finds: [], runs: ['replay/', 'refresh/', 'signature/', 'secrets/'] },
    {},
  ),
];

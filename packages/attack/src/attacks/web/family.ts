import type { Attack } from '../../attack-row.ts';

/** Cookies, browsers and headers. */
export const webAttacks: readonly Attack[] = [];

import { timingSafeEqual } from 'node:crypto';
import type { LookupKey } from '../keys/lookup-key.ts';

/** Marks by which a browser names the session that it has bound to its device, when it could not renew it. */
export interface DeviceMarks {
  readonly make: (sid: string) => string;
  /** The session that was marked so, or undefined for a mark that is not ours. */
  readonly read: (mark: string) => string | undefined;
}

const form = /^([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{43})$/;

/**
 * Makes and reads marks: the session's id and an HMAC over it.
 *
 * A mark opens and renews nothing. It only ends a session: so that nobody ends another's, whose id applications know,
 * nobody else makes one.
 */
export function createDeviceMarks(lookup: LookupKey): DeviceMarks {
  const name = (sid: string): string => lookup.name('bound in this browser', sid);
  return {
    make: (sid) => `${sid}.${name(sid)}`,
    read: (mark) => {
      const [, sid = '', stated = ''] = form.exec(mark) ?? [];
      const expected = Buffer.from(name(sid));
      const same = stated.length === expected.length && timingSafeEqual(Buffer.from(stated), expected);
      return same ? sid : undefined;
    },
  };
}

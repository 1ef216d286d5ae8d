import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
import { AuthError } from '@symbolon/token';
import { nameOfLink } from './accounts.ts';
import type { LookupKey } from '../keys/lookup-key.ts';
import { newLinkCode, readRecoveryCode } from './one-time-codes.ts';
import type { MadePasskey } from './passkey-responses.ts';
import type { Passkeys } from './passkeys.ts';
import { newId } from '../random.ts';
import type { EnrolmentCode, EnrolRefusal } from '../storage/port/account-storage.ts';
import type { Storage } from '../storage/port/storage.ts';

/** Passkeys made by whoever holds a code: the first account, an invitation, a recovery, an operator's link. */
export interface Enrolments {
  /** @throws AuthError `link_refused`. */
  readonly ask: (code: string) => Promise<PublicKeyCredentialCreationOptionsJSON>;
  /**
   * Uses up the code for one passkey. Signs nobody in: that takes a proof of it.
   *
   * @throws AuthError `link_refused`, `passkey_refused`, `challenge_refused`, `passkey_known`, `account_name_taken`.
   */
  readonly enrol: (
    code: string,
    made: { name: string; response: MadePasskey },
  ) => Promise<{ kind: EnrolmentCode['kind'] }>;
  /**
   * Uses up a recovery code for a code to enrol with; undefined: they do not fit, whatever the reason.
   *
   * `code` may be as the person typed it.
   */
  readonly recover: (account: string, code: string) => Promise<string | undefined>;
}

const micros = 1_000_000;
const recoveredLife = 15 * 60 * micros;

/** Opens the enrolments of a store. */
export function openEnrolments(options: {
  storage: Storage;
  lookup: LookupKey;
  passkeys: Passkeys;
}): Enrolments {
  const { storage, lookup, passkeys } = options;
  const find = async (code: string): Promise<{ codeName: string; found: EnrolmentCode }> => {
    const codeName = nameOfLink(lookup, code);
    const found = await storage.findEnrolment(codeName);
    if (found === null) throw new AuthError('link_refused');
    return { codeName, found };
  };
  return {
    ask: async (code) => {
      const { codeName, found } = await find(code);
      const known = await storage.listPasskeys(found.account.subject);
      const at = await storage.now();
      return passkeys.askToMake({ purpose: purposeOf(codeName), account: found.account, known, at });
    },
    enrol: async (code, { name, response }) => {
      const { codeName, found } = await find(code);
      const { passkey, challenge } = await passkeys.judgeMade(purposeOf(codeName), response);
      const enrolled = await storage.enrol({
        ...{ codeName, code: found, challenge, passkey: { ...passkey, name } },
        events: { account: newId(), passkey: newId() },
      });
      if (enrolled.kind !== 'enrolled') throw refusalOf(enrolled);
      return { kind: found.kind };
    },
    recover: async (account, typed) => {
      const code = newLinkCode();
      const redeemed = await storage.redeemRecoveryCode({
        name: nameOfRecoveryCode(lookup, readRecoveryCode(typed)),
        accountName: account,
        enrolment: { name: nameOfLink(lookup, code), life: recoveredLife },
        event: newId(),
      });
      return redeemed.kind === 'redeemed' ? code : undefined;
    },
  };
}

/** Under which name a recovery code stands in the store; `code` as {@link readRecoveryCode} gives it. */
export function nameOfRecoveryCode(lookup: LookupKey, code: string): string {
  return lookup.name('recovery code', code);
}

/** Why no passkey was added, as a refusal. */
export function refusalOf({ kind }: EnrolRefusal): AuthError {
  switch (kind) {
    case 'refused':
      return new AuthError('link_refused');
    case 'challenge_used':
      return new AuthError('challenge_refused');
    case 'name_taken':
      return new AuthError('account_name_taken');
    case 'passkey_known':
      return new AuthError('passkey_known');
  }
}

/** A challenge that was given for one code answers for no other. */
function purposeOf(codeName: string): string {
  return `enrol ${codeName}`;
}

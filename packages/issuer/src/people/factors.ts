import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
import { AuthError } from '@symbolon/token';
import { asPerson, type Person } from './browser-sessions.ts';
import { nameOfRecoveryCode, refusalOf } from './enrolments.ts';
import type { LookupKey } from '../keys/lookup-key.ts';
import { newRecoveryCode, readRecoveryCode } from './one-time-codes.ts';
import type { MadePasskey } from './passkey-responses.ts';
import type { Passkeys } from './passkeys.ts';
import { demandPresence } from './presence.ts';
import { newId } from '../random.ts';
import type { PasskeyRow } from '../storage/port/account-storage.ts';
import type { Storage } from '../storage/port/storage.ts';

/**
 * What opens the account of a person who is signed in. Whatever adds or removes something demands that the person
 * proved to be there within five minutes: otherwise each of these throws `presence_required`.
 */
export interface Factors {
  /** Oldest first. */
  readonly list: (person: Pick<Person, 'subject'>) => Promise<readonly PasskeyRow[]>;
  readonly countRecoveryCodes: (person: Pick<Person, 'subject'>) => Promise<number>;
  readonly askToAdd: (person: Person) => Promise<PublicKeyCredentialCreationOptionsJSON>;
  /** @throws AuthError `passkey_refused`, `challenge_refused`, `passkey_known`. */
  readonly add: (person: Person, made: { name: string; response: MadePasskey }) => Promise<void>;
  /** A name opens nothing, so this needs no presence. @throws AuthError `passkey_unknown`. */
  readonly rename: (person: Person, change: { id: string; name: string }) => Promise<void>;
  /** @throws AuthError `passkey_unknown`, `passkey_last` if nothing else would open the account. */
  readonly remove: (person: Person, id: string) => Promise<void>;
  /** Ten new codes in the place of all old ones. They are shown now and never again. */
  readonly makeRecoveryCodes: (person: Person) => Promise<readonly string[]>;
}

const codes = 10;

/** Opens what opens accounts. `clock` in ms. */
export function openFactors(options: {
  storage: Storage;
  lookup: LookupKey;
  passkeys: Passkeys;
  clock: () => number;
}): Factors {
  const { storage, lookup, passkeys, clock } = options;
  return {
    list: ({ subject }) => storage.listPasskeys(subject),
    countRecoveryCodes: ({ subject }) => storage.countRecoveryCodes(subject),
    askToAdd: async (person) => {
      demandPresence(person, clock());
      const known = await storage.listPasskeys(person.subject);
      const at = await storage.now();
      return passkeys.askToMake({ purpose: toAdd(person), account: person, known, at });
    },
    add: async (person, { name, response }) => {
      demandPresence(person, clock());
      const { passkey, challenge } = await passkeys.judgeMade(toAdd(person), response);
      const added = await storage.addPasskey({
        ...{ subject: person.subject, passkey: { ...passkey, name }, challenge },
        ...{ event: newId(), by: asPerson(person) },
      });
      if (added.kind === 'refused') throw new AuthError('passkey_refused');
      if (added.kind !== 'added') throw refusalOf(added);
    },
    rename: async (person, { id, name }) => {
      const { subject } = person;
      const change = { id, subject, name, event: newId(), by: asPerson(person) };
      const renamed = await storage.renamePasskey(change);
      if (renamed.kind === 'unknown') throw new AuthError('passkey_unknown');
    },
    remove: async (person, id) => {
      demandPresence(person, clock());
      const removed = await storage.removePasskey({
        ...{ id, subject: person.subject, event: newId(), by: asPerson(person) },
      });
      if (removed.kind === 'unknown') throw new AuthError('passkey_unknown');
      if (removed.kind === 'last') throw new AuthError('passkey_last');
    },
    makeRecoveryCodes: async (person) => {
      demandPresence(person, clock());
      const made = Array.from({ length: codes }, newRecoveryCode);
      const names = made.map((code) => nameOfRecoveryCode(lookup, readRecoveryCode(code)));
      const replaced = await storage.replaceRecoveryCodes({
        subject: person.subject,
        names,
        event: newId(),
        by: asPerson(person),
      });
      if (replaced.kind === 'unknown') throw new AuthError('session_refused');
      return made;
    },
  };
}

/** A challenge that was given in one session answers in no other. */
function toAdd({ sid }: Person): string {
  return `add ${sid}`;
}

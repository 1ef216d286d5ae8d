import { z } from 'zod';
import { accountName } from './account-names.ts';
import type { Actor } from '../storage/port/actor.ts';
import type { LookupKey } from '../keys/lookup-key.ts';
import { linkTo, linkToRecover, newLinkCode } from './one-time-codes.ts';
import { newId } from '../random.ts';
import type {
  AccountRow,
  DisableResult,
  InvitationRow,
  PlannedAccount,
  Role,
  RoleResult,
} from '../storage/port/account-storage.ts';
import type { RemoveAccountResult, RenameResult } from '../storage/port/account-change-storage.ts';
import type { CutResult } from '../storage/port/decisions.ts';
import type { Storage } from '../storage/port/storage.ts';

/** Accounts, for whoever runs the issuer: who may have one, what they may do, and when it ends. */
export interface Accounts {
  /**
   * Invites somebody: whoever opens the link first, within its life, makes the account's first passkey.
   *
   * @throws TypeError for a name that cannot be seen, or a life of more than 7 days.
   */
  readonly invite: (invitation: Invitation) => Promise<Invited>;
  /** The link to the first account; undefined once an account exists. It works once, for 15 minutes. */
  readonly inviteFirst: () => Promise<{ readonly link: string } | undefined>;
  /** By name. */
  readonly list: (page?: { limit?: number; after?: string }) => Promise<readonly AccountRow[]>;
  readonly find: (by: { subject: string } | { name: string }) => Promise<AccountRow | null>;
  /** Invitations that nobody has used yet, by name; the codes are in no answer. */
  readonly invitations: (page?: { limit?: number }) => Promise<readonly InvitationRow[]>;
  /** Takes back every invitation to an account of this name. */
  readonly withdraw: (invitation: { name: string; by?: Actor }) => Promise<{ kind: 'withdrawn' | 'unknown' }>;
  /**
   * A link for somebody who has lost every passkey and code: whoever opens it first makes a new passkey of the
   * account, and that ends all its sessions. Nothing else is removed.
   *
   * @throws TypeError for a life of more than a day.
   */
  readonly recover: (recovery: Recovery) => Promise<Recovering>;
  /** Disables an account and ends all its sessions, wherever they are; never the last operator's. */
  readonly disable: (change: { subject: string; by?: Actor }) => Promise<DisableResult>;
  /**
   * Gives an account another name, which is the one to type with a recovery code from then on.
   *
   * @throws TypeError for a name that cannot be seen.
   */
  readonly rename: (change: { subject: string; name: string; by?: Actor }) => Promise<RenameResult>;
  /**
   * Removes an account for good: ends all its sessions and links, then deletes name, passkeys, codes and events. Its
   * subject is nobody's from then on, the name is free; never the last operator's.
   */
  readonly remove: (removal: { subject: string; by?: Actor }) => Promise<RemoveAccountResult>;
  /** Lets an account sign in again; what was ended stays ended. */
  readonly enable: (change: { subject: string; by?: Actor }) => Promise<{ kind: 'enabled' | 'unknown' }>;
  /** Counts from the next request. The last operator stays one. */
  readonly setRole: (change: { subject: string; role: Role; by?: Actor }) => Promise<RoleResult>;
  /** Ends every session of an account; it may sign in again. */
  readonly endSessions: (end: { subject: string; by?: Actor }) => Promise<CutResult>;
}

export interface Invitation {
  readonly name: string;
  /** What the account may do here (default: `person`). */
  readonly role?: Role;
  /** How long the link works, in seconds (default: a day; at most 7 days). */
  readonly life?: number;
  readonly by?: Actor;
  /** The subject of the operator who makes the link: it ends with his role, and with his account. */
  readonly inviter?: string;
}

/** For whom a link is made that recovers an account. */
export interface Recovery {
  readonly subject: string;
  /** How long the link works, in seconds (default and at most: a day). */
  readonly life?: number;
  readonly by?: Actor;
  /** The subject of the operator who makes the link: it ends with his role, and with his account. */
  readonly inviter?: string;
}

/** `disabled`: enable the account first. */
export type Recovering =
  | { readonly kind: 'offered'; readonly link: string; readonly expiresAt: number }
  | { readonly kind: 'disabled' | 'unknown' };

/** `taken`: there is an account of this name. */
export type Invited =
  | { readonly kind: 'invited'; readonly link: string; readonly expiresAt: number }
  | { readonly kind: 'taken' };

const micros = 1_000_000;
const day = 24 * 3600;
const firstLife = 15 * 60 * micros;

/** Not what somebody typed: it is passed on as it came. */
const actor = z.custom<Actor>().default('operator');

const invitation = z.strictObject({
  name: accountName,
  role: z.enum(['person', 'operator']).default('person'),
  life: z
    .int()
    .min(60)
    .max(7 * day)
    .default(day),
  by: actor,
  inviter: z.string().nullable().default(null),
});

const recovery = z.strictObject({
  subject: z.string(),
  life: z.int().min(60).max(day).default(day),
  by: actor,
  inviter: z.string().nullable().default(null),
});

/** Opens the accounts of a store. `lookup` names the codes there. */
export function openAccounts(options: { issuer: string; storage: Storage; lookup: LookupKey }): Accounts {
  const { issuer, storage, lookup } = options;
  const stands = async (subject: string): Promise<boolean> =>
    (await storage.findAccount({ subject })) !== null;
  return {
    invite: async (given) => {
      const parsed = invitation.safeParse(given);
      if (!parsed.success) throw new TypeError(`unsound invitation: ${z.prettifyError(parsed.error)}`);
      const { name, role, life, by, inviter } = parsed.data;
      const code = newLinkCode();
      const account = planned(name, role);
      const offer = { name: nameOfLink(lookup, code), account, life: life * micros, by, inviter };
      const invited = await storage.invite(offer);
      if (invited.kind === 'refused') return { kind: 'taken' };
      return { kind: 'invited', link: linkTo(issuer, code), expiresAt: invited.expiresAt };
    },
    inviteFirst: async () => {
      const code = newLinkCode();
      const account = planned('operator', 'operator');
      const offer = { name: nameOfLink(lookup, code), account, life: firstLife };
      const offered = await storage.offerFirst(offer);
      return offered.kind === 'refused' ? undefined : { link: linkTo(issuer, code) };
    },
    list: ({ limit = 100, after } = {}) =>
      storage.searchAccounts({ limit, ...(after === undefined ? {} : { after }) }),
    find: (by) => storage.findAccount(by),
    invitations: ({ limit = 100 } = {}) => storage.listInvitations({ limit }),
    withdraw: ({ name, by = 'operator' }) => storage.withdrawInvitations({ name, by }),
    recover: async (given) => {
      const parsed = recovery.safeParse(given);
      if (!parsed.success) throw new TypeError(`unsound recovery: ${z.prettifyError(parsed.error)}`);
      const { subject, life, by, inviter } = parsed.data;
      const code = newLinkCode();
      const offer = {
        name: nameOfLink(lookup, code),
        subject,
        life: life * micros,
        by,
        inviter,
        event: newId(),
      };
      const offered = await storage.offerRecoveryLink(offer);
      if (offered.kind !== 'offered') return offered;
      return { kind: 'offered', link: linkToRecover(issuer, code), expiresAt: offered.expiresAt };
    },
    disable: ({ subject, by = 'operator' }) => storage.disableAccount({ subject, by, event: newId() }),
    rename: async ({ subject, name: typed, by = 'operator' }) => {
      const name = accountName.safeParse(typed);
      if (!name.success) throw new TypeError(`unsound name: ${z.prettifyError(name.error)}`);
      return storage.renameAccount({ subject, name: name.data, by, event: newId() });
    },
    remove: ({ subject, by = 'operator' }) => storage.removeAccount({ subject, by, event: newId() }),
    enable: async ({ subject, by = 'operator' }) =>
      (await stands(subject)) ? storage.enableAccount({ subject, by, event: newId() }) : { kind: 'unknown' },
    setRole: ({ subject, role, by = 'operator' }) => storage.setRole({ subject, role, by, event: newId() }),
    endSessions: async ({ subject, by = 'operator' }) =>
      (await stands(subject)) ? storage.endSessionsOf({ subject, by }) : { kind: 'unknown' },
  };
}

/** Under which name the code of a link stands in the store. */
export function nameOfLink(lookup: LookupKey, code: string): string {
  return lookup.name('enrolment link', code);
}

function planned(name: string, role: Role): PlannedAccount {
  return { subject: newId(), handle: newId(), name, role };
}

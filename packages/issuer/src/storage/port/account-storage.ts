import type { Actor } from './actor.ts';
import type { CutResult } from './decisions.ts';

/** Accounts, their passkeys and what is presented once. Each method is one transaction, as in `storage.ts`. */
export interface AccountStorage {
  findAccount(by: { subject: string } | { name: string }): Promise<AccountRow | null>;
  /** `last_operator`: nobody could use the console any more. */
  setRole(change: { subject: string; role: Role; by: Actor; event: string }): Promise<RoleResult>;
  /** Disables an account, cuts its sessions and voids what it was given to enrol with. */
  disableAccount(change: { subject: string; by: Actor; event: string }): Promise<DisableResult>;
  enableAccount(change: {
    subject: string;
    by: Actor;
    event: string;
  }): Promise<{ kind: 'enabled' | 'unknown' }>;

  /** Keeps a link to the first account, if there is no account. */
  offerFirst(offer: CodeOffer): Promise<{ kind: 'offered' } | { kind: 'refused' }>;
  /**
   * Keeps an invitation in the place of those to the same name, if nobody has it. `inviter`: the subject of the operator
   * with whose role it ends.
   */
  invite(
    invitation: CodeOffer & { by: Actor; inviter: string | null },
  ): Promise<{ kind: 'invited'; expiresAt: number } | { kind: 'refused' }>;
  /** Those that may still be used, by the account's name. */
  listInvitations(page: { limit: number }): Promise<readonly InvitationRow[]>;
  /** Voids every invitation to an account of this name. */
  withdrawInvitations(withdrawal: { name: string; by: Actor }): Promise<{ kind: 'withdrawn' | 'unknown' }>;
  /** Keeps an operator's link to an account that stands, in the place of the one before. */
  offerRecoveryLink(offer: {
    name: string;
    subject: string;
    life: number;
    by: Actor;
    inviter: string | null;
    event: string;
  }): Promise<{ kind: 'offered'; expiresAt: number } | { kind: 'disabled' | 'unknown' }>;
  /** What a code to enrol with leads to, while it is good. A read: the enrolment decides. */
  findEnrolment(name: string): Promise<EnrolmentCode | null>;
  /** Uses up a code: its account, where it makes one, and the passkey. One wins. */
  enrol(enrolment: Enrolment): Promise<{ kind: 'enrolled' } | EnrolRefusal>;

  /** A read: the decision is `usePasskey`. */
  findPasskey(id: string): Promise<PasskeyRow | null>;
  /** Oldest first. */
  listPasskeys(subject: string): Promise<readonly PasskeyRow[]>;
  /** Redeems the challenge and moves the counter, which must not go back. */
  usePasskey(use: PasskeyUse): Promise<{ kind: 'used' | 'refused' | 'challenge_used' }>;
  /** Adds a passkey of somebody who is signed in. */
  addPasskey(addition: PasskeyAddition): Promise<{ kind: 'added' } | EnrolRefusal>;
  /** Tells the person of it once in an hour, and the audit log each time; where it has this name already, nobody. */
  renamePasskey(
    change: PasskeyChange & { name: string; by: Actor },
  ): Promise<{ kind: 'renamed' | 'unchanged' | 'unknown' }>;
  /** `last`: nothing else would open the account. */
  removePasskey(change: PasskeyChange & { by: Actor }): Promise<{ kind: 'removed' | 'last' | 'unknown' }>;

  /** How many recovery codes are left. */
  countRecoveryCodes(subject: string): Promise<number>;
  /** Puts new recovery codes, by their names, in the place of all old ones. */
  replaceRecoveryCodes(codes: {
    subject: string;
    names: readonly string[];
    event: string;
    by: Actor;
  }): Promise<{ kind: 'replaced' | 'unknown' }>;
  /** Uses up a recovery code of an account, for a code to enrol with. One wins. */
  redeemRecoveryCode(redemption: {
    name: string;
    accountName: string;
    enrolment: { name: string; life: number };
    event: string;
  }): Promise<{ kind: 'redeemed' | 'refused' }>;

  /** Deletes codes and challenges that have run out, and security events of more than 400 days ago. */
  sweepCodes(): Promise<number>;
}

export type Role = 'person' | 'operator';

/** Whoever signs in at the issuer itself. */
export interface AccountRow {
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
  readonly enabled: boolean;
  readonly createdAt: number;
}

/** A passkey, with the public key as COSE, base64url. */
export interface PasskeyRow {
  readonly id: string;
  readonly subject: string;
  readonly publicKey: string;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly backedUp: boolean;
  /** What its owner calls it. */
  readonly name: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

/** What is written once a passkey was verified. */
export type NewPasskey = Pick<
  PasskeyRow,
  'id' | 'publicKey' | 'counter' | 'transports' | 'backedUp' | 'name'
>;

/** The account that a code makes, settled when the code was made. */
export interface PlannedAccount {
  readonly subject: string;
  readonly handle: string;
  readonly name: string;
  readonly role: Role;
}

/**
 * `first`: the first account; `invitation`: another; `recovery`: one that stands, by a code of its person;
 * `recovery_link`: one that stands, by an operator's link, which ends all its sessions.
 */
export type EnrolmentCode =
  | { readonly kind: 'first' | 'invitation'; readonly account: PlannedAccount }
  | {
      readonly kind: 'recovery' | 'recovery_link';
      readonly account: { readonly subject: string; readonly name: string };
    };

/** An invitation that nobody has used yet. */
export interface InvitationRow {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface CodeOffer {
  readonly name: string;
  readonly account: PlannedAccount;
  readonly life: number;
}

/** A challenge, by its name in the store, and when it was given (µs). */
export interface RedeemedChallenge {
  readonly name: string;
  readonly madeAt: number;
}

export interface Enrolment {
  readonly codeName: string;
  readonly code: EnrolmentCode;
  readonly passkey: NewPasskey;
  readonly challenge: RedeemedChallenge;
  /** The ids of what the person is told. */
  readonly events: { readonly account: string; readonly passkey: string };
}

/** `refused`: the code or the challenge is not good, or the account is disabled; nothing was changed. */
export interface EnrolRefusal {
  readonly kind: 'refused' | 'challenge_used' | 'name_taken' | 'passkey_known';
}

export interface PasskeyUse {
  readonly id: string;
  /** Whose it is, and what it is called. */
  readonly subject: string;
  readonly passkey: string;
  readonly counter: number;
  readonly backedUp: boolean;
  readonly challenge: RedeemedChallenge;
  /** What the person is told; a proof of presence is told to nobody. */
  readonly event: { readonly id: string; readonly kind: 'signed_in'; readonly device: string | null } | null;
  /** The id of the event, should the counter have gone back. */
  readonly refusalEvent: string;
}

export interface PasskeyAddition {
  readonly subject: string;
  readonly passkey: NewPasskey;
  readonly challenge: RedeemedChallenge;
  readonly event: string;
  readonly by: Actor;
}

export interface PasskeyChange {
  readonly id: string;
  readonly subject: string;
  readonly event: string;
}

export interface RoleResult {
  readonly kind: 'changed' | 'unchanged' | 'unknown' | 'last_operator';
}

/** `last_operator`: nobody could use the console any more. */
export type DisableResult = CutResult | { readonly kind: 'last_operator' };

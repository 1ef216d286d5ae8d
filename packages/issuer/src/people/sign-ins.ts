import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import { AuthError } from '@symbolon/token';
import type { Person } from './browser-sessions.ts';
import type { AssertedPasskey } from './passkey-responses.ts';
import type { Passkeys } from './passkeys.ts';
import { newId } from '../random.ts';
import type { PasskeyUse } from '../storage/port/account-storage.ts';
import type { Storage } from '../storage/port/storage.ts';

/** Proofs of a passkey: to sign in, and to show that one is still there. */
export interface SignIns {
  /** Asks for any passkey of this issuer: nobody says who he is before. */
  readonly ask: () => Promise<PublicKeyCredentialRequestOptionsJSON>;
  /**
   * Redeems the proof. One refusal for all that is wrong: it tells nobody whether there is such a passkey or account.
   *
   * @throws AuthError `passkey_refused`, `challenge_refused`.
   */
  readonly prove: (response: AssertedPasskey, device: string | null) => Promise<Proved>;
  /** Asks for one of the passkeys of a person who is signed in. */
  readonly askAgain: (person: Person) => Promise<PublicKeyCredentialRequestOptionsJSON>;
  /** @throws AuthError `passkey_refused`, `challenge_refused`. */
  readonly proveAgain: (response: AssertedPasskey, person: Person) => Promise<Proved>;
}

/** Who proved a passkey, and by which methods (RFC 8176). */
export interface Proved {
  readonly subject: string;
  readonly amr: readonly string[];
}

const toSignIn = 'sign-in';

/** Opens sign-ins over the passkeys of a store. */
export function openSignIns(options: { storage: Storage; passkeys: Passkeys }): SignIns {
  const { storage, passkeys } = options;

  const redeem = async (
    response: AssertedPasskey,
    by: { purpose: string; subject?: string; event: PasskeyUse['event'] },
  ): Promise<Proved> => {
    const passkey = await storage.findPasskey(response.id);
    const owner = readOwner(response);
    const isNobodys = passkey === null || (by.subject ?? owner) !== passkey.subject;
    if (isNobodys || (owner ?? passkey.subject) !== passkey.subject) throw new AuthError('passkey_refused');
    const { counter, backedUp, challenge } = await passkeys.judgeProof(by.purpose, { response, passkey });
    const { id, subject, name } = passkey;
    const used = await storage.usePasskey({
      ...{ id, subject, passkey: name, counter, backedUp, challenge },
      ...{ event: by.event, refusalEvent: newId() },
    });
    if (used.kind === 'challenge_used') throw new AuthError('challenge_refused');
    if (used.kind === 'refused') throw new AuthError('passkey_refused');
    return { subject, amr: [backedUp ? 'swk' : 'hwk', 'user', 'mfa'] };
  };

  return {
    ask: async () => passkeys.askToProve({ purpose: toSignIn, known: [], at: await storage.now() }),
    prove: (response, device) =>
      redeem(response, { purpose: toSignIn, event: { id: newId(), kind: 'signed_in', device } }),
    askAgain: async (person) =>
      passkeys.askToProve({
        purpose: againBy(person),
        known: await storage.listPasskeys(person.subject),
        at: await storage.now(),
      }),
    proveAgain: (response, person) =>
      redeem(response, { purpose: againBy(person), subject: person.subject, event: null }),
  };
}

/** A proof that was asked for in one session counts in no other. */
function againBy({ sid }: Person): string {
  return `presence ${sid}`;
}

/** Whose the authenticator says the passkey is: what it was told when it made it. */
function readOwner({ response }: AssertedPasskey): string | undefined {
  const { userHandle } = response;
  return userHandle === undefined ? undefined : Buffer.from(userHandle, 'base64url').toString();
}

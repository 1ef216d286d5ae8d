import type { JsonWebKey } from 'node:crypto';
import type { Credential, CredentialSource } from './credentials/credential.ts';
import type { RequestParts } from './http/exchange.ts';
import type { ForgeKey } from './keys/forge-key.ts';
import type { LinkedApplication } from './credentials/linked-application.ts';
import type { Limits } from './http/limits.ts';
import type { JsonObject } from './json.ts';
import type { KeySetStage } from './keys/key-set-stage.ts';
import type { ListenerOptions } from './http/listener.ts';
import type { MakeRefreshRequest } from './credentials/refresh-request.ts';
import type { OwnKeys } from './keys/own-keys.ts';
import type { Patience } from './run/patience.ts';
import type { Result } from './report/report.ts';
import type { TokenClient } from './credentials/token-request.ts';

/** What is attacked, with what, and how gently. Only `request` and `honest` are needed; what is missing is skipped. */
export interface AttackOptions {
  /** The honest request, without its credential. */
  readonly request: RequestParts;
  /** Where honest credentials come from. */
  readonly honest: CredentialSource;
  /** Credentials of another user, and for another audience. */
  readonly second?: CredentialSource;
  readonly elsewhere?: CredentialSource;

  /** The issuer's identifier; its key set is found through its metadata. */
  readonly issuer?: string;
  /** The key set itself, where there is no metadata. */
  readonly jwksUri?: string;
  /** Public keys that are known otherwise. */
  readonly keys?: readonly JsonWebKey[];
  /** The issuer's own signing key and the header it writes, for test deployments. */
  readonly signer?: Signer;
  /** The key set that the target takes from us; `canChange` if it may be changed. */
  readonly keySet?: { readonly stage: KeySetStage; readonly canChange: boolean };

  /** Makes the request that refreshes, and the one that ends a credential's session. */
  readonly refreshRequest?: MakeRefreshRequest;
  readonly endRequest?: (credential: Credential) => Promise<RequestParts>;
  /** The URL of a page that shows the account. */
  readonly account?: string;
  /** Who opens that page, where it takes another credential than the API: the cookie of a signed-in browser. */
  readonly visitor?: CredentialSource;
  /** Somebody else who is signed in there. */
  readonly stranger?: CredentialSource;
  /** A linked application, with which the authorization endpoint of the issuer's metadata is attacked. */
  readonly application?: LinkedApplication;
  /** A token of an honest user that was signed by a key which has left the key set since. */
  readonly formerToken?: string;
  readonly tokenEndpoint?: string;
  /** A client that gets tokens for itself there: how the issuer knows it is attacked with it. */
  readonly client?: TokenClient;

  /** Text that only a signed-in user's answer contains, for targets that answer 200 to strangers too. */
  readonly marker?: string;
  /** Where fetches of URLs in tokens are watched for. Without it: on loopback, if the target is there too. */
  readonly listener?: ListenerOptions;

  /** Hosts beside loopback that the tester is allowed to attack. */
  readonly authorised?: readonly string[];
  /** Consent to steps that may do harm: floods, sessions of others ended. */
  readonly destructive?: boolean;
  /** How long, in milliseconds, the target may leave a request open that is never ended; without it, nobody asks. */
  readonly hold?: number;
  /** Requests a second; without it unlimited on loopback and 20 elsewhere. */
  readonly rate?: number;
  readonly limits?: Limits;
  /** The certificate (PEM) of a private authority, or of the target itself: trusted beside those that Node trusts. */
  readonly ca?: string;
  /** How long is waited before something is judged. */
  readonly patience?: Patience;
  /** Milliseconds after which no further attack is started; 15 minutes unless given. */
  readonly budget?: number;

  /** The same seed tries the same things in the same order. */
  readonly seed?: string;
  /** Keys of ours that several runs share, since RSA keys take long to make. */
  readonly ownKeys?: OwnKeys;
  /** Which attacks: those whose id equals or starts with one of these. */
  readonly only?: readonly string[];
  /** Is told of every result as it stands. */
  readonly onResult?: (result: Result, progress: { readonly done: number; readonly of: number }) => void;
  readonly clock?: () => number;
}

/** The issuer's key, and the header that its tokens have; without one, it is taken from the honest token. */
export interface Signer {
  readonly key: ForgeKey;
  readonly header?: JsonObject;
}

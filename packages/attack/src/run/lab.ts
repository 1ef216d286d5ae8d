import type { JsonWebKey } from 'node:crypto';
import type { Need } from './need.ts';
import type { Credential, ProofChange } from '../credentials/credential.ts';
import type { Exchange, HeaderList, RequestParts } from '../http/exchange.ts';
import type { ForgeKey } from '../keys/forge-key.ts';
import type { Jws, Reshape } from '../forge.ts';
import type { Changes, JsonObject } from '../json.ts';
import type { KeySetStage } from '../keys/key-set-stage.ts';
import type { LinkedApplication } from '../credentials/linked-application.ts';
import type { Listener } from '../http/listener.ts';
import type { Patience } from './patience.ts';
import type { Random } from '../random.ts';
import type { RefreshChange } from '../credentials/refresh-request.ts';
import type { TokenChange, TokenClient } from '../credentials/token-request.ts';
import type { Unfinished } from '../http/unfinished.ts';
import type { Judgement } from './verdict.ts';

/** What an attack gets to work with. What is not there throws `Missing`; an attack names it in its `needs`. */
export interface Lab {
  /** The URL under attack, and the method of the honest request. */
  readonly url: string;
  readonly method: string;
  readonly has: (need: Need) => boolean;

  /** The honest credential of the controls. An attack must not end it: see {@link Lab.fresh}. */
  readonly a: Credential;
  /** `a` taken apart. */
  readonly jws: () => Jws;
  /** A credential of another user; one for another audience; one of a new session that may be harmed. */
  readonly second: () => Promise<Credential>;
  readonly elsewhere: () => Promise<Credential>;
  readonly fresh: () => Promise<Credential>;

  /** What the issuer publishes; empty if unknown. */
  readonly keys: readonly JsonWebKey[];
  /** The key set as it was served, byte for byte. */
  readonly keySetText: string;
  /** The published key that verifies `a`. */
  readonly tokenKey: () => JsonWebKey;
  readonly issuer: string | undefined;
  readonly metadata: JsonObject;
  /** How metadata and key set were fetched. */
  readonly published: readonly Exchange[];

  /** Milliseconds since 1970; randomness of this attack's own, the same for the same seed. */
  readonly now: () => number;
  readonly random: Random;
  readonly wait: (ms: number) => Promise<void>;
  readonly patience: Patience;
  /** A key pair of ours. RSA keys and rare curves are made once and do not follow from the seed. */
  readonly ownKey: (alg: OwnAlgorithm) => ForgeKey;
  /** The bytes of a signature over an input, by a key of ours. */
  readonly sign: (input: string, alg: OwnAlgorithm) => Buffer;
  readonly listener: Listener;

  /** `a` with other parts; what is not named stays as it is, byte for byte. */
  readonly altered: (change: Reshape) => string;
  /** `a` with other claims, signed by the issuer's own key (needs `signer`). */
  readonly signed: (payload: Changes, header?: Changes) => string;
  /** The same with a whole payload, or a whole header, as it stands. */
  readonly signedText: (content: {
    readonly payload?: string | Uint8Array;
    readonly header?: string | Uint8Array;
  }) => string;
  /** The issuer's own key (needs `signer`). */
  readonly signerKey: () => ForgeKey;

  /** Sends the honest request with this token in place of the honest one. */
  readonly present: (token: string, how?: Present) => Promise<Exchange>;
  /** Sends any request. */
  readonly send: (request: RequestParts) => Promise<Exchange>;
  /** Begins a request to the target that is never ended; see `openUnfinished`. */
  readonly begin: (text: string) => Promise<Unfinished>;
  /** How long an unfinished request may stay open, in milliseconds, as the tester says. */
  readonly hold: () => number;
  /** The honest request, again. */
  readonly control: () => Promise<Exchange>;
  /** How the target's manner judges an exchange. */
  readonly judge: (exchange: Exchange) => Judgement;
  readonly isAccepted: (exchange: Exchange) => boolean;

  /** The key set the target takes from us. */
  readonly keySet: () => KeySetStage;
  /** The request that refreshes (`refreshToken` by `credential`'s client and key). */
  readonly refreshRequest: (credential: Credential, refreshToken: string) => Promise<RequestParts>;
  /** Sends it with a change, and once more if the issuer asks for a nonce. */
  readonly refresh: (
    credential: Credential,
    refreshToken: string,
    change?: RefreshChange,
  ) => Promise<Exchange>;
  /** The request that ends a session. */
  readonly endRequest: (credential: Credential) => Promise<RequestParts>;
  /** The URL of the account page; of the token endpoint. */
  readonly account: () => string;
  /** Who opens the account page: {@link Lab.a}, unless it takes another credential; somebody else who is signed in there. */
  readonly visitor: () => Promise<Credential>;
  readonly isVisitorApart: boolean;
  readonly stranger: () => Promise<Credential>;
  /** The linked application at the authorization endpoint, and that endpoint. */
  readonly application: () => LinkedApplication;
  readonly authorizationEndpoint: () => string;
  readonly formerToken: () => string;
  readonly tokenEndpoint: () => string;
  /** The client at the token endpoint, and its token request with a change. */
  readonly client: () => TokenClient;
  readonly askToken: (change: TokenChange) => Promise<Exchange>;
}

/** Algorithms for which there are keys of ours. */
export type OwnAlgorithm = 'EdDSA' | 'ES256' | 'ES384' | 'ES512' | 'ES256K' | 'RS256' | 'PS256' | 'Ed448';

/** How a token is presented, where that differs from the honest way. */
export interface Present {
  /** Whose carrier and key are used: `a`, unless given. */
  readonly credential?: Credential;
  /** The proof: changes to an honest one, exact texts (several headers, or none), or the honest one. */
  readonly proof?: ProofChange | readonly string[];
  /** The exact `Authorization` headers, in place of the usual one. */
  readonly authorization?: readonly string[];
  /** More headers, after the usual ones. */
  readonly headers?: HeaderList;
  readonly method?: string;
  readonly url?: string;
  /** The request target as it is sent, where it differs from the URL's. */
  readonly path?: string;
  readonly body?: string;
  /** How many characters of the answer's body to keep. */
  readonly keep?: number;
  readonly isAlone?: true;
}

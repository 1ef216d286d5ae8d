import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** What the issuer asks an authenticator, so far as this one reads it. */
export interface Asked {
  readonly challenge: string;
  readonly user?: { readonly id: string };
  readonly allowCredentials?: readonly { readonly id: string }[];
  readonly excludeCredentials?: readonly { readonly id: string }[];
}

/** What a test may bend in an answer. */
export interface Bend {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly flags?: number;
  readonly counter?: number;
  readonly userHandle?: string | undefined;
  readonly id?: string;
  readonly alg?: number;
  /** Members of the public key that a new passkey shows. */
  readonly key?: readonly (readonly [number, unknown])[];
  readonly spoilSignature?: true;
  readonly crossOrigin?: true;
  /** What the authenticator says of itself: a format and its statement. */
  readonly attest?: (made: {
    clientData: Buffer;
    key: { publicKey: KeyObject };
  }) => readonly [string, Map<string, unknown>];
}

/** A passkey in the hands of a test. */
export interface Held {
  readonly id: string;
  readonly user: string;
  readonly key: KeyObject;
  counter: number;
}

/** A software authenticator (WebAuthn level 3): ES256, attestation `none`. */
export interface Authenticator {
  readonly held: Held[];
  readonly make: (asked: Asked, bend?: Bend) => object;
  /** With the newest passkey that is asked for. */
  readonly prove: (asked: Asked, bend?: Bend) => object;
}

/** User present, user verified. */
const verified = 0x01 | 0x04;
const attested = 0x40;

/** Makes an authenticator as it stands behind a browser at one origin. `counts` as old security keys do. */
export function createAuthenticator(options: { origin: string; counts?: true }): Authenticator {
  const held: Held[] = [];
  const { origin } = options;
  const { hostname } = new URL(origin);
  const said = (type: string, { challenge }: Asked, bend: Bend): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: bend.type ?? type,
        challenge: bend.challenge ?? challenge,
        origin: bend.origin ?? origin,
        crossOrigin: bend.crossOrigin ?? false,
        ...(bend.crossOrigin === true ? { topOrigin: 'https://evil.example' } : {}),
      }),
    );
  const head = (flags: number, counter: number, bend: Bend): Buffer => {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    return Buffer.concat([sha256(bend.rpId ?? hostname), Buffer.from([flags]), count]);
  };
  return {
    held,
    make: (asked, bend = {}) => {
      if (asked.excludeCredentials?.some(({ id }) => held.some((known) => known.id === id)) === true)
        throw new Error('InvalidStateError');
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const id = bend.id ?? randomBytes(16).toString('base64url');
      const counter = bend.counter ?? 0;
      held.push({ id, user: asked.user?.id ?? '', key: privateKey, counter });
      const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
      const cose = encode(
        new Map<number, unknown>([
          [1, 2],
          [3, bend.alg ?? -7],
          [-1, 1],
          [-2, Buffer.from(x, 'base64url')],
          [-3, Buffer.from(y, 'base64url')],
          ...(bend.key ?? []),
        ]),
      );
      const raw = Buffer.from(id, 'base64url');
      const authData = Buffer.concat([
        head(bend.flags ?? verified | attested, counter, bend),
        Buffer.alloc(16),
        Buffer.from([raw.length >> 8, raw.length & 255]),
        raw,
        cose,
      ]);
      const clientData = said('webauthn.create', asked, bend);
      const [fmt, attStmt] = bend.attest?.({ clientData, key: { publicKey } }) ?? ['none', new Map()];
      const attestationObject = encode(
        new Map<string, unknown>([
          ['fmt', fmt],
          ['attStmt', attStmt],
          ['authData', authData],
        ]),
      );
      return answer(id, {
        clientDataJSON: clientData,
        attestationObject,
        transports: ['internal'],
      });
    },
    prove: (asked, bend = {}) => {
      const allowed = asked.allowCredentials ?? [];
      const mayUse = ({ id }: Held): boolean => allowed.length === 0 || allowed.some((one) => one.id === id);
      const passkey = held.findLast(mayUse);
      if (passkey === undefined) throw new Error('NotAllowedError');
      if (options.counts === true) passkey.counter++;
      const clientData = said('webauthn.get', asked, bend);
      const authData = head(bend.flags ?? verified, bend.counter ?? passkey.counter, bend);
      const signature = sign('sha256', Buffer.concat([authData, sha256(clientData)]), passkey.key);
      if (bend.spoilSignature) signature.writeUInt8(signature.readUInt8(20) ^ 1, 20);
      const userHandle = 'userHandle' in bend ? bend.userHandle : passkey.user;
      return answer(bend.id ?? passkey.id, {
        clientDataJSON: clientData,
        authenticatorData: authData,
        signature,
        ...(userHandle === undefined ? {} : { userHandle }),
      });
    },
  };
}

function answer(id: string, response: Record<string, unknown>): object {
  const written = Object.entries(response).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value,
  ]);
  return {
    ...{ id, rawId: id, type: 'public-key', clientExtensionResults: {} },
    response: Object.fromEntries(written) as object,
  };
}

function sha256(text: string | Buffer): Buffer {
  return createHash('sha256').update(text).digest();
}

/** CBOR (RFC 8949), so far as WebAuthn needs it. */
function encode(value: unknown): Buffer {
  if (typeof value === 'number') return value >= 0 ? initial(0, value) : initial(1, -1 - value);
  if (value instanceof Uint8Array) return Buffer.concat([initial(2, value.length), value]);
  if (typeof value === 'string')
    return Buffer.concat([initial(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Array.isArray(value)) return Buffer.concat([initial(4, value.length), ...value.map(encode)]);
  if (value instanceof Map) {
    const members = [...value].flatMap(([key, member]) => [encode(key), encode(member)]);
    return Buffer.concat([initial(5, value.size), ...members]);
  }
  throw new TypeError('unexpected value, expected a number, bytes, text or a map');
}

function initial(major: number, count: number): Buffer {
  if (count < 24) return Buffer.from([(major << 5) | count]);
  if (count < 256) return Buffer.from([(major << 5) | 24, count]);
  return Buffer.from([(major << 5) | 25, count >> 8, count & 255]);
}

import { createHash } from 'node:crypto';
import { encodeBase64url, type AlgorithmName, type PublicJwk, type SigningKey } from '@symbolon/token';
import { newBytes } from '../random.ts';
import type { Signer } from '../keys/signer.ts';
import { ck, hasCode, loadPkcs11, type Handle, type Pkcs11Module } from './pkcs11-module.ts';
import { createSessions, type Pkcs11Sessions } from './pkcs11-sessions.ts';

/** Which token holds the keys. */
export interface Pkcs11Options {
  /** Path of the vendor's library, such as `/usr/lib/softhsm/libsofthsm2.so`. */
  readonly library: string;
  /** The token's label. */
  readonly token: string;
  /** The user PIN. Read it from a file that only the issuer may read: an environment is seen by many. */
  readonly pin: string;
  /** Stands in the store beside each key (default `pkcs11`). */
  readonly name?: string;
  /** How many signatures may be under way at once (default 4). */
  readonly sessions?: number;
}

/** A signer whose keys are in a PKCS#11 token. */
export interface Pkcs11Signer extends Signer {
  readonly close: () => void;
}

interface Curve {
  readonly generate: number;
  readonly sign: number;
  /** DER of the curve's name. */
  readonly parameters: Buffer;
  readonly prepare: (data: Uint8Array) => Buffer;
  readonly jwk: (point: Buffer) => PublicJwk;
}

/** Ed25519 by PrintableString, which every version of SoftHSM understands; ES256 over a hash made here. */
const curves: ReadonlyMap<AlgorithmName, Curve> = new Map<AlgorithmName, Curve>([
  [
    'EdDSA',
    {
      generate: 0x1055,
      sign: 0x1057,
      parameters: Buffer.from('130c656477617264733235353139', 'hex'),
      prepare: (data) => Buffer.from(data),
      jwk: (point) => ({
        kty: 'OKP',
        crv: 'Ed25519',
        alg: 'EdDSA',
        x: encodeBase64url(point.subarray(-32)),
      }),
    },
  ],
  [
    'ES256',
    {
      generate: 0x1040,
      sign: 0x1041,
      parameters: Buffer.from('06082a8648ce3d030107', 'hex'),
      prepare: (data) => createHash('sha256').update(data).digest(),
      jwk: (point) => ({
        kty: 'EC',
        crv: 'P-256',
        alg: 'ES256',
        x: encodeBase64url(point.subarray(-64, -32)),
        y: encodeBase64url(point.subarray(-32)),
      }),
    },
  ],
]);

const signatureLength = 64;
const idLength = 16;

/**
 * Opens a PKCS#11 token as a signer for EdDSA and ES256 (PKCS#11 3.0; tested against SoftHSM 2.6).
 *
 * Keys are made in the token, sensitive and not extractable, and never leave it. The PIN is kept in memory, to log
 * in again when the token was away.
 *
 * @throws TypeError if `pkcs11js` is not installed or there is no token of that label; the library's own error
 * for a wrong PIN.
 */
export async function openPkcs11(options: Pkcs11Options): Promise<Pkcs11Signer> {
  const { name = 'pkcs11', pin, sessions: count = 4 } = options;
  const module = loadPkcs11();
  module.load(options.library);
  const isOurs = initialize(module);
  const finish = (): void => {
    if (isOurs) module.C_Finalize();
    module.close();
  };
  try {
    const sessions = createSessions(module, { slot: findSlot(module, options), pin, count });
    await sessions.use(() => undefined);
    return {
      ...createSigner(name, { module, sessions }),
      close: () => {
        sessions.close();
        finish();
      },
    };
  } catch (error) {
    finish();
    throw error;
  }
}

interface Device {
  readonly module: Pkcs11Module;
  readonly sessions: Pkcs11Sessions;
}

function createSigner(name: string, { module, sessions }: Device): Signer {
  return {
    name,
    create: async ({ purpose, alg }) => {
      const curve = curveOf(alg);
      const id = newBytes(idLength);
      const label = `symbolon ${purpose} ${alg}`;
      const point = await sessions.use((session) => generate(module, { session, curve, id, label }));
      return { id: id.toString('hex'), jwk: curve.jwk(point) };
    },
    open: async ({ id, jwk }) => {
      const curve = curveOf(jwk.alg);
      const key = await sessions.use((session) => findKey(module, { session, id, kind: ck.privateKey }));
      if (key === undefined) throw new Error(`the token of signer ${name} holds no key ${id}`);
      return signBy({ module, sessions }, { curve, key });
    },
    destroy: (id) =>
      sessions.use((session) => {
        for (const kind of [ck.privateKey, ck.publicKey]) {
          const key = findKey(module, { session, id, kind });
          if (key !== undefined) module.C_DestroyObject(session, key);
        }
      }),
  };
}

function signBy(
  { module, sessions }: Device,
  { curve, key }: { curve: Curve; key: Handle },
): SigningKey['sign'] {
  return (data) =>
    sessions.use((session) => {
      module.C_SignInit(session, { mechanism: curve.sign }, key);
      return module.C_SignAsync(session, curve.prepare(data), Buffer.alloc(signatureLength));
    });
}

/** Makes a key pair; answers the public point. */
async function generate(
  module: Pkcs11Module,
  wanted: { session: Handle; curve: Curve; id: Buffer; label: string },
): Promise<Buffer> {
  const { session, curve, id, label } = wanted;
  const named = [
    { type: ck.token, value: true },
    { type: ck.id, value: id },
    { type: ck.label, value: label },
  ];
  const pair = await module.C_GenerateKeyPairAsync(
    session,
    { mechanism: curve.generate },
    [...named, { type: ck.verify, value: true }, { type: ck.ecParams, value: curve.parameters }],
    [
      ...named,
      { type: ck.private, value: true },
      { type: ck.sensitive, value: true },
      { type: ck.extractable, value: false },
      { type: ck.sign, value: true },
    ],
  );
  const asked = [{ type: ck.sensitive }, { type: ck.extractable }];
  const [sensitive, extractable] = module.C_GetAttributeValue(session, pair.privateKey, asked);
  if (sensitive?.value[0] !== 1 || extractable?.value[0] !== 0) {
    module.C_DestroyObject(session, pair.privateKey);
    throw new Error(
      'the token made a key that can be read out of it: use a token that keeps to CKA_SENSITIVE',
    );
  }
  const [point] = module.C_GetAttributeValue(session, pair.publicKey, [{ type: ck.ecPoint }]);
  return point?.value ?? Buffer.alloc(0);
}

function findKey(
  module: Pkcs11Module,
  { session, id, kind }: { session: Handle; id: string; kind: number },
): Handle | undefined {
  module.C_FindObjectsInit(session, [
    { type: ck.class, value: kind },
    { type: ck.id, value: Buffer.from(id, 'hex') },
  ]);
  try {
    return module.C_FindObjects(session, 1)[0];
  } finally {
    module.C_FindObjectsFinal(session);
  }
}

function curveOf(alg: string | undefined): Curve {
  for (const [name, curve] of curves) if (name === alg) return curve;
  throw new TypeError(
    `unexpected algorithm ${String(alg)}, expected EdDSA or ES256: no token has another of ours`,
  );
}

function findSlot(module: Pkcs11Module, { token, library }: Pkcs11Options): Handle {
  const slots = module.C_GetSlotList(true);
  const slot = slots.find((each) => module.C_GetTokenInfo(each).label.trim() === token);
  if (slot === undefined)
    throw new TypeError(`there is no token ${token} behind ${library}: initialise one with that label`);
  return slot;
}

/** A library is initialised once in a process; answers whether it was by us. */
function initialize(module: Pkcs11Module): boolean {
  try {
    // Signatures are made on several threads at once: without this the library may assume that they are not.
    module.C_Initialize({ flags: ck.osLocking });
    return true;
  } catch (error) {
    if (hasCode(error, ck.alreadyInitialized)) return false;
    throw error;
  }
}

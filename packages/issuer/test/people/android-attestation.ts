import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/**
 * The statement of an Android key (WebAuthn section 8.4) whose chain the sender made himself, and whose certificate
 * says that `crl` tells what was revoked.
 */
export function androidAttestation(made: {
  clientData: Buffer;
  key: { publicKey: KeyObject };
  crl: string;
}): readonly [string, Map<string, unknown>] {
  const root = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const clientDataHash = createHash('sha256').update(made.clientData).digest();
  const version = [integer(3), der(0x0a, Buffer.from([1]))];
  const keyDescription = sequence(
    ...[...version, ...version, octets(clientDataHash), octets(Buffer.alloc(0))],
    ...[sequence(), sequence()],
  );
  const leaf = certificate({
    names: ['mine', 'leaf'],
    publicKey: made.key.publicKey,
    by: root.privateKey,
    extensions: [
      extension('2b06010401d679020111', keyDescription),
      extension('551d1f', sequence(sequence(der(0xa0, der(0xa0, der(0x86, Buffer.from(made.crl))))))),
    ],
  });
  const own = certificate({ names: ['mine', 'mine'], publicKey: root.publicKey, by: root.privateKey });
  const statement = new Map<string, unknown>([
    ['alg', -7],
    ['sig', Buffer.alloc(70)],
    ['x5c', [leaf, own]],
  ]);
  return ['android-key', statement];
}

function certificate(made: {
  names: readonly [issuer: string, subject: string];
  publicKey: KeyObject;
  by: KeyObject;
  extensions?: readonly Buffer[];
}): Buffer {
  const [issuer, subject] = made.names.map((name) =>
    sequence(der(0x31, sequence(objectId('550403'), der(0x0c, Buffer.from(name))))),
  );
  const ecdsa = sequence(objectId('2a8648ce3d040302'));
  const times = ['200101000000Z', '400101000000Z'].map((time) => der(0x17, Buffer.from(time)));
  const content = sequence(
    ...[der(0xa0, integer(2)), integer(1), ecdsa, issuer ?? sequence(), sequence(...times)],
    ...[subject ?? sequence(), made.publicKey.export({ type: 'spki', format: 'der' })],
    ...(made.extensions === undefined ? [] : [der(0xa3, sequence(...made.extensions))]),
  );
  const signature = sign('sha256', content, made.by);
  return sequence(content, ecdsa, der(0x03, Buffer.from([0]), signature));
}

const extension = (id: string, value: Buffer): Buffer => sequence(objectId(id), octets(value));
const objectId = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const octets = (value: Buffer): Buffer => der(0x04, value);
const integer = (value: number): Buffer => der(0x02, Buffer.from([value]));
const sequence = (...members: readonly Buffer[]): Buffer => der(0x30, ...members);

/** One value of DER (X.690). */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const value = Buffer.concat(content);
  const long = value.length < 256 ? [0x81, value.length] : [0x82, value.length >> 8, value.length & 255];
  return Buffer.concat([Buffer.from([tag, ...(value.length < 128 ? [value.length] : long)]), value]);
}

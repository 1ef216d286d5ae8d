/**
 * Throws spoiled tokens at the verifier and at a guard: none may be accepted, crash it, or be answered with 5xx.
 *
 * `npm run fuzz -- --seed 7 --count 1000000 --http 20000`. The same seed gives the same tokens; what fails is printed
 * as JSON with its number. The tokens to spoil are the good ones of `vectors/session-token.json`.
 */
import { createHash, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  AuthError,
  encodeBase64url,
  headerTable,
  importPublicKey,
  importSigningKey,
  readKeySet,
  refusals,
  sessionTokenHeader,
  verifySessionToken,
} from '@symbolon/token';
import { startGuarded } from './fuzz-http.ts';
import { mutate, randomFrom, type Random } from './fuzz-mutations.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '1000000' },
    http: { type: 'string', default: '20000' },
  },
});
const [seed, count, overHttp] = [values.seed, values.count, values.http].map(readCount) as [
  number,
  number,
  number,
];
const progressEvery = 100_000;
const signedShare = 20;

interface Vectors {
  readonly now: number;
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: unknown;
  readonly vectors: readonly { readonly id: string; readonly expect: string; readonly token: string }[];
}

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/session-token.json', import.meta.url), 'utf8'),
) as Vectors;
const { now, issuer, audience } = vectors;
const good = vectors.vectors.filter(({ expect }) => expect === 'valid').map(({ token }) => token);
const goodTexts: ReadonlySet<string> = new Set(good);
const signing = await fixedKey();
const known = [...(await readKeySet(vectors.jwks)), await importPublicKey(signing.jwk)];
const keys = headerTable(new Map([[issuer, known]]));
const started = performance.now();
const failures: unknown[] = [];
const tally = new Map<string, number>();

function readCount(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0)
    throw new TypeError(`unexpected ${text}, expected a count`);
  return number;
}

/** A key that is the same in each run, to sign payloads that were spoiled before. */
async function fixedKey(): ReturnType<typeof importSigningKey> {
  const secret = createHash('sha256').update('symbolon fuzz').digest();
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret]);
  const jwk = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' });
  return importSigningKey(jwk);
}

/** The code of the refusal, `accepted`, or `crash` for whatever else was thrown. */
async function verdictOn(token: string): Promise<string> {
  try {
    await verifySessionToken(token, { keys, issuer, audience, now });
    return 'accepted';
  } catch (error) {
    return error instanceof AuthError && Object.hasOwn(refusals, error.code)
      ? error.code
      : `crash: ${String(error)}`;
  }
}

function tallyUp(verdict: string): void {
  tally.set(verdict, (tally.get(verdict) ?? 0) + 1);
}

/** A spoiled token: spoiled again if it came out as a good one, so that none may be accepted. */
async function tryUnsigned(at: number, random: Random): Promise<void> {
  let token = mutate(good, random);
  while (goodTexts.has(token)) token = mutate(good, random);
  const verdict = await verdictOn(token);
  tallyUp(verdict);
  if (verdict.startsWith('crash') || verdict === 'accepted') failures.push({ at, verdict, token });
}

/** A payload that was spoiled and then signed: it may be good, but never crash what is behind the signature. */
async function trySigned(at: number, random: Random): Promise<void> {
  const payload = mutate(good, random).split('.')[1] ?? '';
  const text = `${sessionTokenHeader(signing)}.${payload}`;
  const token = `${text}.${encodeBase64url(await signing.sign(new TextEncoder().encode(text)))}`;
  const verdict = await verdictOn(token);
  tallyUp(`signed: ${verdict}`);
  if (verdict.startsWith('crash')) failures.push({ at, verdict, token });
}

async function inProcess(): Promise<void> {
  const random = randomFrom(seed);
  for (const token of good) if ((await verdictOn(token)) !== 'accepted') failures.push({ control: token });
  for (let at = 1; at <= count; at++) {
    await tryUnsigned(at, random);
    if (at % signedShare === 0) await trySigned(at, random);
    if (at % progressEvery === 0)
      console.log(`${number(at)} tokens, ${seconds()} s, ${number(failures.length)} failures`);
  }
}

/** Only a bearer token can be accepted without a proof; the others are sent all the same. */
async function throughHttp(): Promise<void> {
  const bearer = vectors.vectors.find(({ id }) => id === 'valid-bearer')?.token ?? '';
  const server = await startGuarded({ ...vectors });
  const control = async (): Promise<void> => {
    const status = await server.statusOf([`Authorization: Bearer ${bearer}`]);
    if (status !== 200) failures.push({ control: 'bearer', status });
  };
  const random = randomFrom(seed + 1);
  await control();
  for (let at = 1; at <= overHttp; at++) {
    const base = random(2) === 0 ? [bearer] : good;
    let token = mutate(base, random);
    // White space around a header's value is no part of it.
    while (token.replace(/^[ \t]+|[ \t]+$/g, '') === bearer) token = mutate(base, random);
    const lines =
      random(4) === 0
        ? [`Authorization: DPoP ${bearer}`, `DPoP: ${token}`]
        : [`Authorization: Bearer ${token}`];
    const status = await server.statusOf(lines);
    tallyUp(`http ${String(status)}`);
    // Node resets a connection whose header is over 16 kB, and its 431 may be lost with it.
    const isReset = status === 0 && token.length > 12_000;
    if (!isReset && (status < 400 || status >= 500)) failures.push({ http: at, status, token });
    if (at % (progressEvery / 10) === 0) console.log(`${number(at)} over HTTP, ${seconds()} s`);
  }
  await control();
  await server.close();
}

const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1);
const number = (value: number): string => value.toLocaleString('en-US');

await inProcess();
await throughHttp();
for (const [verdict, times] of [...tally].sort(([, one], [, other]) => other - one)) {
  console.log(`${number(times).padStart(10)}  ${verdict}`);
}
for (const failure of failures.slice(0, 20)) console.error(JSON.stringify(failure));
console.log(
  `fuzz: ${number(count)} spoiled tokens and ${number(overHttp)} over HTTP, seed ${String(seed)}, ${seconds()} s: ${
    failures.length === 0 ? 'none accepted, no crash, no 5xx' : `${number(failures.length)} FAILURES`
  }`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

import {
  generatePrivateJwk,
  importSigningKey,
  signAssertion,
  signProof,
  type AlgorithmName,
  type SigningKey,
} from '@symbolon/token';
import {
  createIssuer,
  createKeyring,
  type Issuer,
  type IssuerOptions,
  type IssuedTokens,
} from '../src/index.ts';
import { openSqlite } from '../src/storage/sqlite/sqlite.ts';
import type { Storage } from '../src/storage/port/storage.ts';

export const issuerUrl = 'https://issuer.example';
export const api = 'https://api.example';
export const otherApi = 'https://other.example';

/** A time that only the test moves, ms. */
export interface TestClock {
  readonly now: () => number;
  readonly advance: (seconds: number) => void;
}

export function createClock(start = Date.UTC(2026, 10, 23, 12)): TestClock {
  let time = start;
  return { now: () => time, advance: (seconds) => (time += seconds * 1000) };
}

/** An issuer on a store in memory, with a clock of its own. */
export interface Lab {
  readonly issuer: Issuer;
  readonly storage: Storage;
  readonly clock: TestClock;
  readonly faults: unknown[];
}

export const testKeyring = createKeyring([{ id: 'test', secret: new Uint8Array(32).fill(7) }]);

export async function openLab(options: Partial<IssuerOptions> = {}): Promise<Lab> {
  const clock = createClock();
  const storage = options.storage ?? openSqlite({ file: ':memory:', clock: clock.now });
  const faults: unknown[] = [];
  const issuer = await createIssuer({
    issuer: issuerUrl,
    audiences: [
      { audience: api, scopes: ['read', 'write'] },
      { audience: otherApi, scopes: ['read'], alg: 'ES256', tokenLife: 600 },
    ],
    keyring: testKeyring,
    clock: clock.now,
    report: (fault) => faults.push(fault.error),
    ...options,
    storage,
  });
  return { issuer, storage, clock, faults };
}

export async function newKey(alg: AlgorithmName = 'EdDSA'): Promise<SigningKey> {
  return importSigningKey(await generatePrivateJwk(alg));
}

/** A registered machine with its key. */
export interface TestMachine {
  readonly id: string;
  readonly key: SigningKey;
}

export async function addMachine(
  issuer: Issuer,
  options: {
    id?: string;
    bearer?: boolean;
    rights?: string[];
    audiences?: { audience: string; scope?: string[] }[];
  } = {},
): Promise<TestMachine> {
  const key = await newKey();
  const audiences = options.audiences ?? [{ audience: api, scope: ['read', 'write'] }];
  const client = await issuer.clients.add({ ...options, audiences, keys: [{ ...key.jwk }] });
  return { id: client.id, key };
}

/** What a test may bend in a request to an endpoint. */
export interface Bend {
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly holder?: SigningKey;
  readonly assertion?: string;
  readonly proof?: string | null;
}

/** Asks the token endpoint as a machine would, by its own client assertion and a proof. */
export async function askForToken(lab: Lab, machine: TestMachine, bend: Bend = {}): Promise<Response> {
  const now = lab.clock.now() / 1000;
  const holder = bend.holder ?? machine.key;
  const named = bend.proof === null ? {} : { thumbprint: holder.kid };
  const assertion =
    bend.assertion ??
    (await signAssertion({ clientId: machine.id, issuer: issuerUrl, now, ...named }, machine.key));
  const form = { grant_type: 'client_credentials', ...assertionFields(assertion), ...bend.form };
  const headers = bend.headers ?? {};
  return post(lab, '/token', { form, proof: await proofFor(lab, '/token', { ...bend, holder }), headers });
}

/** Asks for the next pair with a refresh token. */
export async function refresh(
  lab: Lab,
  asked: { clientId: string; refreshToken: string; holder: SigningKey },
  bend: Bend = {},
): Promise<Response> {
  const form = {
    grant_type: 'refresh_token',
    client_id: asked.clientId,
    refresh_token: asked.refreshToken,
    ...bend.form,
  };
  return post(lab, '/token', {
    form,
    proof: await proofFor(lab, '/token', { holder: asked.holder, ...bend }),
  });
}

/** Posts a form as a machine that authenticates by an assertion: /revoke, /introspect. */
export async function postAs(
  lab: Lab,
  machine: TestMachine,
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<Response> {
  const now = lab.clock.now() / 1000;
  const assertion = await signAssertion({ clientId: machine.id, issuer: issuerUrl, now }, machine.key);
  return post(lab, path, { form: { ...assertionFields(assertion), ...fields } });
}

export async function post(
  lab: Pick<Lab, 'issuer'>,
  path: string,
  sent: {
    form: Readonly<Record<string, string>>;
    proof?: string | null;
    headers?: Readonly<Record<string, string>>;
  },
): Promise<Response> {
  const headers = { ...(sent.proof == null ? {} : { dpop: sent.proof }), ...sent.headers };
  return lab.issuer.fetch(
    new Request(issuerUrl + path, { method: 'POST', body: new URLSearchParams(sent.form), headers }),
  );
}

export async function tokensOf(answer: Response): Promise<IssuedTokens> {
  if (answer.status !== 200 && answer.status !== 201)
    throw new Error(`${String(answer.status)} ${await answer.text()}`);
  return (await answer.json()) as IssuedTokens;
}

/** The status and the precise code of a refusal. */
export async function refusalOf(answer: Response): Promise<[number, unknown]> {
  const body = (await answer.json()) as { code?: unknown };
  return [answer.status, body.code];
}

/** A public client with one person's session on a key of its own. */
export async function startPerson(
  lab: Lab,
  options: { clientId?: string; subject?: string; audience?: string } = {},
): Promise<{ clientId: string; holder: SigningKey; tokens: IssuedTokens & { refresh_token: string } }> {
  const clientId = options.clientId ?? (await addPublicClient(lab.issuer));
  const holder = await newKey('ES256');
  const tokens = await lab.issuer.sessions.start({
    clientId,
    subject: options.subject ?? 'alice@example.com',
    audience: options.audience ?? api,
    jkt: holder.kid,
    amr: ['pwd'],
  });
  return { clientId, holder, tokens: tokens as IssuedTokens & { refresh_token: string } };
}

export async function addPublicClient(issuer: Issuer, id?: string): Promise<string> {
  const audiences = [
    { audience: api, scope: ['read'] },
    { audience: otherApi, scope: ['read'] },
  ];
  return (await issuer.clients.add({ kind: 'public', audiences, ...(id === undefined ? {} : { id }) })).id;
}

function assertionFields(assertion: string): Record<string, string> {
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  return { client_assertion_type: type, client_assertion: assertion };
}

async function proofFor(lab: Lab, path: string, bend: Bend & { holder: SigningKey }): Promise<string | null> {
  if (bend.proof !== undefined) return bend.proof;
  return signProof({ method: 'POST', url: issuerUrl + path, now: lab.clock.now() / 1000 }, bend.holder);
}

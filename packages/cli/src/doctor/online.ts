import type { Finding, KeyRow } from '@symbolon/issuer';

/** How an issuer is asked: as anybody would, from here. */
export interface OnlineExamination {
  readonly issuer: string;
  /** The keys of the store, all of which must be published. */
  readonly keys: readonly KeyRow[];
  readonly fetch: typeof fetch;
  readonly sleep: (ms: number) => Promise<void>;
}

const timeout = 5000;
/** The issuer says something new at least once a second, and caches keep it for one. */
const twoStatements = 2500;

/** Asks the running issuer what a guard would ask it: metadata, key set, feed. */
export async function examineOnline(on: OnlineExamination): Promise<readonly Finding[]> {
  const { issuer } = on;
  const { origin, pathname } = new URL(issuer);
  const path = pathname === '/' ? '' : pathname;
  try {
    const metadata = await askJson(on, `${origin}/.well-known/oauth-authorization-server${path}`);
    if (metadata['issuer'] !== issuer) return [metadataWrong(issuer, metadata['issuer'])];
    const published = await askJson(on, String(metadata['jwks_uri']));
    return [...unpublished(on.keys, published['keys']), ...(await examineFeed(on))];
  } catch (error) {
    return [unreachable(issuer, error)];
  }
}

async function examineFeed(on: OnlineExamination): Promise<readonly Finding[]> {
  const url = `${on.issuer}/revocations`;
  const first = headOf(await ask(on, url));
  await on.sleep(twoStatements);
  const second = headOf(await ask(on, url));
  if (second > first) return [];
  return [
    {
      level: 'error',
      code: 'feed_still',
      what: `${url} has said nothing new for ${String(twoStatements / 1000)} s`,
      why: 'guards cannot know of newer ends: the issuer is cut off from its store, or a cache answers for too long',
      fix: 'look at /readyz of each replica; let caches keep the feed for one second, as its headers say',
    },
  ];
}

/** The newest position of a statement. It is not verified: this only asks whether anything moves. */
function headOf(statement: string): number {
  const payload: unknown = JSON.parse(
    Buffer.from(statement.split('.')[1] ?? '', 'base64url').toString('utf8'),
  );
  return Number((payload as { to?: unknown } | null)?.to);
}

function unpublished(keys: readonly KeyRow[], set: unknown): readonly Finding[] {
  const kids = new Set(
    (Array.isArray(set) ? set : []).map((key: unknown) => (key as { kid?: unknown } | null)?.kid),
  );
  return keys
    .filter(({ purpose, kid }) => purpose === 'session' && !kids.has(kid))
    .map(({ state, alg, kid }) => ({
      level: 'error' as const,
      code: 'key_unpublished',
      what: `the ${state} key for ${alg}, ${kid}, is not in the published key set`,
      why: 'guards refuse what it signs, or will once it does',
      fix: 'see whether that URL is served by this issuer and this store, and what caches lie between',
    }));
}

async function askJson(on: OnlineExamination, url: string): Promise<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(await ask(on, url));
  if (typeof parsed !== 'object' || parsed === null) throw new TypeError(`unexpected answer from ${url}`);
  return parsed as Record<string, unknown>;
}

async function ask(on: OnlineExamination, url: string): Promise<string> {
  const response = await on.fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(timeout) });
  if (response.status !== 200)
    throw new TypeError(`unexpected status ${String(response.status)} from ${url}`);
  return response.text();
}

function metadataWrong(issuer: string, said: unknown): Finding {
  return {
    level: 'error',
    code: 'metadata_wrong',
    what: `the metadata at ${issuer} names the issuer ${String(said)}`,
    why: 'guards and clients refuse an issuer that does not call itself what they know it by',
    fix: 'let the proxy pass that URL to this issuer, or set the issuer to the URL the public uses',
  };
}

function unreachable(issuer: string, error: unknown): Finding {
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return {
    level: 'error',
    code: 'issuer_unreachable',
    what: `${issuer} could not be asked from here: ${error instanceof Error ? error.message : String(error)}${cause}`,
    why: 'guards that start now cannot verify anything, and those that run hear of no end',
    fix: 'see that the issuer runs, and that name, proxy and certificate lead to it',
  };
}

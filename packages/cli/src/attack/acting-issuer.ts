import { createHttpClient, defaultLimits, startTestIssuer, type TestIssuer } from '@symbolon/attack';
import { authorityOf, carrierOf, readForgeKey, readWord, type CredentialOptions } from './credentials.ts';
import type { Output } from '../output.ts';

/** As which issuer `symbolon attack` acts, and what its tokens say. */
export interface ActingOptions extends CredentialOptions {
  readonly asIssuer?: number;
  readonly claims?: string;
  readonly signingKey?: string;
  readonly otherAudience?: string;
}

const longestWait = 60_000;
const pause = 200;

/**
 * Acts as the issuer of a target that was set up for it; undefined without `--as-issuer`.
 *
 * A target may fetch the key set when it starts, so it can be started after this: it is waited for.
 *
 * @throws TypeError if the claims are no JSON object, or nobody answers at the URL for a minute.
 */
export async function actAsIssuer(
  url: string,
  { options, output }: { options: ActingOptions; output: Output },
): Promise<TestIssuer | undefined> {
  if (options.asIssuer === undefined) return undefined;
  const { signingKey, claims, otherAudience, audience = new URL(url).origin } = options;
  const issuer = await startTestIssuer({
    port: options.asIssuer,
    audience,
    carrier: carrierOf(options),
    ...(signingKey === undefined ? {} : { key: readForgeKey(signingKey) }),
    ...(otherAudience === undefined ? {} : { otherAudience }),
    ...(claims === undefined ? {} : { claims: readClaims(claims) }),
  });
  output.note(`Acting as the issuer ${issuer.issuer} for the audience ${audience}.`);
  try {
    await answers(url, authorityOf(options));
    return issuer;
  } catch (error) {
    issuer.close();
    throw error;
  }
}

function readClaims(given: string): Readonly<Record<string, unknown>> {
  const claims = parsed(readWord(given));
  if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) return { ...claims };
  throw new TypeError('unexpected --claims, expected a JSON object such as {"scope":"read"}');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function answers(url: string, trust: { readonly ca?: string }): Promise<void> {
  const until = performance.now() + longestWait;
  const http = createHttpClient(defaultLimits, trust);
  try {
    while (performance.now() < until) {
      const { kind } = await http.send({ url, method: 'GET', headers: [] });
      if (kind === 'answer') return;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  } finally {
    http.close();
  }
  throw new TypeError(`nobody answers at ${url}: start the target with the issuer that was named`);
}

import { createGuard, type Guard, type GuardOptions } from '@symbolon/guard';
import { AuthError } from '@symbolon/token';
import { api, issuerUrl } from './replica-orders.ts';
import type { Road } from './road.ts';

/** Makes a guard that reaches its issuer by the road. */
export function guardOn(road: Road, options: Partial<GuardOptions> = {}): Guard {
  return createGuard({
    issuer: issuerUrl,
    audience: api,
    bearer: 'accept',
    staleFeed: 'refuse',
    fetch: road.fetch,
    ...options,
  });
}

/** Asks a guard with a bearer token: `accepted`, or the code of the refusal. */
export async function decisionOf(guard: Guard, token: string): Promise<string> {
  const get = (name: string): string | undefined =>
    name.toLowerCase() === 'authorization' ? `Bearer ${token}` : undefined;
  try {
    await guard.authenticate({ method: 'GET', url: '/orders', headers: { get } });
    return 'accepted';
  } catch (error) {
    if (error instanceof AuthError) return error.code;
    throw error;
  }
}

/** Waits until something holds; the bound is generous, for "never" and not for speed. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  within = 20_000,
): Promise<void> {
  const end = performance.now() + within;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${within} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

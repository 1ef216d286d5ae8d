/** What a resource asks of the person (RFC 9470 section 3). */
export interface PresenceAsked {
  /** How many seconds ago the person may have been there at most. */
  readonly maxAge?: number;
  /** Authentication contexts, by spaces, the best one first. */
  readonly acrValues?: string;
}

/**
 * Has the person prove presence to the issuer, and settles when the holder's store has a session that shows it.
 *
 * It rejects where that did not come about; the request that needed it then rejects with the same error.
 */
export type ProvePresence = (asked: PresenceAsked) => Promise<void>;

const wholeSeconds = /^(?:0|[1-9][0-9]{0,8})$/;

/** Reads what a challenge asks of the person; undefined if it asks for something else. */
export function presenceAskedBy(
  challenge: ReadonlyMap<string, string> | undefined,
): PresenceAsked | undefined {
  if (challenge?.get('error') !== 'insufficient_user_authentication') return undefined;
  const maxAge = challenge.get('max_age');
  const acrValues = challenge.get('acr_values');
  return {
    ...(maxAge !== undefined && wholeSeconds.test(maxAge) ? { maxAge: Number(maxAge) } : {}),
    ...(acrValues === undefined ? {} : { acrValues }),
  };
}

/** However many requests ask for the same at once, the person is asked once. */
export function askOnce(prove: ProvePresence): ProvePresence {
  const asking = new Map<string, Promise<void>>();
  return (asked) => {
    const name = JSON.stringify([asked.maxAge, asked.acrValues]);
    const flight = asking.get(name) ?? prove(asked);
    asking.set(name, flight);
    const forget = (): void => void asking.delete(name);
    flight.then(forget, forget);
    return flight;
  };
}

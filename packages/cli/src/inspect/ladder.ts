import { AuthError, type AuthErrorCode } from '@symbolon/token';

/** One check and what came of it. */
export interface Finding {
  readonly check: string;
  readonly result: 'ok' | 'refused' | 'not checked';
  /** What was compared, why it was refused, or why it was not checked. */
  readonly why: string;
  readonly code?: AuthErrorCode;
}

/** One check of a verifier: what it makes sure of, and the codes with which it refuses. */
export interface Rung {
  readonly check: string;
  readonly says: string;
  readonly codes: readonly AuthErrorCode[];
  /** The claims that this check is about, where a code is shared. */
  readonly claims?: readonly string[];
}

/** How to climb: what to expect, and what to do at a refusal. */
export interface Climb<Expected> {
  readonly expected: Expected;
  readonly verify: (expected: Expected) => Promise<unknown>;
  /** How to go on after a refusal as if that check had passed; undefined stops there. */
  readonly excuse: (code: AuthErrorCode, expected: Expected) => Expected | undefined;
  /** Checks for which something is missing, and what to do about it. */
  readonly missing: ReadonlyMap<string, string>;
}

/**
 * Finds out what each check of a verifier says, by the verifier itself: it refuses at the first fault, so it is asked
 * again with that fault excused until it accepts or the fault is one behind which nothing can be said.
 */
export async function climb<Expected>(
  ladder: readonly Rung[],
  options: Climb<Expected>,
): Promise<readonly Finding[]> {
  const { missing } = options;
  const refused = new Map<Rung, AuthError>();
  let stop: Rung | undefined;
  let expected: Expected | undefined = options.expected;
  while (expected !== undefined) {
    const error = await refusalOf(() => options.verify(expected as Expected));
    if (error === undefined) break;
    const rung = findRung(ladder, error);
    if (refused.has(rung)) break;
    if (!isUnanswerable(rung, { error, missing })) refused.set(rung, error);
    expected = options.excuse(error.code, expected);
    if (expected === undefined) stop = rung;
  }
  return ladder.map((rung, at) =>
    findingOf(rung, { refused, missing, stop: at > positionOf(ladder, stop) ? stop : undefined }),
  );
}

function findingOf(
  rung: Rung,
  {
    refused,
    missing,
    stop,
  }: { refused: ReadonlyMap<Rung, AuthError>; missing: Climb<unknown>['missing']; stop: Rung | undefined },
): Finding {
  const { check } = rung;
  const error = refused.get(rung);
  if (error !== undefined) return { check, result: 'refused', why: error.message, code: error.code };
  const lacks = missing.get(check);
  if (lacks !== undefined) return { check, result: 'not checked', why: lacks };
  if (stop !== undefined) return { check, result: 'not checked', why: `comes after "${stop.check}"` };
  return { check, result: 'ok', why: rung.says };
}

async function refusalOf(verify: () => Promise<unknown>): Promise<AuthError | undefined> {
  try {
    await verify();
    return undefined;
  } catch (error) {
    if (error instanceof AuthError) return error;
    throw error;
  }
}

/** The check that made this refusal: one about the very claim first. */
function findRung(ladder: readonly Rung[], error: AuthError): Rung {
  const claim = String(error.detail['claim']);
  const fitting = ladder.filter((rung) => rung.codes.includes(error.code));
  const rung =
    fitting.find(({ claims }) => claims?.includes(claim)) ??
    fitting.find(({ claims }) => claims === undefined);
  if (rung === undefined) throw error;
  return rung;
}

/** Without any key every header is unknown: that says nothing of the text. */
function isUnanswerable(
  rung: Rung,
  { error, missing }: { error: AuthError; missing: Climb<unknown>['missing'] },
): boolean {
  return error.code.endsWith('_key_unknown') && missing.has(rung.check);
}

function positionOf(ladder: readonly Rung[], stop: Rung | undefined): number {
  return stop === undefined ? ladder.length : ladder.indexOf(stop);
}

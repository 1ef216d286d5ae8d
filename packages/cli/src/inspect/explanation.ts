import { distanceText } from '../times.ts';
import type { Finding } from './ladder.ts';
import { partLines } from './parts.ts';
import type { Statement } from './statement.ts';

/** What the checks come to: `unverified` is worth nothing. */
export type Verdict = 'good' | 'refused' | 'unverified';

/** Sums the checks up. */
export function verdictOf(findings: readonly Finding[]): Verdict {
  if (findings.some(({ result }) => result === 'refused')) return 'refused';
  return findings.some(({ check, result }) => check === 'signature' && result === 'ok')
    ? 'good'
    : 'unverified';
}

/** The session of a token, as its issuer's store has it; times in seconds. */
export interface SessionState {
  readonly alive: boolean;
  readonly ended_at: number | null;
  readonly end_reason: string | null;
  readonly generation: number;
}

/** All that was found out about a statement. */
export interface Judged {
  readonly findings: readonly Finding[];
  readonly session: SessionState | undefined;
  readonly verdict: Verdict;
  readonly now: number;
  readonly from: string;
}

/** Tells people what a statement says, what was checked and what came of it. */
export function explain(statement: Statement, judged: Judged): string {
  const { kind, isNamed, text, header, payload } = statement;
  const { findings, session, now } = judged;
  return [
    isNamed
      ? `A ${kind}, ${text.length} characters.`
      : `Nothing of ours, judged as a ${kind}; ${text.length} characters.`,
    '\nHeader, as stated',
    ...partLines(header, now),
    '\nPayload, as stated',
    ...partLines(payload, now),
    `\nChecks, against ${judged.from}`,
    ...findings.map(({ check, result, why }) => `  ${result.padEnd(11)}  ${check.padEnd(9)}  ${why}`),
    ...(session === undefined ? [] : [`\nAt the issuer\n  ${sessionText(session, now)}`]),
    `\n${verdictText[judged.verdict]}`,
  ].join('\n');
}

function sessionText(session: SessionState, now: number): string {
  const { alive, ended_at: endedAt, end_reason: reason, generation } = session;
  if (alive) return `the session stands, at generation ${generation}`;
  const when = endedAt === null ? 'is over' : `was ended ${distanceText(endedAt, now)} (${reason ?? ''})`;
  return `the session ${when}; a session token of it is good until it expires all the same`;
}

const verdictText: Readonly<Record<Verdict, string>> = {
  good: 'Good, as far as it was checked.',
  refused: 'Refused.',
  unverified: 'Not verified: whoever made it, it could say anything.',
};

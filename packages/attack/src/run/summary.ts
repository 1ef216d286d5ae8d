import type { Report, Result } from '../report/report.ts';

/** How far a point is shown: all tried attacks refused, one accepted, or neither. */
export type Standing = 'met' | 'not met' | 'not shown';

/** One point of the requirement, with its evidence. */
export interface Point {
  readonly name: string;
  readonly standing: Standing;
  /** What the standing rests on, in a sentence. */
  readonly evidence: string;
  /** The attacks that were accepted. */
  readonly findings: readonly string[];
}

/** The requirement of stateless session tokens, point by point. */
export interface Requirement {
  readonly standing: Standing;
  readonly points: readonly Point[];
}

/** The points, and the beginnings of the ids of their attacks. A point that is not asked of everybody does not hold up the whole. */
const points: readonly {
  readonly name: string;
  readonly starts: readonly string[];
  readonly isOptional?: true;
}[] = [
  { name: 'A token is believed only with a genuine signature', starts: ['token/', 'signature/'] },
  { name: 'Key and algorithm are the server’s choice, never the token’s', starts: ['keys/'] },
  { name: 'A token has one spelling and one form', starts: ['encoding/', 'envelope/'] },
  { name: 'Times and values are checked', starts: ['claims/'] },
  { name: 'A token is good for its audience, from its issuer, as its kind', starts: ['audience/'] },
  { name: 'A token is good in the hands of its holder alone', starts: ['proof/'], isOptional: true },
  { name: 'What is ended or used up stays so', starts: ['replay/', 'refresh/'] },
  { name: 'No static secret opens anything, and none leaks', starts: ['secrets/', 'keys/guessed-'] },
  {
    name: 'An issuer knows its clients, and publishes nothing that weakens it',
    starts: ['issuer/'],
    isOptional: true,
  },
  { name: 'Browsers cannot be made to misuse it', starts: ['web/'], isOptional: true },
  { name: 'Hostile input costs little and breaks nothing', starts: ['resources/'] },
];

/**
 * Says how far the results show that session tokens are stateless, signed and free of static secrets (ASVS 4.0.1 3.2.2,
 * 3.5.1–3.5.3; ASVS 5.0 V7, V9, V10).
 *
 * It says nothing of what cannot be seen from outside: how keys are kept, and whether a look-up stands behind an answer.
 */
export function requirementOf({ results }: Pick<Report, 'results'>): Requirement {
  const judged = points.map((point) => ({ ...point, ...pointOf(point, results) }));
  const asked = judged.filter(({ isOptional, standing }) => isOptional !== true || standing === 'not met');
  return { standing: overall(asked.map(({ standing }) => standing)), points: judged.map(bare) };
}

function pointOf(
  { name, starts }: { name: string; starts: readonly string[] },
  results: readonly Result[],
): Point {
  const own = results.filter(({ id }) => starts.some((start) => id.startsWith(start)));
  const by = (verdict: Result['verdict']): readonly Result[] =>
    own.filter((each) => each.verdict === verdict);
  const [found, refused, unclear, skipped] = [
    by('accepted'),
    by('refused'),
    by('inconclusive'),
    by('skipped'),
  ];
  const standing =
    found.length > 0 ? 'not met' : refused.length === 0 || unclear.length > 0 ? 'not shown' : 'met';
  const evidence = [
    `${refused.length} attacks refused`,
    ...(found.length > 0 ? [`${found.length} accepted`] : []),
    ...(unclear.length > 0 ? [`${unclear.length} inconclusive`] : []),
    ...(skipped.length > 0 ? [`${skipped.length} skipped`] : []),
  ].join(', ');
  return { name, standing, evidence, findings: found.map(({ id }) => id) };
}

function overall(standings: readonly Standing[]): Standing {
  if (standings.includes('not met')) return 'not met';
  return standings.every((standing) => standing === 'met') ? 'met' : 'not shown';
}

function bare({ name, standing, evidence, findings }: Point): Point {
  return { name, standing, evidence, findings };
}

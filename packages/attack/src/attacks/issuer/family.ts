import type { Attack } from '../../attack-row.ts';
import { assertionMembers, assertionValues } from './assertions.ts';
import { oddMethods } from './methods.ts';
import { published } from './published.ts';
import { tokenAnswers, tokenRequests } from './requests.ts';
import { assertionSignatures } from './signatures.ts';

/** The issuer itself: how it knows its clients, what it takes for a token request, and what it publishes. */
export const issuerAttacks: readonly Attack[] = [
  ...assertionValues,
  ...assertionMembers,
  ...assertionSignatures,
  ...tokenRequests,
  ...tokenAnswers,
  ...published,
  ...oddMethods,
];

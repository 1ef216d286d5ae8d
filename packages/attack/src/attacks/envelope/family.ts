import type { Attack } from '../../attack-row.ts';
import { critical } from './critical.ts';
import { encrypted } from './encrypted.ts';
import { jsonForms } from './json-forms.ts';
import { nested } from './nested.ts';
import { segmentForms } from './segments.ts';

/** Tokens in other envelopes than compact text of three segments. */
export const envelopeAttacks: readonly Attack[] = [
  ...jsonForms,
  ...segmentForms,
  ...critical,
  ...nested,
  ...encrypted,
];

import type { Attack } from '../../attack-row.ts';
import { edwards } from './edwards.ts';
import { psychic } from './psychic.ts';
import { rsa } from './rsa.ts';
import { sameness } from './sameness.ts';
import { secondForms } from './second-forms.ts';

/** Signatures that verify though nobody made them, or that say the same in another text. */
export const signatureAttacks: readonly Attack[] = [
  ...psychic,
  ...secondForms,
  ...edwards,
  ...rsa,
  ...sameness,
];

import type { Attack } from '../../attack-row.ts';
import { proofsAgain } from './again.ts';
import { proofBinding } from './binding.ts';
import { certificateBinding } from './certificates.ts';
import { proofClaims } from './claims.ts';
import { proofKeys } from './keys.ts';
import { proofPresentation } from './presentation.ts';

/** Proofs of possession that prove something else. */
export const proofAttacks: readonly Attack[] = [
  ...proofClaims,
  ...proofKeys,
  ...proofBinding,
  ...certificateBinding,
  ...proofPresentation,
  ...proofsAgain,
];

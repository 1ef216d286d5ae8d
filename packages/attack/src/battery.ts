import type { Attack } from './attack-row.ts';
import { tokenAttacks } from './attacks/token/family.ts';
import { keysAttacks } from './attacks/keys/family.ts';
import { signatureAttacks } from './attacks/signature/family.ts';
import { encodingAttacks } from './attacks/encoding/family.ts';
import { envelopeAttacks } from './attacks/envelope/family.ts';
import { claimsAttacks } from './attacks/claims/family.ts';
import { audienceAttacks } from './attacks/audience/family.ts';
import { proofAttacks } from './attacks/proof/family.ts';
import { replayAttacks } from './attacks/replay/family.ts';
import { refreshAttacks } from './attacks/refresh/family.ts';
import { resourcesAttacks } from './attacks/resources/family.ts';
import { authorizeAttacks } from './attacks/authorize/family.ts';
import { issuerAttacks } from './attacks/issuer/family.ts';
import { webAttacks } from './attacks/web/family.ts';
import { secretsAttacks } from './attacks/secrets/family.ts';

/** Every attack, in the order in which they are tried: what may end sessions comes last. */
export const battery: readonly Attack[] = [
  ...tokenAttacks,
  ...keysAttacks,
  ...signatureAttacks,
  ...encodingAttacks,
  ...envelopeAttacks,
  ...claimsAttacks,
  ...audienceAttacks,
  ...proofAttacks,
  ...webAttacks,
  ...secretsAttacks,
  ...issuerAttacks,
  ...authorizeAttacks,
  ...resourcesAttacks,
  ...replayAttacks,
  ...refreshAttacks,
];

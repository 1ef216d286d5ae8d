import { tokenTargets } from './token.ts';
import { keysTargets } from './keys.ts';
import { signatureTargets } from './signature.ts';
import { encodingTargets } from './encoding.ts';
import { envelopeTargets } from './envelope.ts';
import { rotationTargets } from './rotation.ts';
import { certificateTargets } from './certificates.ts';
import { claimsTargets } from './claims.ts';
import { audienceTargets } from './audience.ts';
import { proofTargets } from './proof.ts';
import { proofMemoryTargets } from './proof-memory.ts';
import { replayTargets } from './replay.ts';
import { noncedRefreshTargets } from './nonced-refresh.ts';
import { refreshTargets } from './refresh.ts';
import { resourcesTargets } from './resources.ts';
import { secureCookieTargets } from './secure-cookies.ts';
import { unfinishedTargets } from './unfinished.ts';
import { webTargets } from './web.ts';
import { pagesTargets } from './pages.ts';
import { doorsTargets } from './doors.ts';
import { authorizeTargets } from './authorize.ts';
import { compressedTargets } from './compressed.ts';
import { consentTargets } from './consent.ts';
import { issuerTargets } from './issuer.ts';
import { secretsTargets } from './secrets.ts';
import type { Target } from './target.ts';

/** Every weak server, each with one flaw. */
export const weak: readonly Target[] = [
  ...tokenTargets,
  ...keysTargets,
  ...signatureTargets,
  ...encodingTargets,
  ...envelopeTargets,
  ...rotationTargets,
  ...claimsTargets,
  ...audienceTargets,
  ...proofTargets,
  ...certificateTargets,
  ...proofMemoryTargets,
  ...replayTargets,
  ...refreshTargets,
  ...noncedRefreshTargets,
  ...resourcesTargets,
  ...webTargets,
  ...secureCookieTargets,
  ...pagesTargets,
  ...secretsTargets,
  ...issuerTargets,
  ...authorizeTargets,
  ...consentTargets,
  ...doorsTargets,
  ...compressedTargets,
  ...unfinishedTargets,
];

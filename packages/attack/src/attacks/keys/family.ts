import type { Attack } from '../../attack-row.ts';
import { embeddedKeys } from './embedded-keys.ts';
import { guessedSecrets } from './guessed-secrets.ts';
import { hmacConfusion } from './hmac-confusion.ts';
import { formerKeys } from './former-keys.ts';
import { keySetAbuse } from './key-set.ts';
import { keyUrls } from './key-urls.ts';
import { kidInjection } from './kid-injection.ts';
import { relabelled } from './relabelled.ts';

/** Keys and algorithms chosen by the attacker. */
export const keysAttacks: readonly Attack[] = [
  ...hmacConfusion,
  ...guessedSecrets,
  ...relabelled,
  ...embeddedKeys,
  ...keyUrls,
  ...kidInjection,
  ...keySetAbuse,
  ...formerKeys,
];

import { formCommand, refreshRequests, type AttackOptions } from '@symbolon/attack';
import { readWord, type CredentialOptions } from './credentials.ts';

/** How `symbolon attack` redeems refresh tokens at a token endpoint that is not ours. */
export interface RefreshOptions extends CredentialOptions {
  readonly refresh?: string;
  readonly refreshFormCommand?: string;
}

/**
 * Makes the refresh requests that the options describe; undefined without `--refresh`.
 *
 * @throws TypeError if no client is named.
 */
export function refreshOf(options: RefreshOptions): AttackOptions['refreshRequest'] {
  const { refresh: endpoint, client: clientId, clientSecretFile, refreshFormCommand } = options;
  if (endpoint === undefined) return undefined;
  if (clientId === undefined)
    throw new TypeError('with --refresh give --client, whose refresh tokens they are');
  return refreshRequests({
    endpoint,
    clientId,
    ...(clientSecretFile === undefined ? {} : { secret: readWord(`@${clientSecretFile}`) }),
    ...(refreshFormCommand === undefined ? {} : { form: formCommand(refreshFormCommand) }),
  });
}

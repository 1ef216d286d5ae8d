import { HolderError } from '@symbolon/holder';
import type { Command } from 'commander';
import { machineOf, withClientOptions, type AsClientOptions } from '../as-client.ts';
import type { Output } from '../output.ts';
import { action, collectWords, withCommonOptions } from '../run.ts';

/** `symbolon token`: a fresh session token on stdout. */
export function addToken(program: Command): void {
  const command = program
    .command('token')
    .description('get a session token for a machine client from a running issuer')
    .option('--scope <names>', 'ask for these scope values only, separated by commas', collectWords);
  withClientOptions(withCommonOptions(command))
    .addHelpText('after', examples)
    .action(action((output, self) => printToken(output, self.opts())));
}

const examples = `
The token is bound to the client's key: it is no good without a proof for each request ("symbolon call" makes them).

Examples:
  $ symbolon token
  $ symbolon token --json
  $ symbolon token --client nightly-report --key report.jwk.json --scope reports:read
  $ symbolon token | symbolon inspect`;

async function printToken(output: Output, options: AsClientOptions): Promise<void> {
  const machine = await machineOf(options);
  const result = await machine.token();
  if (result.kind !== 'ok') throw new HolderError(result);
  const { token, expiresAt } = result;
  const life = Math.round((expiresAt - Date.now()) / 1000);
  output.result({ access_token: token, token_type: 'DPoP', expires_in: life }, () => token);
}

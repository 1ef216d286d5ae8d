import { attack, type TestIssuer } from '@symbolon/attack';
import type { Command } from 'commander';
import { withClientOptions } from '../as-client.ts';
import { actAsIssuer } from '../attack/acting-issuer.ts';
import { honestMeans, type HonestMeans } from '../attack/credentials.ts';
import { addOptions, type Options } from '../attack/options.ts';
import { list, progressOf, tell } from '../attack/outcome.ts';
import { checkReportFiles } from '../attack/reports.ts';
import { settle } from '../attack/settings.ts';
import type { Output } from '../output.ts';
import { action, collectWords, withCommonOptions } from '../run.ts';

/** `symbolon attack`: the battery against any endpoint that takes a token. */
export function addAttack(program: Command): void {
  const command = program
    .command('attack [url]')
    .description('try every known attack on an endpoint that takes a token, and report what it accepts');
  addOptions(command);
  withClientOptions(withCommonOptions(command))
    .option('--scope <names>', 'ask for these scope values only, separated by commas', collectWords)
    .addHelpText('after', examples)
    .action(action((output, self) => runAttack(output, { ...self.opts<Options>(), url: self.args[0] })));
}

const examples = `
What is not given is not tried, and the report says so. Exits with 1 if anything was accepted, with 3 if the target could not be judged.

Examples:
  $ symbolon attack http://localhost:4081/me                      what "symbolon dev" runs
  $ symbolon attack http://localhost:3000/api --token @token.txt --jwks http://localhost:3000/jwks
  $ symbolon attack http://localhost:3000/api --token-command ./login.sh --cookie session --html report.html
  $ symbolon attack https://staging.example.com/me --i-am-authorised staging.example.com \\
      --issuer https://id.example.com --client tester --client-secret-file secret.txt --bearer
  $ symbolon attack http://localhost:4081/me --replay keys/hs256-with-spki-pem`;

async function runAttack(output: Output, options: Options & { url: string | undefined }): Promise<void> {
  if (options.list === true) {
    list(output);
    return;
  }
  const { url } = options;
  if (url === undefined || !URL.canParse(url))
    throw new TypeError(`unexpected URL ${url ?? '(none)'}, expected one to attack`);
  checkReportFiles(options);
  const acting = await actAsIssuer(url, { options, output });
  const means = acting === undefined ? honestMeans(options) : meansOf(acting);
  try {
    const settled = { ...settle({ ...options, url }, means), ...acting?.options };
    const report = await attack({ ...settled, onResult: progressOf(output) });
    tell(output, { report, options });
  } finally {
    acting?.close();
    means.client?.close();
  }
}

function meansOf({ options }: TestIssuer): HonestMeans {
  return { honest: options.honest };
}

import { resolve } from 'node:path';
import type { Issuer } from '@symbolon/issuer';
import type { Command } from 'commander';
import { openClientKey } from '../client-key.ts';
import { findDataFolder } from '../data-folder.ts';
import { serveDemoApi } from '../demo-api.ts';
import { createDemoGuard, secondAfterStart } from '../demo-guard.ts';
import { settleDevFolder, type DevFolder } from '../dev-folder.ts';
import { demoApiClient, ensureDemoClients } from '../demo-client.ts';
import { commandLine } from '../invocation.ts';
import { openIssuer } from '../open-issuer.ts';
import type { Output } from '../output.ts';
import { demoHolder, demoUrl, freshCurl } from '../paste-block.ts';
import { firstLinkText } from './account.ts';
import { action, readPort, withCommonOptions, type CommonOptions } from '../run.ts';
import { stopSignal } from '../stop-signal.ts';

interface Options extends CommonOptions {
  readonly port?: number;
}

/** `symbolon dev`: issuer, demo API behind a guard and demo client, with no configuration. */
export function addDev(program: Command): void {
  const command = program
    .command('dev')
    .description('start an issuer, a demo API behind a guard and a demo client, with no configuration')
    .option('--port <port>', "the issuer's port; 0 for a free one (default: 4080, or a free one)", readPort);
  withCommonOptions(command)
    .addHelpText('after', examples)
    .action(action((output, command) => runDev(output, command.opts())));
}

const examples = `
Examples:
  $ symbolon dev
  $ symbolon dev --port 0 --data ./try --json        one line of JSON when it is ready

Against it, in another terminal:
  $ symbolon call http://localhost:4081/me
  $ symbolon token | symbolon inspect`;

async function runDev(output: Output, options: Options): Promise<void> {
  const stopped = stopSignal();
  const folder = await settleDevFolder(findDataFolder(options.data), options.port);
  const { opened, accounts } = await start(folder, output);
  await using running = opened;
  const first = await accounts?.inviteFirst();
  output.result(readyEvent(folder), () => banner(folder));
  if (first !== undefined)
    output.result({ event: 'first_account', ...first }, () => firstLinkText(first.link));
  if (!output.json) {
    await secondAfterStart();
    await offerCurls(folder);
  }
  await stopped;
  await running.disposeAsync();
}

interface Running {
  readonly opened: AsyncDisposableStack;
  readonly accounts: Issuer['accounts'];
}

/** Opens everything; what was opened is closed when a later part fails, so that the process ends. */
async function start(folder: DevFolder, output: Output): Promise<Running> {
  const { settings } = folder;
  await using opened = new AsyncDisposableStack();
  const { issuer } = await openIssuer(folder, {
    keyFile: 'create',
    report: ({ path, error }) => {
      const message = String(error);
      output.result({ event: 'fault', path, message }, () => `fault at ${path}: ${message}`);
    },
  });
  opened.defer(() => issuer.close());
  await ensureDemoClients(issuer, { folder, settings });
  const { serveIssuer } = await import('@symbolon/issuer');
  const office = await serveIssuer(issuer, { port: settings.port, host: settings.host });
  opened.defer(() => office.close());
  const key = await openClientKey(resolve(folder.path, demoApiClient.keyFile));
  const guard = createDemoGuard(settings, { ...folder, key });
  await guard.ready();
  const demo = await serveDemoApi(guard, settings.demo.port);
  opened.defer(() => demo.close());
  return { opened: opened.move(), accounts: issuer.accounts };
}

function readyEvent(folder: DevFolder): object {
  const { settings } = folder;
  return {
    event: 'ready',
    issuer: settings.issuer,
    jwks_uri: `${settings.issuer}/jwks`,
    audience: demoUrl(settings),
    demo_api: demoUrl(settings),
    client_id: settings.demo.clientId,
    client_key_file: resolve(folder.path, settings.demo.clientKeyFile),
    data_dir: folder.path,
  };
}

function banner(folder: DevFolder): string {
  return `Symbolon is running for development. Everything it knows is in ${folder.path}

  Only for development: the key file lies beside the store, so whoever copies the folder can sign tokens; the demo
  client is known; http on loopback. "symbolon serve" refuses all three.

  Account ${folder.settings.issuer}/account, console ${folder.settings.issuer}/console, demo API ${demoUrl(folder.settings)}
`;
}

async function offerCurls(folder: DevFolder): Promise<void> {
  const { settings } = folder;
  const url = `${demoUrl(settings)}/me`;
  const key = await openClientKey(resolve(folder.path, settings.demo.clientKeyFile));
  const holder = demoHolder(settings, key);
  const offer = async (): Promise<void> => {
    process.stdout.write(`${await freshCurl(holder, url)}\n`);
  };
  process.stdout.write(
    `Paste this into another terminal within 30 seconds: it answers 200, and 401 when it is sent again, since a proof is good\nfor one request.\n\n`,
  );
  await offer();
  const hint = `\n${commandLine(`call ${url}`, folder.path)}`;
  process.stdout.write(`\nOr let the command line hold the key:\n${hint}\n`);
  if (!process.stdin.isTTY) return;
  process.stdout.write('\nPress Enter for a fresh curl, Ctrl-C to stop.\n');
  process.stdin.on('data', () => void offer()).unref();
}

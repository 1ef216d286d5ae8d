import { resolve } from 'node:path';
import { serveIssuer } from '@symbolon/issuer';
import type { Command } from 'commander';
import { openClientKey } from '../client-key.ts';
import { findDataFolder, makeDataFolder, writeSettings, type DataFolder } from '../data-folder.ts';
import { serveDemoApi } from '../demo-api.ts';
import { createDemoGuard, secondAfterStart } from '../demo-guard.ts';
import { demoScope, ensureDemoClient } from '../demo-client.ts';
import { commandLine } from '../invocation.ts';
import { openIssuer, type SettledFolder } from '../open-issuer.ts';
import type { Output } from '../output.ts';
import { demoHolder, demoUrl, exportLines, freshCurl } from '../paste-block.ts';
import { choosePorts, isFree } from '../ports.ts';
import { action, readPort, withCommonOptions, type CommonOptions } from '../run.ts';
import type { DevSettings } from '../settings.ts';
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
  $ symbolon dev --port 0 --data /tmp/try --json     one line of JSON when it is ready

Against it, in another terminal:
  $ symbolon call http://localhost:4081/me
  $ symbolon token | symbolon inspect`;

async function runDev(output: Output, options: Options): Promise<void> {
  const folder = await settle(findDataFolder(options.data), options.port);
  await using running = await start(folder, output);
  output.result(readyEvent(folder), () => banner(folder));
  if (!output.json) {
    await secondAfterStart();
    await offerCurls(folder);
  }
  await stopSignal();
  await running.disposeAsync();
}

type DevFolder = DataFolder & { readonly settings: DevSettings; readonly isFirst: boolean };

/** The folder's settings as they stand, or new ones: an issuer keeps its name, and so its ports, for ever. */
async function settle(folder: DataFolder, port: number | undefined): Promise<DevFolder> {
  const { settings } = folder;
  if (settings === undefined) return settleNew(folder, port);
  if (settings.mode !== 'dev') {
    throw new TypeError(
      `${folder.path} is the data folder of "symbolon serve": name another one with --data`,
    );
  }
  if (port !== undefined && port !== 0 && port !== settings.port) {
    throw new TypeError(
      `${folder.path} belongs to the issuer ${settings.issuer}: start without --port, or name another folder with --data`,
    );
  }
  for (const taken of [settings.port, settings.demo.port]) {
    if (!(await isFree(taken))) {
      throw new TypeError(
        `port ${taken} is busy, and ${settings.issuer} in ${folder.path} needs it: is it running already? Stop what listens there, or name another folder with --data`,
      );
    }
  }
  return { ...folder, settings, isFirst: false };
}

async function settleNew(folder: DataFolder, wanted: number | undefined): Promise<DevFolder> {
  const ports = await choosePorts(wanted);
  const settings: DevSettings = {
    mode: 'dev',
    issuer: `http://localhost:${ports.issuer}`,
    host: '127.0.0.1',
    port: ports.issuer,
    audiences: [{ audience: `http://localhost:${ports.demo}`, scopes: [demoScope] }],
    keyFile: 'dev-keys.json',
    demo: { port: ports.demo, clientId: 'demo', clientKeyFile: 'demo-client.jwk.json' },
  };
  makeDataFolder(folder);
  writeSettings(folder, settings);
  return { ...folder, settings, isFirst: true };
}

/** Opens everything; what was opened is closed when a later part fails, so that the process ends. */
async function start(folder: DevFolder, output: Output): Promise<AsyncDisposableStack> {
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
  await ensureDemoClient(issuer, { folder, settings });
  const office = await serveIssuer(issuer, { port: settings.port, host: settings.host });
  opened.defer(() => office.close());
  const guard = createDemoGuard(settings, folder);
  await guard.ready();
  const demo = await serveDemoApi(guard, settings.demo.port);
  opened.defer(() => demo.close());
  return opened.move();
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

function banner(folder: SettledFolder): string {
  return `Symbolon is running for development. Everything it knows is in ${folder.path}

  Only for development: the key file lies beside the store, so whoever copies the folder can sign tokens; the demo
  client is known; http on loopback. "symbolon serve" refuses all three.
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
  process.stdout.write(`${exportLines(settings)}\n`);
  await offer();
  const hint = `\n${commandLine(`call ${url}`, folder.path)}`;
  process.stdout.write(`\nOr let the command line hold the key:\n${hint}\n`);
  if (!process.stdin.isTTY) return;
  process.stdout.write('\nPress Enter for a fresh curl, Ctrl-C to stop.\n');
  process.stdin.on('data', () => void offer()).unref();
}

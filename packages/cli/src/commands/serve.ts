import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { serveIssuer } from '@symbolon/issuer';
import type { Command } from 'commander';
import { pino, type Logger } from 'pino';
import { findDataFolder, makeDataFolder, writeSettings } from '../data-folder.ts';
import { openIssuer } from '../open-issuer.ts';
import { readStore } from '../open-store.ts';
import type { Output } from '../output.ts';
import { withRequestLog } from '../request-log.ts';
import { action, collect, collectWords, readPort, withCommonOptions, type CommonOptions } from '../run.ts';
import { demandSafety, type Plan } from '../safety.ts';
import { configFile, readJsonAs, type ConfigFile, type ProductionSettings } from '../settings.ts';
import { stopSignal } from '../stop-signal.ts';

interface Options extends CommonOptions {
  readonly config?: string;
  readonly issuer?: string;
  readonly audience?: readonly string[];
  readonly scope?: readonly string[];
  readonly host?: string;
  readonly port?: number;
  readonly keyFile?: string;
  readonly store?: string;
  readonly behindProxy?: true;
}

/** `symbolon serve`: an issuer for production, which does not start in an unsafe way. */
export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description('serve an issuer in production; refuses to start in an unsafe way and says what to do')
    .option('--config <file>', 'settings as JSON; flags say more')
    .option('--issuer <url>', 'its name: the https URL by which the public reaches it')
    .option('--audience <url>', 'make tokens for this resource server; repeatable', collect)
    .option('--scope <names>', 'scope values that exist there, separated by commas', collectWords)
    .option('--host <address>', 'listen on this address (default: 127.0.0.1)')
    .option('--port <port>', 'listen on this port (default: 4080)', readPort)
    .option(
      '--key-file <file>',
      'of the key that wraps the signing keys, outside the data folder; made if new',
    )
    .option(
      '--store <url>',
      'keep the store in PostgreSQL: postgres://… (default: a file in the data folder)',
    )
    .option('--behind-proxy', 'nobody but a proxy that ends TLS can reach the port');
  withCommonOptions(command)
    .addHelpText('after', examples)
    .action(action((output, self) => runServe(output, self.opts())));
}

const examples = `
What is said once is kept in the data folder, where the other commands find it. Logs are JSON on stdout: no credential,
no query.

Examples:
  $ symbolon serve --issuer https://issuer.example.com --audience https://api.example.com --scope read,write \\
      --data /var/lib/symbolon --key-file /etc/symbolon/keys.json
  $ symbolon serve --config /etc/symbolon/serve.json
  $ symbolon serve --data /var/lib/symbolon --store postgres://symbolon@db.example.com/symbolon?sslmode=verify-full
  $ symbolon serve --data /var/lib/symbolon`;

async function runServe(output: Output, options: Options): Promise<void> {
  const plan = readPlan(options);
  demandSafety(plan);
  const { settings } = plan;
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime });
  makeDataFolder(plan.folder);
  const known = [plan.folder.storeFile, resolve(plan.folder.path, settings.keyFile)].some(existsSync);
  const keyFile = known ? 'existing' : 'create';
  const report = (fault: { path: string; error: unknown }): void => {
    log.error({ path: fault.path, err: fault.error }, 'fault');
  };
  const { issuer } = await openIssuer({ ...plan.folder, settings }, { keyFile, report });
  writeSettings(plan.folder, settings);
  const server = await serveIssuer(withRequestLog(issuer, log), settings).catch(async (error: unknown) => {
    await issuer.close();
    throw isBusy(error) ? new TypeError(`port ${settings.port} of ${settings.host} is busy`) : error;
  });
  announce(log, { ...plan, port: server.port });
  if (keyFile === 'create')
    output.note(`Made ${settings.keyFile}: back it up, but not together with ${plan.folder.path}.`);
  await stopSignal();
  log.info('closing: requests in flight are answered');
  await server.close();
}

function announce(log: Logger, { settings, folder, port }: Plan & { port: number }): void {
  log.info(
    {
      event: 'ready',
      issuer: settings.issuer,
      jwks_uri: `${settings.issuer ?? ''}/jwks`,
      audiences: settings.audiences?.map(({ audience }) => audience),
      host: settings.host,
      port,
      data_dir: folder.path,
    },
    'ready',
  );
}

/** What was said before in this folder, then the file, then the flags: the later word counts. */
function readPlan(options: Options): Plan {
  const file = options.config === undefined ? {} : readConfigFile(options.config);
  const folder = findDataFolder(options.data ?? file.data);
  const before = folder.settings?.mode === 'production' ? folder.settings : {};
  const { data: _, ...said } = file;
  const settings = { ...defaults, ...before, ...said, ...flags(options) };
  return { folder, settings };
}

const defaults = { mode: 'production', host: '127.0.0.1', port: 4080, behindProxy: false } as const;

/** Paths in the file are relative to it. */
function readConfigFile(path: string): ConfigFile {
  if (!existsSync(path)) throw new TypeError(`there is no configuration file ${path}`);
  const file = readJsonAs(configFile, { text: readFileSync(path, 'utf8'), path }) as ConfigFile;
  const from = dirname(resolve(path));
  return {
    ...file,
    ...(file.data === undefined ? {} : { data: resolve(from, file.data) }),
    ...(file.keyFile === undefined ? {} : { keyFile: resolve(from, file.keyFile) }),
  };
}

function flags(options: Options): Partial<ProductionSettings> {
  const { issuer, host, port, keyFile, store, audience, scope = [], behindProxy } = options;
  if (audience === undefined && scope.length > 0)
    throw new TypeError('--scope needs --audience: where do they exist?');
  return {
    ...(issuer === undefined ? {} : { issuer }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(behindProxy === undefined ? {} : { behindProxy }),
    ...(keyFile === undefined ? {} : { keyFile: resolve(keyFile) }),
    ...(store === undefined ? {} : { store: readStore(store) }),
    ...(audience === undefined
      ? {}
      : { audiences: audience.map((name) => ({ audience: name, scopes: [...scope] })) }),
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { findDataFolder } from '../data-folder.ts';
import { readStore } from '../open-store.ts';
import type { Output } from '../output.ts';
import { readSignerUri } from '../signer-uri.ts';
import {
  action,
  collect,
  collectWords,
  readAddress,
  readPort,
  withCommonOptions,
  type CommonOptions,
} from '../run.ts';
import type { Plan } from '../safety.ts';
import {
  configFile,
  readJsonAs,
  type ConfigFile,
  type ProductionSettings,
  type SignerSettings,
} from '../settings.ts';

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
  readonly metrics?: { readonly host: string; readonly port: number };
  readonly metricsOpen?: true;
  readonly signer?: string;
  readonly signerFor?: readonly string[];
  readonly people?: string | true;
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
    .option('--signer <uri>', 'a PKCS#11 token makes and holds the private keys: pkcs11:… (RFC 7512)')
    .option(
      '--signer-for <purposes>',
      'those of its keys: session, refresh, feed (default: all three)',
      collectWords,
    )
    .option(
      '--metrics <host:port>',
      'answer GET /metrics there, for Prometheus; on loopback only',
      readAddress,
    )
    .option('--metrics-open', 'whoever reaches that address may read the figures')
    .option(
      '--behind-proxy',
      'nobody but a proxy that ends TLS can reach the port; who asks is what it adds to X-Forwarded-For',
    )
    .option(
      '--people [name]',
      'let people sign in here with passkeys; the pages call this service by the name',
    );
  withCommonOptions(command)
    .addHelpText('after', examples)
    .action(action((output, self) => runServe(output, self.opts())));
}

const examples = `
What is said once is kept in the data folder, where the other commands find it. Logs are JSON on stdout: no credential,
no query.

Say --behind-proxy also where the proxy is on this machine: without it everybody has the proxy's address, and how often
one address tries a recovery code, asks for authorization or registers an application is not counted.

Examples:
  $ symbolon serve --issuer https://issuer.example.com --audience https://api.example.com --scope read,write \\
      --data /var/lib/symbolon --key-file /etc/symbolon/keys.json
  $ symbolon serve --config /etc/symbolon/serve.json
  $ symbolon serve --data /var/lib/symbolon --store postgres://symbolon@db.example.com/symbolon?sslmode=verify-full
  $ symbolon serve --data /var/lib/symbolon \\
      --signer 'pkcs11:token=issuer?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/symbolon/pin'
  $ symbolon serve --data /var/lib/symbolon --people 'Example Ltd'
  $ symbolon serve --data /var/lib/symbolon`;

async function runServe(output: Output, options: Options): Promise<void> {
  // Loaded when it is needed: nobody who asks for help waits for it.
  const { serve } = await import('../serve-issuer.ts');
  await serve(output, readPlan(options));
}

/** What was said before in this folder, then the file, then the flags: the later word counts. */
function readPlan(options: Options): Plan {
  const file = options.config === undefined ? {} : readConfigFile(options.config);
  const folder = findDataFolder(options.data ?? file.data);
  const before = folder.settings?.mode === 'production' ? folder.settings : {};
  const { data: _, ...said } = file;
  const settings = { ...defaults, ...before, ...said };
  return { folder, settings: { ...settings, ...flags(options), ...peopleOf(options, settings.people) } };
}

/** A flag says whether, and the name: what the file says besides still counts. */
function peopleOf({ people }: Options, said: ProductionSettings['people']): Partial<ProductionSettings> {
  if (people === undefined) return {};
  return { people: { ...said, ...(people === true ? {} : { name: people }) } };
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
    ...(file.signer === undefined ? {} : { signer: signerFrom(from, file.signer) }),
  };
}

function signerFrom(from: string, signer: SignerSettings): SignerSettings {
  const { library, pinFile } = signer;
  return {
    ...signer,
    library: resolve(from, library),
    ...(pinFile === undefined ? {} : { pinFile: resolve(from, pinFile) }),
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
    ...signerFlags(options),
    ...metricsFlags(options),
    ...(audience === undefined
      ? {}
      : { audiences: audience.map((name) => ({ audience: name, scopes: [...scope] })) }),
  };
}

const allPurposes: SignerSettings['purposes'] = ['session', 'refresh', 'feed'];

function signerFlags({ signer, signerFor }: Options): Pick<ProductionSettings, 'signer'> {
  if (signer === undefined && signerFor !== undefined)
    throw new TypeError('--signer-for needs --signer: which token holds them?');
  if (signer === undefined) return {};
  const words = signerFor ?? allPurposes;
  const purposes = allPurposes.filter((purpose) => words.includes(purpose));
  if (purposes.length === 0 || words.length !== purposes.length)
    throw new TypeError(
      `unexpected purposes ${words.join(', ')}, expected of session, refresh and feed, each once`,
    );
  return { signer: { ...readSignerUri(signer), purposes } };
}

function metricsFlags({ metrics, metricsOpen }: Options): Pick<ProductionSettings, 'metrics'> {
  if (metrics === undefined && metricsOpen === true)
    throw new TypeError('--metrics-open needs --metrics: which address?');
  if (metrics === undefined) return {};
  return { metrics: { ...metrics, ...(metricsOpen === true ? { open: true } : {}) } };
}

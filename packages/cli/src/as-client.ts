import { resolve } from 'node:path';
import { createMachine, type Machine } from '@symbolon/holder';
import type { Command } from 'commander';
import { openClientKey } from './client-key.ts';
import { findSettledFolder } from './open-issuer.ts';
import type { CommonOptions } from './run.ts';
import type { Settings } from './settings.ts';

/** As whom, and for what, a command asks an issuer for tokens. */
export interface AsClientOptions extends CommonOptions {
  readonly issuer?: string;
  readonly client?: string;
  readonly key?: string;
  readonly audience?: string;
  readonly scope?: readonly string[];
}

/** Adds the options of a command that acts as a machine client. */
export function withClientOptions(command: Command): Command {
  return command
    .option('--client <id>', 'the machine client (default: the demo client of "symbolon dev")')
    .option('--key <file>', 'its private JWK')
    .option('--audience <url>', "whom the token is for (default: the issuer's only audience)")
    .option('--issuer <url>', 'an issuer elsewhere: no data folder is needed then');
}

/**
 * Makes the machine client that the options name.
 *
 * @throws TypeError that says which option is missing.
 */
export async function machineOf(
  options: AsClientOptions & { readonly allowOrigin?: readonly string[] },
): Promise<Machine> {
  const target = machineTarget(options);
  const key = await openClientKey(target.keyFile);
  const { issuer, clientId, audience } = target;
  const scope = options.scope?.join(' ');
  const more = options.allowOrigin ?? [];
  return createMachine({
    ...{ issuer, clientId, audience, key },
    // Named, they stand in the place of the audience's own.
    ...(more.length === 0 ? {} : { allowedOrigins: [new URL(audience).origin, ...more] }),
    ...(scope === undefined ? {} : { scope }),
  });
}

/** Whose token an option set is about: from the options, or from the data folder. */
export interface MachineTarget {
  readonly issuer: string;
  readonly clientId: string;
  readonly keyFile: string;
  readonly audience: string;
}

/**
 * Finds the machine client that the options name.
 *
 * @throws TypeError that says which option is missing.
 */
export function machineTarget(options: AsClientOptions): MachineTarget {
  return options.issuer === undefined ? localTarget(options) : remoteTarget(options);
}

function remoteTarget({ issuer = '', client, key, audience }: AsClientOptions): MachineTarget {
  if (client === undefined || key === undefined || audience === undefined) {
    throw new TypeError('with --issuer give --client, --key and --audience too');
  }
  return { issuer, clientId: client, keyFile: key, audience };
}

function localTarget(options: AsClientOptions): MachineTarget {
  const folder = findSettledFolder(options.data);
  const { settings } = folder;
  const audience = options.audience ?? onlyAudience(settings);
  if (options.client !== undefined || options.key !== undefined || settings.mode !== 'dev') {
    if (options.client === undefined || options.key === undefined) throw halfNamed(options);
    return { issuer: settings.issuer, clientId: options.client, keyFile: options.key, audience };
  }
  const { clientId, clientKeyFile } = settings.demo;
  return { issuer: settings.issuer, clientId, keyFile: resolve(folder.path, clientKeyFile), audience };
}

function halfNamed({ client, key }: AsClientOptions): TypeError {
  if (client !== undefined) return new TypeError(`--client ${client} needs --key FILE, its private JWK`);
  if (key !== undefined) return new TypeError(`--key ${key} needs --client ID: whose key is it?`);
  return new TypeError('give --client ID and --key FILE: "symbolon client list" shows the clients');
}

function onlyAudience({ audiences }: Settings): string {
  const [only, ...more] = audiences;
  if (only !== undefined && more.length === 0) return only.audience;
  throw new TypeError(
    `name the audience with --audience: ${audiences.map((row) => row.audience).join(' or ')}`,
  );
}

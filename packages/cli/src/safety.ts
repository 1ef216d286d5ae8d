import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { inspectSqlite, liesWithin } from '@symbolon/issuer';
import type { DataFolder } from './data-folder.ts';
import { Unsafe, type Problem } from './exit.ts';
import { isLoopback, isPrivateUrl } from './private-url.ts';
import type { ProductionSettings } from './settings.ts';

/** What `serve` is about to do; what was not said is missing. */
export interface Plan {
  readonly folder: DataFolder;
  readonly settings: Partial<ProductionSettings>;
}

type Check = (plan: Plan) => Problem | false;

const checks: readonly Check[] = [
  notOfDev,
  issuerIsNamed,
  issuerIsPrivate,
  audienceIsNamed,
  audiencesArePrivate,
  keyFileIsNamed,
  keyFileLiesOutside,
  keyFileIsPrivate,
  keyFileIsThere,
  keyFileCanBeMade,
  pinFileIsThere,
  pinFileIsPrivate,
  folderIsPrivate,
  storeIsPrivate,
  portIsPrivate,
  metricsArePrivate,
];

/**
 * Checks that an issuer may be served so.
 *
 * It does not check what the issuer itself checks at its start: lifetimes, scope, that the key file opens the store.
 *
 * @throws Unsafe with every problem and its fix.
 */
export function demandSafety(plan: Plan): asserts plan is Plan & { settings: ProductionSettings } {
  const problems = problemsOf(plan);
  if (problems.length > 0) throw new Unsafe(problems);
}

/** All that {@link demandSafety} would refuse. */
export function problemsOf(plan: Plan): readonly Problem[] {
  return checks.map((check) => check(plan)).filter((found) => found !== false);
}

function notOfDev({ folder }: Plan): Problem | false {
  return (
    folder.settings?.mode === 'dev' && {
      code: 'data_of_dev',
      problem: `${folder.path} was made by "symbolon dev": its key file lies beside the store and a demo client is known`,
      fix: 'name another folder with --data; an issuer for production starts afresh',
    }
  );
}

function issuerIsNamed({ settings }: Plan): Problem | false {
  return (
    settings.issuer === undefined && {
      code: 'issuer_missing',
      problem: 'the issuer has no name',
      fix: 'give the URL by which the public reaches it: --issuer https://issuer.example.com',
    }
  );
}

function issuerIsPrivate({ settings: { issuer } }: Plan): Problem | false {
  return (
    issuer !== undefined &&
    !isPrivateUrl(issuer) && {
      code: 'issuer_not_private',
      problem: `${issuer} is not https: keys and tokens could be read and changed on their way`,
      fix: 'give an https URL and let a proxy end TLS; http only serves on loopback',
    }
  );
}

function audienceIsNamed({ settings: { audiences = [] } }: Plan): Problem | false {
  return (
    audiences.length === 0 && {
      code: 'audience_missing',
      problem: 'there is no audience to make tokens for',
      fix: 'name your resource server: --audience https://api.example.com',
    }
  );
}

function audiencesArePrivate({ settings: { audiences = [] } }: Plan): Problem | false {
  const open = audiences.find(({ audience }) => audience.startsWith('http:') && !isPrivateUrl(audience));
  return (
    open !== undefined && {
      code: 'audience_not_private',
      problem: `the audience ${open.audience} is not https: tokens could be read on their way to it`,
      fix: 'serve it by https and name that URL',
    }
  );
}

function keyFileIsNamed({ settings }: Plan): Problem | false {
  return (
    settings.keyFile === undefined && {
      code: 'key_file_missing',
      problem: 'there is no key file for the key that wraps the signing keys',
      fix: 'name one outside the data folder, such as --key-file /etc/symbolon/keys.json; the first start makes it',
    }
  );
}

function keyFileLiesOutside({ folder, settings: { keyFile } }: Plan): Problem | false {
  return (
    keyFile !== undefined &&
    liesWithin(truePath(folder.path), truePath(resolve(folder.path, keyFile))) && {
      code: 'key_file_in_data',
      problem: `the key file ${keyFile} lies in the data folder: whoever copies the folder can sign tokens`,
      fix: 'move it outside, and out of the backups of the folder; then name it with --key-file',
    }
  );
}

function keyFileIsPrivate({ folder, settings: { keyFile } }: Plan): Problem | false {
  return (
    keyFile !== undefined && isOpen(resolve(folder.path, keyFile), { code: 'key_file_open', mode: '600' })
  );
}

function keyFileIsThere({ folder, settings: { keyFile } }: Plan): Problem | false {
  return (
    keyFile !== undefined &&
    isLost({ folder, keyFile }) && {
      code: 'key_file_lost',
      problem: `the key file ${keyFile} is missing, and the store in ${folder.path} opens with no other`,
      fix:
        folder.settings === undefined
          ? `name the one that was made with this store, --key-file; if no issuer ever ran here, delete ${folder.path}`
          : 'restore it from its backup',
    }
  );
}

/** A store without a key was left by a start that came to nothing: the next may make the key file. */
function isLost({ folder, keyFile }: { folder: DataFolder; keyFile: string }): boolean {
  if (existsSync(resolve(folder.path, keyFile))) return false;
  const seen = inspectSqlite(folder.storeFile);
  return seen.kind !== 'missing' && !(seen.kind === 'sound' && seen.keys === 0);
}

function keyFileCanBeMade({ folder, settings: { keyFile } }: Plan): Problem | false {
  if (keyFile === undefined) return false;
  const path = resolve(folder.path, keyFile);
  if (existsSync(path) || isLost({ folder, keyFile })) return false;
  const parent = dirname(path);
  // The first start makes the data folder, and whatever lies in it is refused as such.
  if (liesWithin(truePath(folder.path), truePath(parent))) return false;
  if (!existsSync(parent))
    return {
      code: 'key_folder_missing',
      problem: `the folder of the key file, ${parent}, does not exist`,
      fix: `make it: mkdir -m 700 -p ${parent}`,
    };
  return (
    !isWritable(parent) && {
      code: 'key_folder_read_only',
      problem: `the key file ${path} cannot be made: its folder may not be written`,
      fix: `give the folder to the user that the issuer runs as: chown that user ${parent}`,
    }
  );
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function pinFileIsThere({ settings: { signer } }: Plan): Problem | false {
  return (
    signer?.pinFile !== undefined &&
    !existsSync(signer.pinFile) && {
      code: 'pin_file_missing',
      problem: `the PIN file ${signer.pinFile} of the signer is missing`,
      fix: 'write the PIN of the token into it, with mode 0600, or name another file in --signer',
    }
  );
}

function pinFileIsPrivate({ settings: { signer } }: Plan): Problem | false {
  return signer?.pinFile !== undefined && isOpen(signer.pinFile, { code: 'pin_file_open', mode: '600' });
}

function folderIsPrivate({ folder }: Plan): Problem | false {
  return isOpen(folder.path, { code: 'data_open', mode: '700' });
}

function storeIsPrivate({ folder }: Plan): Problem | false {
  return isOpen(folder.storeFile, { code: 'store_open', mode: '600' });
}

function portIsPrivate({ settings: { host = '127.0.0.1', behindProxy = false } }: Plan): Problem | false {
  return (
    !behindProxy &&
    !isLoopback(host) && {
      code: 'port_open',
      problem: `listening on ${host} without TLS lets the network read what is sent`,
      fix: 'listen on loopback, or say --behind-proxy if nobody but a proxy that ends TLS can reach the port',
    }
  );
}

function metricsArePrivate({ settings: { metrics } }: Plan): Problem | false {
  return (
    metrics !== undefined &&
    metrics.open !== true &&
    !isLoopback(metrics.host) && {
      code: 'metrics_open',
      problem: `listening for metrics on ${metrics.host} shows the figures to whoever reaches it: nobody is asked who he is`,
      fix: 'listen on loopback, or say --metrics-open if only those who may read them reach it',
    }
  );
}

function isOpen(path: string, { code, mode }: { code: string; mode: string }): Problem | false {
  return (
    existsSync(path) &&
    (statSync(path).mode & 0o077) !== 0 && {
      code,
      problem: `others than its owner may get at ${path}`,
      fix: `run chmod ${mode} ${path}`,
    }
  );
}

/** Where a path leads once links are followed, also for a file that does not exist yet. */
function truePath(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(truePath(parent), basename(path));
}

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, totalmem, type } from 'node:os';

const peers = [
  'sodium-native',
  'jose',
  'fast-jwt',
  'jsonwebtoken',
  '@node-rs/jsonwebtoken',
  'express-oauth2-jwt-bearer',
  'express',
  'fastify',
  'hono',
  'oidc-provider',
  'better-auth',
  'autocannon',
];

/** The machine in one line; the load says how busy it was with other things. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const memory = Math.round(totalmem() / 2 ** 30);
  const load = loadavg()[0] ?? Number.NaN;
  return `${availableParallelism()} × ${model}, ${memory} GiB, ${type()}, Node ${process.version} (OpenSSL ${process.versions.openssl}), load ${load.toFixed(1)}`;
}

/** The versions of all that is compared, from their package.json files. */
export function readVersions(): Readonly<Record<string, string>> {
  return Object.fromEntries(peers.map((name) => [name, versionOf(name)]));
}

function versionOf(name: string): string {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  for (const folder of folders) {
    try {
      const text = readFileSync(`${folder}/${name}/package.json`, 'utf8');
      return String((JSON.parse(text) as { version?: unknown }).version);
    } catch {
      continue;
    }
  }
  return 'not installed';
}

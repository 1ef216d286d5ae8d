import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = `${root}examples/next`;
const next = `${folder}/node_modules/next/dist/bin/next`;

/** Why a test of Next.js does not run here, or false: for the option `skip`. */
export const noNext: string | false = existsSync(next)
  ? false
  : 'SKIPPED: Next.js is not installed here, so NOTHING was tested in it (npm ci --prefix examples/next)';
if (noNext !== false) console.error(noNext);

/** The Next.js example as it runs in production. */
export interface NextApp {
  readonly origin: string;
  /** All that it printed. */
  readonly printed: () => string;
  readonly close: () => Promise<void>;
}

/** Builds the packages that the example uses as their users get them, and the example as Next.js does for production. */
export function buildNextApp(): void {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  run([tsc, '-b', 'packages/holder/tsconfig.build.json'], root);
  run([next, 'build'], folder);
}

/** Starts the built example at a port of loopback. */
export async function startNextApp(settings: {
  port: number;
  issuer: string;
  api: string;
  keys: string;
}): Promise<NextApp> {
  const { port, issuer, api, keys } = settings;
  const origin = `http://localhost:${port}`;
  const app = spawn(process.execPath, [next, 'start', '--port', String(port), '--hostname', 'localhost'], {
    cwd: folder,
    env: { ...environment(), ISSUER_URL: issuer, API_URL: api, APP_URL: origin, KEYS: keys },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  app.stderr.on('data', (text) => (printed += String(text)));
  const ended = once(app, 'exit');
  for await (const line of createInterface({ input: app.stdout })) {
    printed += `${line}\n`;
    if (line.includes('Ready in')) break;
  }
  if (app.exitCode !== null) throw new Error(`Next.js did not start: ${printed}`);
  app.stdout.on('data', (text) => (printed += String(text)));
  app.stdout.resume();
  return {
    origin,
    printed: () => printed,
    close: async () => {
      app.kill();
      await ended;
    },
  };
}

function run(words: readonly string[], cwd: string): void {
  const done = spawnSync(process.execPath, words, { cwd, env: environment(), encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${words.join(' ')} failed:\n${done.stdout}${done.stderr}`);
}

/** What a test runner says of itself to its children is none of Next.js' business, and neither is what we do any of its maker's. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...rest } = process.env;
  return { ...rest, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' };
}

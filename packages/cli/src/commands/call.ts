import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { machineOf, machineTarget, withClientOptions, type AsClientOptions } from '../as-client.ts';
import { exitCodes } from '../exit.ts';
import type { Output } from '../output.ts';
import { action, collect, collectWords, withCommonOptions } from '../run.ts';
import { readStdin } from '../stdin.ts';

interface Options extends AsClientOptions {
  readonly request?: string;
  readonly header?: readonly string[];
  readonly body?: string;
  readonly include?: true;
  readonly allowOrigin?: readonly string[];
}

/** `symbolon call`: a curl that holds a key. */
export function addCall(program: Command): void {
  const command = program
    .command('call <url>')
    .description('call a guarded URL with a session token and a fresh proof')
    .option('-X, --request <method>', 'the method (default: GET, or POST with a body)')
    .option('-H, --header <line>', 'a header like "Accept: text/plain"; repeatable', collect)
    .option('-d, --body <text>', 'the body; @FILE or @- reads it from a file or stdin')
    .option('-i, --include', 'print the status and the headers too')
    .option(
      '--allow-origin <url>',
      "show the token there too, where the guard is not at its audience's origin; repeatable",
      collect,
    )
    .option('--scope <names>', 'ask for these scope values only, separated by commas', collectWords);
  withClientOptions(withCommonOptions(command))
    .addHelpText('after', examples)
    .action(action((output, self) => call(output, { url: self.args[0] ?? '', ...self.opts<Options>() })));
}

const examples = `
A body that is JSON is sent as such; -H 'Content-Type: …' says otherwise. Exits with 1 when the answer is 401 or 403.

Examples:
  $ symbolon call http://localhost:4081/me
  $ symbolon call http://localhost:3000/orders --allow-origin http://localhost:3000
  $ symbolon call https://api.example.com/orders -d '{"item":7}' --client shop --key shop.jwk.json
  $ symbolon call https://api.example.com/orders/7 -X DELETE -i --client shop --key shop.jwk.json`;

async function call(output: Output, options: Options & { url: string }): Promise<void> {
  if (!URL.canParse(options.url)) throw new TypeError(`unexpected URL ${options.url}`);
  checkOrigin(options);
  const machine = await machineOf(options);
  const response = await machine.fetch(options.url, await requestOf(options));
  const body = Buffer.from(await response.arrayBuffer());
  if (output.json) output.result(describe(response, body), () => '');
  else print(response, { body, include: options.include === true });
  if (response.status === 401 || response.status === 403) {
    process.exitCode = exitCodes.refused;
    output.note(`refused: ${response.status} ${response.headers.get('www-authenticate') ?? ''}`.trimEnd());
  }
}

/** The holder refuses it too; here it is said with the option of this command. */
function checkOrigin(options: Options & { url: string }): void {
  const { origin } = new URL(options.url);
  const { audience } = machineTarget(options);
  const allowed = [audience, ...(options.allowOrigin ?? [])].map((url) => URL.parse(url)?.origin);
  if (allowed.includes(origin)) return;
  throw new TypeError(
    `unexpected origin ${origin}, expected ${allowed.join(', ')}: a token is shown to no other; if its guard is there, say --allow-origin ${origin}`,
  );
}

async function requestOf(options: Options): Promise<RequestInit> {
  const headers = new Headers(options.header?.map(readHeader));
  const body = options.body === undefined ? undefined : await readBody(options.body);
  if (body !== undefined && !headers.has('content-type')) headers.set('content-type', typeOf(body));
  const method = options.request ?? (body === undefined ? 'GET' : 'POST');
  return { method, headers, ...(body === undefined ? {} : { body }) };
}

function readHeader(line: string): [string, string] {
  const at = line.indexOf(':');
  if (at <= 0) throw new TypeError(`unexpected header ${line}, expected "Name: value"`);
  return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}

async function readBody(text: string): Promise<string> {
  if (!text.startsWith('@')) return text;
  const source = text.slice(1);
  if (source === '-') return readStdin('the body');
  try {
    return readFileSync(source, 'utf8');
  } catch (cause) {
    throw new TypeError(`the body cannot be read from ${source}`, { cause });
  }
}

function typeOf(body: string): string {
  try {
    JSON.parse(body);
    return 'application/json';
  } catch {
    return 'text/plain;charset=UTF-8';
  }
}

function describe(response: Response, body: Buffer): object {
  const text = body.toString('utf8');
  const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: isJson ? parsed(text) : text,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function print(response: Response, { body, include }: { body: Buffer; include: boolean }): void {
  if (include) {
    const headers = [...response.headers].map(([name, value]) => `${name}: ${value}\n`).join('');
    process.stdout.write(`HTTP ${response.status} ${response.statusText}\n${headers}\n`);
  }
  process.stdout.write(body);
  if (process.stdout.isTTY && body.at(-1) !== 10) process.stdout.write('\n');
}

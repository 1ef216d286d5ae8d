import {
  attack,
  battery,
  curlOf,
  defaultLimits,
  isLoopback,
  jsonReport,
  needTexts,
  progressLine,
  terminalReport,
  type AttackOptions,
  type CredentialSource,
  type HeaderList,
  type Report,
  type RequestParts,
  type Result,
  type TestIssuer,
} from '@symbolon/attack';
import { InvalidArgumentError, type Command } from 'commander';
import { withClientOptions } from '../as-client.ts';
import {
  authorityOf,
  elsewhereOf,
  honestMeans,
  otherSource,
  readForgeKey,
  readWord,
  type HonestMeans,
} from '../attack-credentials.ts';
import { actAsIssuer, type ActingOptions } from '../attack-issuer.ts';
import { applicationOf, pageVisitors, type PeopleOptions } from '../attack-people.ts';
import { refreshOf, type RefreshOptions } from '../attack-refresh.ts';
import { writeReports, type ReportFiles } from '../attack-reports.ts';
import { exitCodes } from '../exit.ts';
import type { Output } from '../output.ts';
import { action, collect, collectWords, readPort, withCommonOptions } from '../run.ts';
import { table } from '../table.ts';

interface Options extends ActingOptions, RefreshOptions, PeopleOptions, ReportFiles {
  readonly request?: string;
  readonly header?: readonly string[];
  readonly body?: string;
  readonly secondToken?: string;
  readonly secondCommand?: string;
  readonly otherAudienceToken?: string;
  readonly jwks?: string;
  readonly endUrl?: string;
  readonly accountUrl?: string;
  readonly formerToken?: string;
  readonly tokenEndpoint?: string;
  readonly marker?: string;
  readonly listenerUrl?: string;
  readonly listenerPort?: number;
  readonly iAmAuthorised?: readonly string[];
  readonly destructive?: true;
  readonly rate?: number;
  readonly timeout?: number;
  readonly hold?: number;
  readonly seed?: string;
  readonly only?: readonly string[];
  readonly replay?: string;
  readonly list?: true;
}

/** `symbolon attack`: the battery against any endpoint that takes a token. */
export function addAttack(program: Command): void {
  const command = program
    .command('attack [url]')
    .description('try every known attack on an endpoint that takes a token, and report what it accepts')
    .option('-X, --request <method>', 'the method of the honest request (default: GET, or POST with a body)')
    .option('-H, --header <line>', 'a header of the honest request; repeatable', collect)
    .option('-d, --body <text>', 'its body; @FILE reads it from a file');
  withSources(command);
  withExtras(command);
  withApplication(command);
  withManners(command);
  withClientOptions(withCommonOptions(command))
    .option('--scope <names>', 'ask for these scope values only, separated by commas', collectWords)
    .addHelpText('after', examples)
    .action(action((output, self) => runAttack(output, { ...self.opts<Options>(), url: self.args[0] })));
}

function withSources(command: Command): void {
  command
    .option('--token <text>', 'an honest token; @FILE reads it from a file')
    .option('--token-command <command>', 'a command that prints one: a new session each time')
    .option('--cookie <name>', 'the token travels in this cookie')
    .option('--token-header <name>', 'the token travels in this header, alone')
    .option('--dpop-key <file>', 'the private JWK to which the token is bound')
    .option('--client-secret-file <file>', "the client's secret, for issuers that know no keys")
    .option('--bearer', 'ask the issuer for bearer tokens, not bound ones')
    .option('--second-token <text>', 'a token of another user')
    .option('--second-command <command>', 'a command that prints one')
    .option('--other-audience <url>', 'another audience that the same client may have tokens for')
    .option('--other-audience-token <text>', 'a token for another audience');
}

function withExtras(command: Command): void {
  command
    .option('--jwks <url>', "the issuer's key set, where it has no metadata")
    .option(
      '--signing-key <file>',
      "the issuer's private JWK, of a test deployment: claims are varied with it",
    )
    .option(
      '--as-issuer <port>',
      'act as the issuer http://localhost:PORT, which the target trusts',
      readPort,
    )
    .option('--claims <json>', 'with it: claims in place of the usual ones; @FILE reads them from a file')
    .option('--refresh-token <text>', 'a refresh token')
    .option('--refresh <url>', 'redeem refresh tokens by a POST here, as --client')
    .option(
      '--refresh-form-command <command>',
      'with it: a command that prints more of the form, as name=value&name=value',
    )
    .option('--id-token <text>', 'an ID token')
    .option('--token-endpoint <url>', 'the token endpoint, where there is no metadata')
    .option(
      '--end-url <url>',
      'a POST with the token here ends its session (default: revocation, with --client)',
    )
    .option('--account-url <url>', 'a page that shows the account')
    .option('--account-cookie <pair>', 'name=value of the cookie that opens it; @FILE reads it from a file')
    .option('--stranger-cookie <pair>', 'that of somebody else who is signed in there')
    .option('--former-token <text>', 'a token whose key has left the key set since')
    .option('--marker <text>', 'text that only a signed-in user is shown')
    .option('--listener-url <url>', 'how the target reaches our listener')
    .option('--listener-port <port>', 'where that listens', readNumber);
}

function withApplication(command: Command): void {
  command
    .option('--app <id>', "a linked application, to attack the issuer's authorization endpoint with")
    .option('--app-redirect <uri>', 'with it: its redirect URI, as it is registered')
    .option('--app-scope <names>', 'with it: the scope values it asks for, separated by commas', collectWords)
    .option('--app-resource <url>', 'with it: the audience it asks for')
    .option('--authorize-cookie <text>', 'with it: the Cookie header of a browser that is signed in there')
    .option(
      '--code-command <command>',
      'with it: a command that visits $AUTHORIZATION_URL, says yes, and prints where it was sent',
    )
    .option('--other-app <id>', 'a second linked application of the issuer')
    .option('--other-app-redirect <uri>', 'with it: its redirect URI');
}

function withManners(command: Command): void {
  command
    .option('--i-am-authorised <host>', 'attack this host, which is not this machine; repeatable', collect)
    .option('--destructive', 'also what may do harm: floods, other sessions ended')
    .option('--rate <number>', 'requests a second (default: 20, on this machine unlimited)', readNumber)
    .option(
      '--hold <seconds>',
      'how long a request that is never ended may stay open: two are held',
      readHold,
    )
    .option(
      '--ca <file>',
      'trust this certificate too (PEM): of a private authority, or of the target itself',
    )
    .option('--timeout <seconds>', 'wait this long for one answer (default: 5)', readTimeout)
    .option('--seed <text>', 'the same seed tries the same things')
    .option('--only <ids>', 'only these attacks or families, separated by commas', collectWords)
    .option('--replay <id>', 'repeat one attack and print its requests as curl, with their credentials')
    .option('--list', 'list the attacks and what they need')
    .option('--html <file>', 'write a report as one HTML page')
    .option('--json-file <file>', 'write it as JSON')
    .option('--sarif <file>', 'write the findings as SARIF 2.1.0')
    .option('--junit <file>', 'write it as JUnit XML');
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

function settle(options: Options & { url: string }, means: HonestMeans): AttackOptions {
  const second = otherSource({ token: options.secondToken, command: options.secondCommand }, options);
  const only = options.replay === undefined ? options.only : [options.replay];
  const authorised = options.iAmAuthorised ?? [];
  const refreshRequest = refreshOf(options) ?? means.client?.refreshRequest;
  return {
    request: honestRequest(options),
    honest: means.honest,
    ...defined({ second, elsewhere: elsewhere(options), only, authorised }),
    ...defined({ issuer: means.issuer, jwksUri: options.jwks, account: options.accountUrl }),
    ...defined({ tokenEndpoint: options.tokenEndpoint, marker: options.marker, seed: options.seed }),
    ...defined({ rate: options.rate, destructive: options.destructive, hold: options.hold }),
    ...defined({ refreshRequest, endRequest: endRequest(options, means) }),
    ...{ ...pageVisitors(options), ...authorityOf(options) },
    ...defined({ application: applicationOf(options), formerToken: formerToken(options) }),
    ...(means.client === undefined ? {} : { client: means.client.client }),
    ...(options.listenerUrl === undefined ? {} : { listener: listenerOf(options) }),
    ...(options.timeout === undefined ? {} : { limits: { ...defaultLimits, timeout: options.timeout } }),
    ...(options.signingKey === undefined ? {} : { signer: signerOf(options.signingKey) }),
  };
}

function formerToken({ formerToken: given }: Options): string | undefined {
  return given === undefined ? undefined : readWord(given);
}

/** Leaves out what is undefined. */
function defined<T extends object>(object: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}

function honestRequest(options: Options & { url: string }): RequestParts {
  const body = options.body === undefined ? undefined : readWord(options.body);
  return {
    url: options.url,
    method: options.request ?? (body === undefined ? 'GET' : 'POST'),
    headers: (options.header ?? []).map(readHeader),
    ...(body === undefined ? {} : { body }),
  };
}

function readHeader(line: string): HeaderList[number] {
  const at = line.indexOf(':');
  if (at <= 0) throw new TypeError(`unexpected header ${line}, expected "Name: value"`);
  return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}

function elsewhere(options: Options): CredentialSource | undefined {
  const { otherAudience, otherAudienceToken, asIssuer } = options;
  if (asIssuer !== undefined) return undefined;
  if (otherAudience !== undefined) return elsewhereOf(options, otherAudience);
  return otherSource({ token: otherAudienceToken }, options);
}

function endRequest({ endUrl }: Options, { client }: HonestMeans): AttackOptions['endRequest'] {
  if (endUrl === undefined) return client?.endRequest;
  return ({ token, carrier }) => {
    const header: HeaderList[number] =
      carrier.kind === 'cookie'
        ? ['Cookie', `${carrier.name}=${token}`]
        : ['Authorization', `Bearer ${token}`];
    return Promise.resolve({ url: endUrl, method: 'POST', headers: [header] });
  };
}

function listenerOf({ listenerUrl, listenerPort }: Options): NonNullable<AttackOptions['listener']> {
  const isNear = listenerUrl === undefined || isLoopback(new URL(listenerUrl).hostname);
  return { publicUrl: listenerUrl, host: isNear ? '127.0.0.1' : '0.0.0.0', port: listenerPort ?? 0 };
}

function signerOf(path: string): NonNullable<AttackOptions['signer']> {
  return { key: readForgeKey(path) };
}

function progressOf(output: Output): NonNullable<AttackOptions['onResult']> {
  if (output.json || !process.stderr.isTTY) return () => undefined;
  return (result, progress) => {
    process.stderr.write(`\u001b[2K\r${progressLine(result, progress).slice(0, 100)}`);
    if (progress.done === progress.of) process.stderr.write('\u001b[2K\r');
  };
}

function tell(output: Output, { report, options }: { report: Report; options: Options }): void {
  for (const path of writeReports(report, options)) output.note(`The report is in ${path}.`);
  if (output.json) process.stdout.write(`${jsonReport(report)}\n`);
  else process.stdout.write(`${text(report, options)}\n`);
  if (report.trouble !== undefined) process.exitCode = exitCodes.fault;
  else if (report.counts.accepted > 0) process.exitCode = exitCodes.refused;
}

function text(report: Report, { replay }: Options): string {
  const color = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  if (replay === undefined) return terminalReport(report, { color });
  return report.results.map(replayText).join('\n\n');
}

function replayText({ id, verdict, why, exchanges }: Result): string {
  return [`${id}: ${verdict}, ${why}`, ...exchanges.map(({ request }) => curlOf(request))].join('\n');
}

function list(output: Output): void {
  const rows = battery.map(({ id, title, needs }) => [id, title, needs.join(' ')]);
  output.result(
    { attacks: battery.map(({ id, family, title, needs, maps }) => ({ id, family, title, needs, maps })) },
    () =>
      [
        table(['attack', 'what is tried', 'needs'], rows, ''),
        '',
        ...Object.entries(needTexts).map((pair) => pair.join(': ')),
      ].join('\n'),
  );
}

/** Seconds, as milliseconds. */
function readTimeout(given: string): number {
  const seconds = Number(given);
  if (given !== '' && seconds > 0 && seconds <= 600) return seconds * 1000;
  throw new InvalidArgumentError('expected seconds, more than 0 and at most 600');
}

/** Seconds, as milliseconds: less than one attack may take. */
function readHold(given: string): number {
  const seconds = Number(given);
  if (given !== '' && seconds > 0 && seconds <= 50) return seconds * 1000;
  throw new InvalidArgumentError('expected seconds, more than 0 and at most 50');
}

function readNumber(given: string): number {
  const number = Number(given);
  if (given !== '' && number >= 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('expected a number');
}

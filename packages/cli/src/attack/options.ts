import { type Command, InvalidArgumentError } from 'commander';
import { collect, collectWords, readPort } from '../run.ts';
import type { ActingOptions } from './acting-issuer.ts';
import type { PeopleOptions } from './people.ts';
import type { RefreshOptions } from './refresh.ts';
import type { ReportFiles } from './reports.ts';

/** What `symbolon attack` was told on the command line. */
export interface Options extends ActingOptions, RefreshOptions, PeopleOptions, ReportFiles {
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

/** Adds what `symbolon attack` can be told, but for how to be a client. */
export function addOptions(command: Command): void {
  command
    .option('-X, --request <method>', 'the method of the honest request (default: GET, or POST with a body)')
    .option('-H, --header <line>', 'a header of the honest request; repeatable', collect)
    .option('-d, --body <text>', 'its body; @FILE reads it from a file');
  withSources(command);
  withExtras(command);
  withApplication(command);
  withManners(command);
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

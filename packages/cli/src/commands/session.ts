import { createInterface } from 'node:readline/promises';
import type { ListedSession } from '@symbolon/issuer';
import { InvalidArgumentError, type Command } from 'commander';
import { Refused } from '../exit.ts';
import { unknownClient } from '../unknown-client.ts';
import { commandLine } from '../invocation.ts';
import { longestTokenLife, tokenLifeOf } from '../live-tokens.ts';
import { findSettledFolder, withIssuer, type OpenIssuer } from '../open-issuer.ts';
import type { Output } from '../output.ts';
import { awaitGuards, propagationData, propagationText } from '../propagation.ts';
import { action, withCommonOptions, type CommonOptions } from '../run.ts';
import { table } from '../table.ts';
import { distanceText, seconds } from '../times.ts';

interface ListOptions extends CommonOptions {
  readonly client?: string;
  readonly all?: true;
  readonly limit?: number;
}

interface EndOptions extends CommonOptions {
  readonly client?: string;
  readonly everything?: true;
  readonly yes?: true;
}

/** `symbolon session`: the sessions of people and machines. */
export function addSession(program: Command): void {
  const session = program.command('session').description('list and end sessions');
  withCommonOptions(session.command('list').description('list sessions, newest first'))
    .option('--client <id>', 'only those of one client')
    .option('--all', 'those that are over too')
    .option('--limit <count>', 'how many (default: 100)', readCount)
    .addHelpText(
      'after',
      '\nExamples:\n  $ symbolon session list\n  $ symbolon session list --client demo --all',
    )
    .action(action((output, command) => list(output, command.opts())));
  withCommonOptions(session.command('end [sid]').description('end a session, or all of a client, for good'))
    .option('--client <id>', 'all sessions of this client instead; it may open new ones')
    .option('--everything', 'every session of this issuer instead; asks first')
    .option('--yes', 'do not ask')
    // One id of 64 starts with a dash: it is an argument all the same.
    .allowUnknownOption()
    .addHelpText('after', endExamples)
    .action(action((output, command) => end(output, { sids: command.args, ...command.opts<EndOptions>() })));
}

const endExamples = `
The issuer need not be running. Every guard that follows the feed refuses the session's tokens within a second; the
answer says which have done so. Ending a machine's session also blocks its key, which "symbolon client unblock" lifts.

Examples:
  $ symbolon session end h3bFYd2vS1q9wXkE0aTnZg
  $ symbolon session end --client demo --json
  $ symbolon session end --everything --yes`;

async function list(output: Output, options: ListOptions): Promise<void> {
  await withIssuer(options.data, async ({ issuer, storage }) => {
    const { client } = options;
    if (client !== undefined && (await storage.findClient(client)) === null) throw unknownClient(client);
    const rows = await issuer.sessions.list({
      limit: options.limit ?? 100,
      ...(options.all === true ? {} : { only: 'alive' }),
      ...(client === undefined ? {} : { clientId: client }),
    });
    const none = options.all === true ? 'no sessions' : 'no live sessions';
    output.result({ sessions: rows.map(describe) }, () => table(head, rows.map(toCells), none));
  });
}

const head = ['session', 'client', 'kind', 'audience', 'scope', 'last used', 'ends', 'remarks'];

function describe(row: ListedSession): object {
  return {
    sid: row.sid,
    kind: row.kind,
    sub: row.subject,
    client_id: row.clientId,
    audience: row.audience,
    scope: row.scope,
    device: row.device,
    bearer: row.jkt === null,
    alive: row.alive,
    started_at: seconds(row.startedAt),
    last_used_at: seconds(row.lastUsedAt),
    expires_at: seconds(expiresAt(row)),
    ended_at: row.endedAt === null ? null : seconds(row.endedAt),
    end_reason: row.endReason,
    repeats: row.repeats,
  };
}

function toCells(row: ListedSession): readonly string[] {
  const now = Date.now() / 1000;
  const over = row.endedAt === null ? (row.alive ? '' : 'over') : `ended: ${row.endReason ?? ''}`;
  return [
    row.sid,
    row.clientId,
    row.kind,
    row.audience,
    row.scope || '-',
    distanceText(seconds(row.lastUsedAt), now),
    distanceText(seconds(row.endedAt ?? expiresAt(row)), now),
    [row.jkt === null ? 'BEARER' : '', over, row.device ?? ''].filter((part) => part !== '').join(', '),
  ];
}

function expiresAt(row: ListedSession): number {
  return Math.min(row.idleExpiresAt, row.absoluteExpiresAt);
}

async function end(output: Output, options: EndOptions & { sids: readonly string[] }): Promise<void> {
  const [sid, ...more] = options.sids;
  if (more.length > 0) throw new TypeError(`unexpected ${more.join(' ')}: give one session id`);
  const named = [sid, options.client, options.everything].filter((one) => one !== undefined);
  if (named.length !== 1) {
    throw new TypeError(
      'give a session id, or --client for all sessions of one client, or --everything for all there are',
    );
  }
  if (options.everything === true) return endEverything(output, options);
  await withIssuer(options.data, (open) =>
    sid === undefined
      ? endAll(output, { open, clientId: options.client ?? '' })
      : endOne(output, { open, sid }),
  );
}

async function endOne(output: Output, { open, sid }: { open: OpenIssuer; sid: string }): Promise<void> {
  if (!/^[\w-]{22}$/.test(sid)) throw new TypeError(`unexpected session id ${sid}, expected 22 characters`);
  const end = await open.issuer.sessions.end({ sid, by: 'operator' });
  const row = await open.storage.findSession(sid);
  if (end.kind === 'unknown' || row === null) {
    throw new Refused('session_unknown', `no session ${sid}; "symbolon session list" shows them`);
  }
  const blocked = await isBlocked(open, row);
  const reached = end.kind === 'ended' ? await awaitGuards(open, end.position) : undefined;
  const data = {
    ended: sid,
    already: end.kind === 'already_ended',
    client_id: row.clientId,
    key_blocked: blocked,
    live_tokens_expire_within: liveTokensOf(open, row),
    ...(reached === undefined ? {} : propagationData(reached)),
  };
  output.result(data, () =>
    [
      `ended ${sid} of ${row.clientId}`,
      ...(reached === undefined ? [] : propagationText(reached)),
      ...remarks(open, { row, blocked }),
    ].join('\n'),
  );
}

function remarks(
  open: OpenIssuer,
  { row, blocked }: { row: ListedSession; blocked: boolean },
): readonly string[] {
  const left = liveTokensOf(open, row);
  const lift = commandLine(`client unblock ${row.clientId}`, open.folder.path);
  return [
    left === 0
      ? '  no token of it is good any more'
      : `  a guard that does not follow the feed takes a token of it until it expires: ${left} s at most`,
    ...(blocked ? [`  its key is blocked: it opens no new session until "${lift}"`] : []),
  ];
}

/** A token was signed at the session's last use at the latest, so this bounds how long one can still be good. */
function liveTokensOf({ settings }: OpenIssuer, row: ListedSession): number {
  const lastGood = row.lastUsedAt / 1_000_000 + tokenLifeOf(settings, row.audience);
  return Math.max(0, Math.ceil(lastGood - Date.now() / 1000));
}

async function isBlocked({ storage }: OpenIssuer, row: ListedSession): Promise<boolean> {
  const blocks = await storage.listBlocks({ clientId: row.clientId });
  // A session without a key is ended with the key that made its assertions.
  return row.kind === 'machine' && blocks.some(({ jkt }) => jkt === row.jkt || row.jkt === null);
}

/** Ends all sessions of a client; `symbolon client end` is the same. */
export async function endAll(
  output: Output,
  { open, clientId }: { open: OpenIssuer; clientId: string },
): Promise<void> {
  const cut = await open.issuer.sessions.endAll({ clientId, by: 'operator' });
  if (cut.kind === 'unknown') {
    throw unknownClient(clientId);
  }
  const reached = await awaitGuards(open, cut.position);
  const within = longestTokenLife(open.settings);
  const data = { ended: clientId, live_tokens_expire_within: within };
  output.result({ ...data, ...propagationData(reached) }, () =>
    [
      `ended every session of ${clientId}; it may open new ones ("symbolon client remove" stops that)`,
      ...propagationText(reached),
    ].join('\n'),
  );
}

async function endEverything(output: Output, options: EndOptions): Promise<void> {
  const { path, settings } = findSettledFolder(options.data);
  if (options.yes !== true) await confirm(`every session of ${settings.issuer} in ${path}`);
  await withIssuer(options.data, async (open) => {
    const cut = await open.issuer.sessions.endAll({ everything: true, by: 'operator' });
    if (cut.kind === 'unknown') throw new Error('unexpected answer of a cut of everything');
    const reached = await awaitGuards(open, cut.position);
    const within = longestTokenLife(open.settings);
    output.result(
      { ended: 'everything', live_tokens_expire_within: within, ...propagationData(reached) },
      () => ['ended every session there was; new ones may start', ...propagationText(reached)].join('\n'),
    );
  });
}

/** @throws TypeError where nobody is there to be asked, Refused where the answer is no. */
async function confirm(what: string): Promise<void> {
  if (!process.stdin.isTTY) throw new TypeError(`this ends ${what}: say --yes if that is meant`);
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asked.question(`End ${what}? Type "yes": `);
  asked.close();
  if (answer.trim() !== 'yes') throw new Refused('not_confirmed', 'nothing was ended');
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0 && count <= 10_000) return count;
  throw new InvalidArgumentError('expected a number from 1 to 10000');
}

import type { KeyRow, RotateResult } from '@symbolon/issuer';
import { InvalidArgumentError, type Command } from 'commander';
import { Refused } from '../exit.ts';
import { withIssuer, type OpenIssuer } from '../open-issuer.ts';
import type { Output } from '../output.ts';
import { awaitGuards, propagationData, propagationText } from '../propagation.ts';
import { action, readAlgorithm, withCommonOptions, type CommonOptions } from '../run.ts';
import { table } from '../table.ts';
import { dateText, distanceText, seconds } from '../times.ts';
import { addKeyFile } from './key-file.ts';

interface RotateOptions extends CommonOptions {
  readonly purpose?: KeyRow['purpose'];
  readonly alg?: string;
}

const operator = 'operator';

/** `symbolon key`: the issuer's signing keys. */
export function addKey(program: Command): void {
  const key = program.command('key').description("list, rotate, revoke and rewrap the issuer's signing keys");
  withCommonOptions(key.command('list').description('list the keys: next, current, retired'))
    .addHelpText('after', '\nExamples:\n  $ symbolon key list\n  $ symbolon key list --json')
    .action(action((output, command) => list(output, command.opts())));
  withCommonOptions(key.command('rotate').description('sign with the next key; the current one retires'))
    .option('--purpose <purpose>', 'session, refresh or feed (default: session)', readPurpose)
    .option('--alg <name>', 'which algorithm, where there are several', readAlgorithm)
    .addHelpText('after', rotateExamples)
    .action(action((output, command) => rotate(output, command.opts())));
  withCommonOptions(
    key.command('revoke <kid>').description('make a key gone at once, with all it has signed'),
  )
    // One kid of 64 starts with a dash: it is an argument all the same.
    .allowUnknownOption()
    .addHelpText(
      'after',
      '\nExamples:\n  $ symbolon key revoke "$(symbolon key list --json | jq -r .keys[0].kid)"',
    )
    .action(
      action((output, command) => revoke(output, { kids: command.args, ...command.opts<CommonOptions>() })),
    );
  addKeyFile(key);
}

const rotateExamples = `
Tokens signed by the retired key stay good until they expire. A new next key may sign once every guard can be expected
to hold it; rotating earlier is refused (exit 1) and says when it is possible.

Examples:
  $ symbolon key rotate
  $ symbolon key rotate --purpose refresh --json`;

async function list(output: Output, options: CommonOptions): Promise<void> {
  await withIssuer(options.data, async ({ issuer }) => {
    const rows = await issuer.keys.list();
    output.result({ keys: rows.map(describe) }, () => table(head, rows.map(toCells), 'no keys'));
  });
}

const head = ['key', 'purpose', 'algorithm', 'state', 'since', 'remarks'];

function describe(row: KeyRow): object {
  return {
    kid: row.kid,
    purpose: row.purpose,
    alg: row.alg,
    state: row.state,
    held_by: holderOf(row),
    created_at: seconds(row.createdAt),
    may_sign_from: seconds(row.holdableFrom),
    current_at: row.currentAt === null ? null : seconds(row.currentAt),
    retired_at: row.retiredAt === null ? null : seconds(row.retiredAt),
  };
}

function toCells(row: KeyRow): readonly string[] {
  const now = Date.now() / 1000;
  const since = row.retiredAt ?? row.currentAt ?? row.createdAt;
  const waits = row.state === 'next' && seconds(row.holdableFrom) > now;
  const remarks = [
    waits ? `may sign ${distanceText(seconds(row.holdableFrom), now)}` : '',
    holderOf(row) === null ? '' : `held by ${holderOf(row) ?? ''}`,
  ];
  const remark = remarks.filter((part) => part !== '').join(', ');
  return [row.kid, row.purpose, row.alg, row.state, dateText(seconds(since)), remark];
}

/** The signer that holds a private key; null where it is wrapped in the store. */
function holderOf({ kekId }: KeyRow): string | null {
  return /^external:(.*)$/.exec(kekId)?.[1] ?? null;
}

async function rotate(output: Output, options: RotateOptions): Promise<void> {
  await withIssuer(options.data, async (open) => {
    const which = { purpose: options.purpose ?? 'session', alg: await algorithmOf(open, options) };
    const promoted = await open.issuer.keys.rotate({ ...which, by: operator });
    if (promoted.kind === 'not_holdable') throw tooEarly(seconds(promoted.holdableFrom));
    if (promoted.kind === 'not_held') throw notHeld(promoted);
    if (promoted.kind === 'no_next')
      throw new Refused('no_next_key', `there is no next ${which.purpose} key`);
    const { current, next } = promoted;
    output.result({ rotated: which.purpose, alg: which.alg, current: current.kid, next: next.kid }, () =>
      [
        `${which.purpose} tokens are signed by ${current.kid} from now on`,
        '  tokens of the retired key stay good until they expire',
        `  next in line: ${next.kid}, ${dateText(seconds(next.holdableFrom))} at the earliest`,
      ].join('\n'),
    );
  });
}

function notHeld({ kid, lacking }: Extract<RotateResult, { kind: 'not_held' }>): Refused {
  const names = lacking.map(({ name }) => name).join(', ');
  return new Refused(
    'key_not_held',
    `these guards do not hold the next key ${kid} yet: ${names}. They fetch it within seconds of hearing the feed; "symbolon doctor" says why one does not`,
    { kid, lacking },
  );
}

function tooEarly(from: number): Refused {
  const when = `${dateText(from)} UTC (${distanceText(from, Date.now() / 1000)})`;
  return new Refused(
    'key_not_holdable',
    `guards cannot be expected to hold the next key before ${when}: rotate then, or "symbolon key revoke" the current key if it is in foreign hands`,
    { possible_from: from },
  );
}

async function algorithmOf(
  { issuer }: OpenIssuer,
  { purpose = 'session', alg }: RotateOptions,
): Promise<string> {
  if (alg !== undefined) return alg;
  const rows = (await issuer.keys.list()).filter((row) => row.purpose === purpose && row.state === 'current');
  const [only, ...more] = new Set(rows.map((row) => row.alg));
  if (only !== undefined && more.length === 0) return only;
  throw new TypeError(`name the algorithm with --alg: ${[only, ...more].join(' or ')}`);
}

async function revoke(output: Output, options: CommonOptions & { kids: readonly string[] }): Promise<void> {
  const [kid = '', ...more] = options.kids;
  if (more.length > 0) throw new TypeError(`unexpected ${more.join(' ')}: give one key id`);
  if (!/^[\w-]{43}$/.test(kid))
    throw new TypeError(`unexpected key id ${kid}, expected the 43 characters of a thumbprint`);
  await withIssuer(options.data, async (open) => {
    const revoked = await open.issuer.keys.revoke(kid, operator);
    if (revoked.kind === 'unknown')
      throw new Refused('key_unknown', `no key ${kid}; "symbolon key list" shows them`);
    const reached = await awaitGuards(open, revoked.position);
    output.result({ revoked: kid, current: revoked.current.kid, ...propagationData(reached) }, () =>
      [`revoked ${kid}; ${revoked.current.kid} signs from now on`, ...propagationText(reached)].join('\n'),
    );
  });
}

function readPurpose(text: string): KeyRow['purpose'] {
  if (text === 'session' || text === 'refresh' || text === 'feed') return text;
  throw new InvalidArgumentError('expected session, refresh or feed');
}

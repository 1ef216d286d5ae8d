import { rmSync } from 'node:fs';
import { thumbprintOf, type PublicJwk } from '@symbolon/token';
import type { ClientRow, NewClientOptions } from '@symbolon/issuer';
import type { Command } from 'commander';
import { clientAudiences } from '../client-audiences.ts';
import { generateClientKey, readPublicHalf } from '../client-key.ts';
import { Refused } from '../exit.ts';
import { longestTokenLife } from '../live-tokens.ts';
import { withIssuer, type OpenIssuer } from '../open-issuer.ts';
import type { Output } from '../output.ts';
import {
  action,
  collect,
  collectWords,
  readAlgorithm,
  withCommonOptions,
  type CommonOptions,
} from '../run.ts';
import { table } from '../table.ts';
import { dateText, seconds } from '../times.ts';

interface AddOptions extends CommonOptions {
  readonly key?: string;
  readonly generate?: string;
  readonly alg?: ReturnType<typeof readAlgorithm>;
  readonly audience?: readonly string[];
  readonly scope?: readonly string[];
  readonly right?: readonly string[];
  readonly public?: true;
  readonly bearer?: true;
}

const operator = 'operator';

/** `symbolon client`: registered software and the keys with which it proves itself. */
export function addClient(program: Command): void {
  const client = program.command('client').description('register, list, remove and unblock clients');
  addAdd(client);
  withCommonOptions(client.command('list').description('list the clients, the blocked keys among theirs too'))
    .addHelpText('after', '\nExamples:\n  $ symbolon client list\n  $ symbolon client list --json')
    .action(action((output, command) => list(output, command.opts())));
  withCommonOptions(
    client.command('remove <id>').description('remove a client for good and end its sessions'),
  )
    .addHelpText('after', '\nExamples:\n  $ symbolon client remove nightly-report')
    .action(
      action((output, command) => remove(output, { id: word(command), ...command.opts<CommonOptions>() })),
    );
  withCommonOptions(
    client.command('unblock <id>').description("let a machine's blocked keys open sessions again"),
  )
    .option('--key <thumbprint>', 'only this key (default: all of the client)')
    .addHelpText('after', '\nExamples:\n  $ symbolon client unblock nightly-report')
    .action(
      action((output, command) =>
        unblock(output, { id: word(command), ...command.opts<{ key?: string }>() }),
      ),
    );
}

function addAdd(client: Command): void {
  const command = client
    .command('add <name>')
    .description('register a client')
    .option('--key <file>', 'its key, a JWK; of a private one only the public half is taken')
    .option('--generate <file>', 'make its key pair here: the private JWK goes into this new file (0600)')
    .option(
      '--alg <name>',
      'algorithm of the key to make: EdDSA, ES256 or ML-DSA-44 (default: EdDSA)',
      readAlgorithm,
    )
    .option(
      '--audience <url>',
      'may get tokens for this audience; repeatable (default: the only one)',
      collect,
    )
    .option('--scope <names>', 'may have these scope values, separated by commas', collectWords)
    .option('--right <right>', '"introspect" or "sessions:<client id>"; repeatable', collect)
    .option('--public', 'an application in whose name people hold sessions; it has no key of its own')
    .option('--bearer', 'may have bearer tokens, which anyone can use who sees one');
  withCommonOptions(command)
    .addHelpText('after', addExamples)
    .action(action((output, self) => add(output, { name: word(self), ...self.opts<AddOptions>() })));
}

const addExamples = `
Examples:
  $ symbolon client add nightly-report --generate report.jwk.json --scope reports:read
  $ symbolon client add shop --key shop.public.jwk.json --audience https://api.example.com
  $ symbolon client add web --public --audience https://api.example.com --scope read,write
  $ symbolon client add web-login --generate login.jwk.json --right sessions:web \\
      --audience https://issuer.example.com/sessions`;

async function add(output: Output, options: AddOptions & { name: string }): Promise<void> {
  await withIssuer(options.data, async (open) => {
    const audiences = clientAudiences(open.settings, options);
    const key = await keyOf(options);
    try {
      report(
        output,
        await open.issuer.clients.add({ ...wanted(options), audiences, keys: key.keys }, operator),
      );
    } catch (error) {
      key.undo();
      throw error;
    }
    if (options.generate !== undefined)
      output.note(`The private key is in ${options.generate}: it exists nowhere else.`);
  });
}

function wanted(options: AddOptions & { name: string }): NewClientOptions {
  return {
    id: options.name,
    kind: options.public === true ? 'public' : 'machine',
    bearer: options.bearer === true,
    rights: [...(options.right ?? [])],
  };
}

function report(output: Output, row: ClientRow): void {
  output.result({ added: row.id, kind: row.kind }, () => `added the ${row.kind} client ${row.id}`);
}

/** The key to register, and how to take back what was written if it comes to nothing. */
async function keyOf(options: AddOptions): Promise<{ keys: Record<string, unknown>[]; undo: () => void }> {
  const { key, generate } = options;
  if (key !== undefined && generate !== undefined) throw new TypeError('give --key or --generate, not both');
  if (key !== undefined) return { keys: [{ ...(await readPublicHalf(key)) }], undo: () => undefined };
  if (generate === undefined) {
    if (options.public !== true)
      throw new TypeError('a machine client needs a key: give --generate FILE or --key FILE');
    return { keys: [], undo: () => undefined };
  }
  const keys = [{ ...(await generateClientKey(generate, options.alg)) }];
  return {
    keys,
    undo: () => {
      rmSync(generate);
    },
  };
}

async function list(output: Output, options: CommonOptions): Promise<void> {
  await withIssuer(options.data, async ({ issuer, storage }) => {
    const blocks = await storage.listBlocks({});
    const rows = await Promise.all(
      (await issuer.clients.list()).map((row) =>
        describe(
          row,
          blocks.filter(({ clientId }) => clientId === row.id).map(({ jkt }) => jkt),
        ),
      ),
    );
    output.result({ clients: rows }, () => table(head, rows.map(toCells), 'no clients'));
  });
}

const head = ['client', 'kind', 'audience', 'scope', 'rights', 'remarks'];

type Described = Awaited<ReturnType<typeof describe>>;

async function describe(
  row: ClientRow,
  blocked: readonly string[],
): Promise<{
  id: string;
  kind: string;
  keys: readonly string[];
  blocked_keys: readonly string[];
  bearer: boolean;
  audiences: ClientRow['audiences'];
  rights: readonly string[];
  created_at: number;
  removed_at: number | null;
}> {
  return {
    id: row.id,
    kind: row.kind,
    keys: await Promise.all(row.keys.map((jwk) => thumbprintOf(jwk as unknown as PublicJwk))),
    blocked_keys: blocked,
    bearer: row.bearer,
    audiences: row.audiences,
    rights: row.rights,
    created_at: seconds(row.createdAt),
    removed_at: row.removedAt === null ? null : seconds(row.removedAt),
  };
}

function toCells(row: Described): readonly string[] {
  const remarks = [
    ...(row.bearer ? ['BEARER'] : []),
    ...(row.blocked_keys.length > 0 ? ['key blocked'] : []),
    ...(row.removed_at === null ? [] : [`removed ${dateText(row.removed_at)}`]),
  ];
  return [
    row.id,
    row.kind,
    row.audiences.map(({ audience }) => audience).join(' ') || '-',
    [...new Set(row.audiences.flatMap(({ scope }) => scope))].join(' ') || '-',
    row.rights.join(' ') || '-',
    remarks.join(', '),
  ];
}

async function remove(output: Output, { id, data }: CommonOptions & { id: string }): Promise<void> {
  await withIssuer(data, async (open) => {
    if ((await open.issuer.clients.remove(id, operator)).kind === 'unknown') throw unknownClient(id);
    const within = longestTokenLife(open.settings);
    output.result(
      { removed: id, live_tokens_expire_within: within },
      () => `removed ${id}; its live tokens are good until they expire, ${within} s at most`,
    );
  });
}

async function unblock(output: Output, options: CommonOptions & { id: string; key?: string }): Promise<void> {
  const { id, key } = options;
  await withIssuer(options.data, async (open) => {
    await demandClient(open, id);
    const which = { id, by: operator, ...(key === undefined ? {} : { key }) };
    const keys = await open.issuer.clients.unblock(which);
    output.result({ client_id: id, unblocked: keys }, () =>
      keys.length === 0 ? `no key of ${id} was blocked` : `unblocked ${keys.join(', ')}`,
    );
  });
}

async function demandClient({ storage }: OpenIssuer, id: string): Promise<void> {
  if ((await storage.findClient(id)) === null) throw unknownClient(id);
}

function unknownClient(id: string): Refused {
  return new Refused('client_unknown', `no client ${id}; "symbolon client list" shows them`);
}

function word(command: Command): string {
  return command.args[0] ?? '';
}

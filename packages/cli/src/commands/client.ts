import { thumbprintOf, type PublicJwk } from '@symbolon/token';
import type { ClientRow } from '@symbolon/issuer';
import type { Command } from 'commander';
import { longestTokenLife } from '../live-tokens.ts';
import { withIssuer, type OpenIssuer } from '../open-issuer.ts';
import type { Output } from '../output.ts';
import { awaitGuards, propagationData, propagationText } from '../propagation.ts';
import { action, withCommonOptions, type CommonOptions } from '../run.ts';
import { table } from '../table.ts';
import { dateText, seconds } from '../times.ts';
import { unknownClient } from '../unknown-client.ts';
import { addClientAdd } from './client-add.ts';
import { addClientChange } from './client-change.ts';
import { endAll } from './session.ts';

const operator = 'operator';

/** `symbolon client`: registered software and the keys with which it proves itself. */
export function addClient(program: Command): void {
  const client = program.command('client').description('register, change, list, remove and unblock clients');
  addClientAdd(client);
  addClientChange(client);
  withCommonOptions(client.command('list').description('list the clients, the blocked keys among theirs too'))
    .addHelpText('after', '\nExamples:\n  $ symbolon client list\n  $ symbolon client list --json')
    .action(action((output, command) => list(output, command.opts())));
  withCommonOptions(
    client.command('end <id>').description('end every session of a client, which may open new ones'),
  )
    .addHelpText('after', '\nExamples:\n  $ symbolon client end nightly-report --json')
    .action(
      action((output, command) =>
        withIssuer(command.opts<CommonOptions>().data, (open) =>
          endAll(output, { open, clientId: word(command) }),
        ),
      ),
    );
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

const head = ['client', 'title', 'kind', 'audience', 'scope', 'rights', 'answered at', 'remarks'];

type Described = Awaited<ReturnType<typeof describe>>;

async function describe(
  row: ClientRow,
  blocked: readonly string[],
): Promise<{
  id: string;
  name: string;
  kind: string;
  redirect_uris: readonly string[];
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
    name: row.name,
    kind: row.kind,
    redirect_uris: row.registration.redirectUris,
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
    row.name,
    row.kind,
    row.audiences.map(({ audience }) => audience).join(' ') || '-',
    [...new Set(row.audiences.flatMap(({ scope }) => scope))].join(' ') || '-',
    row.rights.join(' ') || '-',
    row.redirect_uris.join(' ') || '-',
    remarks.join(', '),
  ];
}

async function remove(output: Output, { id, data }: CommonOptions & { id: string }): Promise<void> {
  await withIssuer(data, async (open) => {
    const cut = await open.issuer.clients.remove(id, operator);
    if (cut.kind === 'unknown') throw unknownClient(id);
    const reached = await awaitGuards(open, cut.position);
    const within = longestTokenLife(open.settings);
    output.result({ removed: id, live_tokens_expire_within: within, ...propagationData(reached) }, () =>
      [`removed ${id} and ended its sessions`, ...propagationText(reached)].join('\n'),
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

function word(command: Command): string {
  return command.args[0] ?? '';
}

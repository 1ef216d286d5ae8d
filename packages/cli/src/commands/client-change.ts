import type { ClientChangeOptions } from '@symbolon/issuer';
import { Option, type Command } from 'commander';
import { clientAudiences } from '../client-audiences.ts';
import { readPublicHalf } from '../client-key.ts';
import { Refused } from '../exit.ts';
import { withIssuer, type OpenIssuer } from '../open-issuer.ts';
import type { Output } from '../output.ts';
import { action, collect, collectWords, withCommonOptions, type CommonOptions } from '../run.ts';

interface ChangeOptions extends CommonOptions {
  readonly title?: string;
  readonly redirectUri?: readonly string[];
  readonly logoutUri?: readonly string[];
  readonly backchannelLogoutUri?: string;
  readonly consent?: 'ask' | 'given';
  readonly pushedOnly?: 'yes' | 'no';
  readonly audience?: readonly string[];
  readonly scope?: readonly string[];
  readonly key?: readonly string[];
}

/** `symbolon client change`: another address, name, scope or key for a client that stands. */
export function addClientChange(client: Command): void {
  const command = client
    .command('change <id>')
    .description('change what a client was registered with; what is not named stays')
    .option('--title <text>', 'what people are shown')
    .option(
      '--redirect-uri <url>',
      'where it may be answered; repeatable, in the place of all before',
      collect,
    )
    .option(
      '--logout-uri <url>',
      "where people may be sent after signing out; repeatable, in the place of all before, '' for none",
      collect,
    )
    .option('--backchannel-logout-uri <url>', "where it is told that a session has ended; '' for nowhere")
    .addOption(new Option('--consent <how>', 'whether people are asked').choices(['ask', 'given']))
    .addOption(
      new Option('--pushed-only <whether>', 'whether it must push its authorization requests').choices([
        'yes',
        'no',
      ]),
    )
    .option(
      '--audience <url>',
      'may get tokens for this audience; repeatable, in the place of all before',
      collect,
    )
    .option('--scope <names>', 'may have these scope values, in the place of all before', collectWords)
    .option(
      '--key <file>',
      'its key, a JWK; repeatable, in the place of all before: the old and the new one while it changes over',
      collect,
    );
  withCommonOptions(command)
    .addHelpText('after', changeExamples)
    .action(
      action((output, self) => change(output, { id: self.args[0] ?? '', ...self.opts<ChangeOptions>() })),
    );
}

const changeExamples = `
It counts at once, for requests that are open as well. What people allowed and sessions that stand keep what they were
given: "symbolon client end" ends the sessions.

Examples:
  $ symbolon client change photos --redirect-uri https://new.example.com/callback
  $ symbolon client change shop --key shop.2025.jwk.json --key shop.2026.jwk.json
  $ symbolon client change photos --title 'Photo book' --scope read,write`;

async function change(output: Output, options: ChangeOptions & { readonly id: string }): Promise<void> {
  const { id } = options;
  await withIssuer(options.data, async (open) => {
    const wanted = await readChange(open, options);
    if (Object.keys(wanted).length === 0)
      throw new TypeError('say what to change: "symbolon client change --help" shows what can be');
    const done = await open.issuer.clients.change(id, wanted, 'operator');
    if (done.kind === 'unknown') throw unknown(id);
    const { changed } = done;
    output.result({ client_id: id, changed }, () =>
      changed.length === 0 ? `${id} was like that already` : `changed ${changed.join(', ')} of ${id}`,
    );
  });
}

async function readChange(
  open: OpenIssuer,
  options: ChangeOptions & { readonly id: string },
): Promise<ClientChangeOptions> {
  const { title, redirectUri, logoutUri, backchannelLogoutUri, consent, pushedOnly, key } = options;
  const keys = key && (await Promise.all(key.map(readPublicHalf)));
  return {
    ...(title !== undefined && { name: title }),
    ...(redirectUri !== undefined && { redirectUris: given(redirectUri) }),
    ...(logoutUri !== undefined && { postLogoutRedirectUris: given(logoutUri) }),
    ...(backchannelLogoutUri !== undefined && { backchannelLogoutUri: backchannelLogoutUri || null }),
    ...(consent !== undefined && { consent }),
    ...(pushedOnly !== undefined && { pushedOnly: pushedOnly === 'yes' }),
    ...(keys !== undefined && { keys: keys.map((jwk) => ({ ...jwk })) }),
    ...(await readAudiences(open, options)),
  };
}

/** A scope value alone is meant at the audiences that the client has. */
async function readAudiences(
  { settings, storage }: OpenIssuer,
  { id, audience, scope }: ChangeOptions & { readonly id: string },
): Promise<ClientChangeOptions> {
  if (audience === undefined && scope === undefined) return {};
  const client = await storage.findClient(id);
  if (client === null) throw unknown(id);
  const asked = {
    audience: audience ?? client.audiences.map((row) => row.audience),
    scope: scope ?? [...new Set(client.audiences.flatMap((row) => row.scope))],
  };
  return { audiences: clientAudiences(settings, asked) };
}

function given(uris: readonly string[]): string[] {
  return uris.filter((uri) => uri !== '');
}

function unknown(id: string): Refused {
  return new Refused('client_unknown', `no client ${id} stands; "symbolon client list" shows them`);
}

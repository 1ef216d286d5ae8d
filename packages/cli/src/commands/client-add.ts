import { rmSync } from 'node:fs';
import type { ClientRow, NewClientOptions } from '@symbolon/issuer';
import { Option, type Command } from 'commander';
import { clientAudiences } from '../client-audiences.ts';
import { generateClientKey, readPublicHalf } from '../client-key.ts';
import { commandLine } from '../invocation.ts';
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

interface AddOptions extends CommonOptions {
  readonly key?: string;
  readonly generate?: string;
  readonly alg?: ReturnType<typeof readAlgorithm>;
  readonly audience?: readonly string[];
  readonly scope?: readonly string[];
  readonly right?: readonly string[];
  readonly kind?: ClientKind;
  readonly public?: true;
  readonly title?: string;
  readonly redirectUri?: readonly string[];
  readonly logoutUri?: readonly string[];
  readonly backchannelLogoutUri?: string;
  readonly consent?: 'ask' | 'given';
  readonly pushedOnly?: true;
  readonly bearer?: true;
}

type ClientKind = NonNullable<NewClientOptions['kind']>;
const operator = 'operator';

/** `symbolon client add`: registers software and its key. */
export function addClientAdd(client: Command): void {
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
    .option(
      '--right <right>',
      '"introspect", "authorizations" or "sessions:<client id>"; repeatable',
      collect,
    )
    .addOption(
      new Option('--kind <kind>', 'acts for itself, or for people without or with a key of its own').choices([
        'machine',
        'public',
        'web',
      ]),
    )
    .option('--public', 'the same as --kind public')
    .option('--title <text>', 'what people are shown when it asks them for something (default: its name)')
    .option('--redirect-uri <url>', 'where it may be answered, letter by letter; repeatable', collect)
    .option('--logout-uri <url>', 'where people may be sent after signing out; repeatable', collect)
    .option('--backchannel-logout-uri <url>', 'where it is told that a session has ended')
    .addOption(
      new Option('--consent <how>', '"given": your own application, whose people are not asked').choices([
        'ask',
        'given',
      ]),
    )
    .option('--pushed-only', 'must push its authorization requests (RFC 9126)')
    .option('--bearer', 'may have bearer tokens, which anyone can use who sees one');
  withCommonOptions(command)
    .addHelpText('after', addExamples)
    .action(action((output, self) => add(output, { name: self.args[0] ?? '', ...self.opts<AddOptions>() })));
}

const addExamples = `
Examples:
  $ symbolon client add nightly-report --generate report.jwk.json --scope reports:read
  $ symbolon client add shop --key shop.public.jwk.json --audience https://api.example.com
  $ symbolon client add web --public --audience https://api.example.com --scope read,write
  $ symbolon client add photos --kind public --title 'Photo book' --scope read \\
      --redirect-uri https://photos.example.com/callback --redirect-uri http://127.0.0.1/callback
  $ symbolon client add shop --kind web --generate shop.jwk.json --consent given \\
      --redirect-uri https://shop.example.com/callback
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
    for (const slip of slipsOf(options, open)) output.note(slip);
  });
}

/** What is allowed, and of no use to an application that asks people. */
function slipsOf(options: AddOptions & { name: string }, { folder }: OpenIssuer): readonly string[] {
  const { name, redirectUri = [], scope = [] } = options;
  if (kindOf(options) === 'machine') return [];
  const change = (flag: string): string => commandLine(`client change ${name} ${flag}`, folder.path);
  return [
    ...(redirectUri.length > 0
      ? []
      : [`Nobody can be sent back to ${name}, so nobody can link it: ${change('--redirect-uri URL')}`]),
    ...(scope.length > 0
      ? []
      : [`${name} may ask for no scope of an API, only who somebody is: ${change('--scope NAMES')}`]),
  ];
}

function wanted(options: AddOptions & { name: string }): NewClientOptions {
  return {
    id: options.name,
    ...(options.title === undefined ? {} : { name: options.title }),
    kind: kindOf(options),
    redirectUris: [...(options.redirectUri ?? [])],
    postLogoutRedirectUris: [...(options.logoutUri ?? [])],
    backchannelLogoutUri: options.backchannelLogoutUri ?? null,
    consent: options.consent ?? 'ask',
    pushedOnly: options.pushedOnly === true,
    bearer: options.bearer === true,
    rights: [...(options.right ?? [])],
  };
}

function kindOf({ kind, public: isPublic }: AddOptions): ClientKind {
  if (isPublic === true && kind !== undefined && kind !== 'public')
    throw new TypeError(`give --kind ${kind} or --public, not both`);
  return isPublic === true ? 'public' : (kind ?? 'machine');
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
    const kind = kindOf(options);
    if (kind !== 'public')
      throw new TypeError(`a ${kind} client needs a key: give --generate FILE or --key FILE`);
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

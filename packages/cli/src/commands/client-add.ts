import { rmSync } from 'node:fs';
import type { ClientRow, NewClientOptions } from '@symbolon/issuer';
import type { Command } from 'commander';
import { clientAudiences } from '../client-audiences.ts';
import { generateClientKey, readPublicHalf } from '../client-key.ts';
import { withIssuer } from '../open-issuer.ts';
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
  readonly public?: true;
  readonly bearer?: true;
}

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
    .option('--right <right>', '"introspect" or "sessions:<client id>"; repeatable', collect)
    .option('--public', 'an application in whose name people hold sessions; it has no key of its own')
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

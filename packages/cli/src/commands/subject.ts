import type { Command } from 'commander';
import { Refused } from '../exit.ts';
import { withIssuer } from '../open-issuer.ts';
import type { Output } from '../output.ts';
import { awaitGuards, propagationData, propagationText } from '../propagation.ts';
import { action, withCommonOptions, type CommonOptions } from '../run.ts';

type Asked = CommonOptions & { readonly sub: string };

const operator = 'operator';

/** `symbolon subject`: those whom tokens are about. */
export function addSubject(program: Command): void {
  const subject = program
    .command('subject')
    .description('end all sessions of a subject, disable and enable it');
  const rows = [
    ['end', 'end every session of a subject, by its claim sub', endExamples, end],
    ['disable', 'end every session of a subject and let it start none', disableExamples, disable],
    ['enable', 'let a disabled subject start sessions again', enableExamples, enable],
  ] as const;
  for (const [name, description, examples, run] of rows) {
    withCommonOptions(subject.command(`${name} <sub>`).description(description))
      // One id of 64 starts with a dash: it is an argument all the same.
      .allowUnknownOption()
      .addHelpText('after', examples)
      .action(
        action((output, command) => run(output, { sub: word(command), ...command.opts<CommonOptions>() })),
      );
  }
}

function word({ args }: Command): string {
  const [sub = '', ...more] = args;
  if (more.length > 0) throw new TypeError(`unexpected ${more.join(' ')}: give one subject`);
  return sub;
}

const endExamples = `
The subject may sign in again at once; what started before is over, wherever it is used.

Examples:
  $ symbolon subject end j9oi6-2s2khlIrETIWkeLoA
  $ symbolon subject end j9oi6-2s2khlIrETIWkeLoA --json`;

const disableExamples = `
What started is over, wherever it is used, and nobody signs in as this subject until "symbolon subject enable".

Examples:
  $ symbolon subject disable j9oi6-2s2khlIrETIWkeLoA
  $ symbolon subject disable j9oi6-2s2khlIrETIWkeLoA --json`;

const enableExamples = `
No session comes back: the subject signs in anew.

Examples:
  $ symbolon subject enable j9oi6-2s2khlIrETIWkeLoA`;

async function end(output: Output, { sub, data }: Asked): Promise<void> {
  await withIssuer(data, async (open) => {
    const cut = await open.issuer.sessions.endAll({ subject: sub, by: operator });
    if (cut.kind === 'unknown') throw unknownSubject(sub);
    const reached = await awaitGuards(open, cut.position);
    output.result({ ended: sub, ...propagationData(reached) }, () =>
      [`ended every session of ${sub}; it may start new ones`, ...propagationText(reached)].join('\n'),
    );
  });
}

async function disable(output: Output, { sub, data }: Asked): Promise<void> {
  await withIssuer(data, async (open) => {
    const cut = await open.issuer.subjects.disable({ subject: sub, by: operator });
    if (cut.kind === 'unknown') throw unknownSubject(sub);
    const reached = await awaitGuards(open, cut.position);
    output.result({ disabled: sub, ...propagationData(reached) }, () =>
      [`disabled ${sub}: its sessions are ended, and it starts none`, ...propagationText(reached)].join('\n'),
    );
  });
}

async function enable(output: Output, { sub, data }: Asked): Promise<void> {
  await withIssuer(data, async ({ issuer }) => {
    const { kind } = await issuer.subjects.enable({ subject: sub, by: operator });
    if (kind === 'unknown') throw unknownSubject(sub);
    output.result({ enabled: sub }, () => `enabled ${sub}: it may sign in anew`);
  });
}

function unknownSubject(sub: string): Refused {
  return new Refused(
    'subject_unknown',
    `no subject ${sub}; "symbolon session list --json" shows them as sub`,
  );
}

import type { Command } from 'commander';
import { Refused } from '../exit.ts';
import { withIssuer } from '../open-issuer.ts';
import type { Output } from '../output.ts';
import { awaitGuards, propagationData, propagationText } from '../propagation.ts';
import { action, withCommonOptions, type CommonOptions } from '../run.ts';

/** `symbolon subject`: those whom tokens are about. */
export function addSubject(program: Command): void {
  const subject = program.command('subject').description('end all sessions of a subject');
  withCommonOptions(
    subject.command('end <sub>').description('end every session of a subject, by its claim sub'),
  )
    // One id of 64 starts with a dash: it is an argument all the same.
    .allowUnknownOption()
    .addHelpText('after', examples)
    .action(
      action((output, command) => end(output, { subs: command.args, ...command.opts<CommonOptions>() })),
    );
}

const examples = `
The subject may sign in again at once; what started before is over, wherever it is used.

Examples:
  $ symbolon subject end j9oi6-2s2khlIrETIWkeLoA
  $ symbolon subject end j9oi6-2s2khlIrETIWkeLoA --json`;

async function end(output: Output, options: CommonOptions & { subs: readonly string[] }): Promise<void> {
  const [sub = '', ...more] = options.subs;
  if (more.length > 0) throw new TypeError(`unexpected ${more.join(' ')}: give one subject`);
  await withIssuer(options.data, async (open) => {
    const cut = await open.issuer.sessions.endAll({ subject: sub, by: 'operator' });
    if (cut.kind === 'unknown') {
      throw new Refused(
        'subject_unknown',
        `no subject ${sub}; "symbolon session list --json" shows them as sub`,
      );
    }
    const reached = await awaitGuards(open, cut.position);
    output.result({ ended: sub, ...propagationData(reached) }, () =>
      [`ended every session of ${sub}; it may start new ones`, ...propagationText(reached)].join('\n'),
    );
  });
}

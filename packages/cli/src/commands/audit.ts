import type { AuditRow } from '@symbolon/issuer';
import { InvalidArgumentError, type Command } from 'commander';
import { Refused } from '../exit.ts';
import { withIssuer } from '../open-issuer.ts';
import type { Output } from '../output.ts';
import { action, withCommonOptions, type CommonOptions } from '../run.ts';
import { table } from '../table.ts';
import { dateText, seconds } from '../times.ts';

interface ListOptions extends CommonOptions {
  readonly after?: number;
  readonly limit?: number;
}

/** `symbolon audit`: what was done, line by line, each chained to the one before. */
export function addAudit(program: Command): void {
  const audit = program.command('audit').description('read the audit log and verify its chain');
  withCommonOptions(audit.command('list').description('list the lines, oldest first'))
    .option('--after <seq>', 'only those after this line', readWhole)
    .option('--limit <count>', 'how many (default: 100)', readWhole)
    .addHelpText('after', '\nExamples:\n  $ symbolon audit list\n  $ symbolon audit list --after 100 --json')
    .action(action((output, command) => list(output, command.opts())));
  withCommonOptions(audit.command('verify').description('find a line that was changed, removed or reordered'))
    .addHelpText('after', verifyExamples)
    .action(action((output, command) => verify(output, command.opts())));
}

const verifyExamples = `
Prints the head of the chain: keep it elsewhere, and a log that was written anew cannot pass for this one.

Examples:
  $ symbolon audit verify
  $ symbolon audit verify --json`;

async function list(output: Output, options: ListOptions): Promise<void> {
  await withIssuer(options.data, async ({ storage }) => {
    const rows = await storage.listAudit({ after: options.after ?? 0, limit: options.limit ?? 100 });
    output.result({ lines: rows.map(describe) }, () => table(head, rows.map(toCells), 'no lines'));
  });
}

const head = ['line', 'when (UTC)', 'what', 'client', 'session', 'more'];

function describe(row: AuditRow): object {
  const { seq, at, kind, clientId, sid, fields } = row;
  return { seq, at: seconds(at), kind, client_id: clientId, sid, ...fields };
}

function toCells({ seq, at, kind, clientId, sid, fields }: AuditRow): readonly string[] {
  const more = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
  return [String(seq), dateText(seconds(at)), kind, clientId ?? '-', sid ?? '-', more.join(' ')];
}

async function verify(output: Output, options: CommonOptions): Promise<void> {
  await withIssuer(options.data, async ({ storage }) => {
    const verdict = await storage.verifyAudit();
    if (verdict.kind === 'broken') {
      const message = `line ${verdict.seq} of the audit log was ${verdict.reason}: nothing after it can be trusted`;
      throw new Refused('audit_broken', message, { seq: verdict.seq, reason: verdict.reason });
    }
    const { seq, hash } = verdict.head;
    output.result({ intact: true, head: { seq, hash } }, () => `intact: ${seq} lines, head ${hash}`);
  });
}

function readWhole(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new InvalidArgumentError('expected a whole number');
}

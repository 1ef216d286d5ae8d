import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../src/program.ts';
import { symbolon } from './command-line.ts';

function leaves(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap((each) => leaves(each));
}

function helpOf(command: Command): string {
  let printed = '';
  command.configureOutput({ writeOut: (text) => (printed += text) });
  command.outputHelp();
  return printed;
}

test('every command explains itself with examples, and has --data and --json', () => {
  const commands = leaves(createProgram());
  assert.deepEqual(
    commands.map((command) => `${command.parent?.name() ?? ''} ${command.name()}`),
    [
      ...['symbolon dev', 'symbolon serve', 'symbolon migrate'],
      ...['client add', 'client change', 'client list', 'client end', 'client remove', 'client unblock'],
      ...['session list', 'session end', 'subject end', 'subject disable', 'subject enable'],
      ...[
        'account first',
        'account invite',
        'account list',
        'account disable',
        'account enable',
        'account role',
        'account rename',
        'account remove',
        'account recover',
        'account invitations',
        'account withdraw',
      ],
      ...['key list', 'key rotate', 'key revoke'],
      ...['file list', 'file add', 'file remove', 'key rewrap'],
      ...['guard list', 'audit list', 'audit verify', 'symbolon doctor'],
      ...['symbolon token', 'symbolon call', 'symbolon inspect', 'symbolon attack'],
    ],
  );
  for (const command of commands) {
    const help = helpOf(command);
    for (const part of [/\nExamples:\n {2}\$ symbolon /, /--data <dir>/, /--json/]) assert.match(help, part);
    assert.notEqual(command.description(), '');
  }
});

test('--help ends well, and what is no command does not', async () => {
  const [help, none, unknown] = await Promise.all([symbolon('--help'), symbolon([]), symbolon('session ls')]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /Exit codes: 0 ok, 1 refused, 2 usage, 3 fault\.\n$/);
  assert.equal(none.code, 2);
  assert.equal(unknown.code, 2);
});

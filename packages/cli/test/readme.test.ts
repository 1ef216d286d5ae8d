import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { start, stop, temporaryFolder } from './command-line.ts';

const root = join(import.meta.dirname, '../../..');

/** The words that `npm start` runs, with the Node of this test. */
function npmStart(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  const [program, ...words] = scripts.start.split(' ');
  assert.equal(program, 'node');
  return words;
}

/** Runs what is to be pasted; a machine without curl has its request made here. */
async function paste(block: string): Promise<string> {
  const { error, stdout } = await sh(block);
  if (error === null) return stdout;
  assert.equal((await sh('command -v curl')).stdout, '', error.message);
  const headers = Array.from(
    block.matchAll(/-H '([\w-]+): ([^']+)'/g),
    ([, name, value]): [string, string] => [name ?? '', value ?? ''],
  );
  const response = await fetch(/curl -i (\S+)/.exec(block)?.[1] ?? '', { headers });
  return `HTTP/1.1 ${response.status} ${response.statusText}\r\n\r\n${await response.text()}`;
}

function sh(command: string): Promise<{ error: Error | null; stdout: string }> {
  return new Promise((resolve) => {
    execFile('sh', ['-c', command], (error, stdout) => {
      resolve({ error, stdout });
    });
  });
}

test("CLI-39: the README's first command prints a curl that answers 200 once, and 401 if it is sent again", async () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  assert.match(readme, /```sh\nnpm ci && npm start\n```/);
  const data = temporaryFolder();
  const child = start([], { command: npmStart(), data });
  let printed = '';
  for await (const chunk of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    printed += String(chunk);
    if (printed.includes('Or let the command line')) break;
  }
  const block = /^curl -i [^]*?-H 'DPoP: [\w.-]+'$/m.exec(printed)?.[0];
  assert.ok(block !== undefined, printed);
  assert.doesNotMatch(printed, /export /);
  assert.match(printed, /Account (http:\S+)\/account, console \1\/console, demo API http:/);

  const first = await paste(block);
  assert.match(first, /^HTTP\/1.1 200 OK\r\n/);
  assert.match(first, /\{"sub":"[\w-]{22}","client_id":"demo","sid":"[\w-]{22}",.*"verified":"offline"\}/);
  const second = await paste(block);
  assert.match(second, /^HTTP\/1.1 401 Unauthorized\r\n/);
  assert.match(second, /This proof was seen before/);
  assert.equal(await stop(child, 'SIGINT'), 0);
});

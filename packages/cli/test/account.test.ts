import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { createAuthenticator, type Asked } from '../../issuer/test/people/authenticator.ts';
import { firstLine, start, stop, symbolon, symbolonJson, temporaryFolder } from './command-line.ts';

const program = join(import.meta.dirname, '../src/main.ts');

interface Link {
  readonly link: string;
}

/** What a process prints, line by line. */
function linesOf({ stdout }: ReturnType<typeof start>): {
  next: () => Promise<string>;
  rest: () => Promise<string[]>;
} {
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    next: async () => String((await lines.next()).value),
    rest: async () => {
      const rest: string[] = [];
      for (let line = await lines.next(); line.done !== true; line = await lines.next())
        rest.push(line.value);
      return rest;
    },
  };
}

/** A person who opens a link, in a browser at this issuer. */
function openVisitor(issuer: string): {
  ask: (path: string, body: object) => Promise<Response>;
  enrol: (link: string) => Promise<Response>;
  signIn: () => Promise<Response>;
} {
  const device = createAuthenticator({ origin: issuer });
  const ask = (path: string, body: object): Promise<Response> =>
    fetch(issuer + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: issuer },
      body: JSON.stringify(body),
    });
  const askedBy = async (path: string, body: object): Promise<Asked> =>
    ((await (await ask(path, body)).json()) as { options: Asked }).options;
  return {
    ask,
    enrol: async (link) => {
      const code = new URL(link).hash.slice(1);
      const response = device.make(await askedBy('/enrol/options', { code }));
      return ask('/enrol/verify', { code, name: 'Phone', response });
    },
    signIn: async () => {
      const response = device.prove(await askedBy('/sign-in/options', {}));
      return ask('/sign-in/verify', { response });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  server.close();
  return address.port;
}

/** An issuer of `dev` with its first account, who is signed in. */
async function openDev(): Promise<{ data: string; issuer: string; dev: ReturnType<typeof start> }> {
  const data = temporaryFolder();
  const dev = start(['dev', '--json', '--port', '0', '--data', data]);
  const lines = linesOf(dev);
  const { issuer } = JSON.parse(await lines.next()) as { issuer: string };
  const first = JSON.parse(await lines.next()) as Link & { event: string };
  assert.equal(first.event, 'first_account');
  assert.ok(first.link.startsWith(`${issuer}/enrol#`));
  const operator = openVisitor(issuer);
  assert.equal((await operator.enrol(first.link)).status, 200);
  assert.equal((await operator.signIn()).status, 200);
  return { data, issuer, dev };
}

test('ACCOUNT-25: dev prints the first link once', async () => {
  const { data, dev } = await openDev();
  const none = await symbolon('account first', { data });
  assert.deepEqual([none.code, none.stdout], [1, '']);
  assert.equal(await stop(dev), 0);

  const again = start(['dev', '--json', '--data', data]);
  const said = linesOf(again);
  assert.match(await said.next(), /"ready"/);
  assert.equal(await stop(again), 0);
  assert.deepEqual(await said.rest(), [], 'there is an account');
});

test('ACCOUNT-26, CLI-40: accounts are kept from the command line', async () => {
  const { data, issuer, dev } = await openDev();
  const invited = await symbolonJson<Link>('account invite ada --hours 1', { data });
  const ada = openVisitor(issuer);
  assert.equal((await ada.enrol(invited.link)).status, 200);
  assert.equal((await ada.signIn()).status, 200);
  assert.equal((await symbolon('account invite ada', { data })).code, 1);
  await symbolonJson('account role ada operator', { data });
  const { accounts } = await symbolonJson<{ accounts: Record<string, unknown>[] }>('account list', { data });
  assert.deepEqual(
    accounts.map(({ name, role, enabled }) => [name, role, enabled]),
    [
      ['ada', 'operator', true],
      ['operator', 'operator', true],
    ],
  );
  await symbolonJson('account role ada person', { data });
  for (const line of ['account role operator person', 'account disable operator']) {
    const refused = await symbolon(`${line} --json`, { data });
    assert.equal(refused.code, 1, line);
    assert.match(refused.stdout + refused.stderr, /last_operator/, line);
  }
  await symbolonJson('account disable ADA', { data });
  assert.equal((await ada.signIn()).status, 400);
  const enable = () => symbolonJson<{ already: boolean }>('account enable ada', { data });
  assert.equal((await enable()).already, false);
  assert.equal((await ada.signIn()).status, 200);
  assert.equal((await enable()).already, true);
  const { stdout } = await symbolon('audit list', { data });
  assert.equal(stdout.match(/subject_enabled/g)?.length, 1, stdout);
  assert.equal(await stop(dev), 0);
});

test('ACCOUNT-53, ACCOUNT-26: accounts are renamed and removed by the command line, which says what cannot be done', async () => {
  const { data, issuer, dev } = await openDev();
  const { link } = await symbolonJson<Link>('account invite ada', { data });
  const ada = openVisitor(issuer);
  assert.equal((await ada.enrol(link)).status, 200);
  const renamed = await symbolonJson<object>('account rename ada Grace', { data });
  assert.ok('name' in renamed && renamed.name === 'Grace');
  assert.equal((await symbolon('account rename grace OPERATOR', { data })).code, 1);
  const last = await symbolon('account remove operator --json', { data });
  assert.match(last.stdout + last.stderr, /last_operator/);
  await symbolonJson('account rename grace ada', { data });
  for (const [line, code] of [
    ['account rename nobody eve', 1],
    ['account remove nobody', 1],
    ['account disable nobody', 1],
    ['account role ada king', 2],
    ['account invite eve --hours 169', 2],
    ['account recover nobody', 1],
    ['account recover ada --hours 25', 2],
    ['account withdraw nobody', 1],
  ] as const)
    assert.equal((await symbolon(line, { data })).code, code, line);
  await symbolonJson('account remove ada', { data });
  assert.equal((await ada.signIn()).status, 400);
  assert.equal((await symbolon('account disable ada', { data })).code, 1);
  assert.equal(await stop(dev), 0);
});

test('ACCOUNT-27, ACCOUNT-29: accounts are recovered and invitations taken back from the command line', async () => {
  const data = temporaryFolder();
  const dev = start(['dev', '--json', '--port', '0', '--data', data]);
  const lines = linesOf(dev);
  const { issuer } = JSON.parse(await lines.next()) as { issuer: string };
  const first = JSON.parse(await lines.next()) as Link;
  assert.equal((await openVisitor(issuer).enrol(first.link)).status, 200);
  const { link } = await symbolonJson<Link>('account invite Eve --operator', { data });
  const listed = await symbolon('account invitations --json', { data });
  assert.match(listed.stdout, /"name":"Eve","role":"operator"/);
  assert.ok(!listed.stdout.includes(new URL(link).hash.slice(1)));
  await symbolonJson('account withdraw eve', { data });
  const code = new URL(link).hash.slice(1);
  assert.equal((await openVisitor(issuer).ask('/enrol/options', { code })).status, 400);
  assert.equal((await symbolon('account withdraw eve', { data })).code, 1);

  const recovery = await symbolonJson<Link>('account recover operator --hours 1', { data });
  assert.match(recovery.link, /\/enrol\?for=recovery#/);
  const operator = openVisitor(issuer);
  assert.equal((await operator.enrol(recovery.link)).status, 200);
  assert.equal((await operator.signIn()).status, 200);
  assert.equal(await stop(dev), 0);
});

test('ACCOUNT-25: serve logs how the first account is made, and not the link that makes it', async () => {
  const folder = temporaryFolder();
  const [data, file] = [join(folder, 'data'), join(folder, 'serve.json')];
  const config = {
    ...{ issuer: 'http://localhost:4999', port: 0, data: 'data', keyFile: 'keys.json' },
    audiences: [{ audience: 'https://a.example', scopes: ['read'] }],
  };
  writeFileSync(file, JSON.stringify(config));
  const server = start(['serve', '--config', file, '--people', 'Example']);
  const lines = linesOf(server);
  const began = [await lines.next(), await lines.next()];
  const made = await symbolonJson<Link>('account first', { data });
  assert.match(made.link, /^http:\/\/localhost:4999\/enrol#/);
  assert.equal(await stop(server), 0);
  assert.match(began[1] ?? '', /"event":"no_account","command":"[^"]*account first/);
  assert.ok(![...began, ...(await lines.rest())].join('').includes('enrol'));

  writeFileSync(file, JSON.stringify({ ...config, data: 'other', keyFile: 'other.json' }));
  const closed = start(['serve', '--config', file]);
  await firstLine(closed);
  const refused = await symbolon('account list', { data: join(folder, 'other') });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /serve it with --people/);
  assert.equal(await stop(closed), 0);
});

/** A pseudo-terminal of util-linux: BSD's takes other words. */
const noTerminal = String(spawnSync('script', ['--version']).stdout).includes('util-linux')
  ? false
  : 'SKIPPED: no script of util-linux here, so NOTHING was tested on a terminal';

test('ACCOUNT-25: serve prints the link to somebody at a terminal', { skip: noTerminal }, async (t) => {
  const folder = temporaryFolder();
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const words = [
    ...['serve', '--issuer', issuer, '--port', String(port), '--data', join(folder, 'data')],
    ...['--key-file', join(folder, 'keys.json'), '--audience', 'https://a.example', '--people'],
  ];
  const openTerminal = (): ReturnType<typeof start> => {
    const line = [process.execPath, '--conditions=symbolon:source', program, ...words];
    const quoted = line.map((word) => `'${word}'`).join(' ');
    // What is typed at the terminal reaches the program: ^C stops it, as it does for a person.
    return start(['-qefc', `exec ${quoted}`, '/dev/null'], { program: 'script' });
  };
  const first = openTerminal();
  t.after(() => first.kill('SIGKILL'));
  const lines = linesOf(first);
  const said: string[] = [];
  while (!said.some((line) => /enrol#|no_account/.test(line))) said.push(await lines.next());
  const link = /http:\/\/localhost:\d+\/enrol#[\w-]{43}/.exec(said.at(-1) ?? '')?.[0] ?? '';
  assert.ok(!said.at(-1)?.startsWith('{'), 'it is no line of the log');
  assert.ok(said.every((line) => !line.includes('no_account')));
  assert.equal((await openVisitor(issuer).enrol(link)).status, 200);
  first.stdin.write('\x03');
  await lines.rest();

  const again = openTerminal();
  t.after(() => again.kill('SIGKILL'));
  const later = linesOf(again);
  assert.match(await later.next(), /"ready"/);
  again.stdin.write('\x03');
  assert.ok(
    (await later.rest()).every((line) => !line.includes('enrol')),
    'there is an account',
  );
});

test('ACCOUNT-34: serve takes all that the issuer takes about people, and says what is wrong with it', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'serve.json');
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const audience = 'https://a.example';
  const config = {
    issuer,
    port,
    data: 'data',
    keyFile: 'keys.json',
    audiences: [{ audience, scopes: ['read'] }],
  };
  const allowed = { audiences: [{ audience, scope: ['read'] }], perHour: 5 };
  const people = {
    name: 'Example',
    signIn: { url: 'https://app.example/sign-in' },
    registration: { dynamic: allowed, documents: allowed },
  };
  for (const [wrong, fix] of [
    [{ signIn: { url: 'here' } }, /signIn\.url/],
    [{ signIn: { url: 'http://app.example/' } }, /people\.signIn\.url .*expected the https URL/],
    [{ signIn: {} }, /signIn/],
    [{ registration: { dynamic: { audiences: [{ audience: 'https://b.example' }] } } }, /unknown audience/],
    [{ registration: { dynamic: { audiences: [] } } }, /expected the audiences/],
    [{ sign_in: {} }, /sign_in/],
  ] as const) {
    writeFileSync(
      path,
      JSON.stringify({ ...config, data: 'wrong', keyFile: 'wrong.json', people: { ...people, ...wrong } }),
    );
    const refused = await symbolon(`serve --config ${path}`);
    assert.equal(refused.code, 2, JSON.stringify(wrong));
    assert.match(refused.stderr, fix);
  }
  writeFileSync(path, JSON.stringify({ ...config, people }));
  const server = start(['serve', '--config', path, '--people', 'Another name']);
  await firstLine(server);
  const metadata = (await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()) as object;
  assert.ok('registration_endpoint' in metadata, 'the flag names it, and the file still counts');
  const kept = JSON.parse(readFileSync(join(folder, 'data', 'symbolon.json'), 'utf8')) as { people: object };
  assert.deepEqual(kept.people, { ...people, name: 'Another name' });
  assert.equal(await stop(server), 0);

  writeFileSync(path, JSON.stringify({ ...config, data: 'second', keyFile: 'second.json', people }));
  const bare = start(['serve', '--config', path, '--people']);
  await firstLine(bare);
  const second = JSON.parse(readFileSync(join(folder, 'second', 'symbolon.json'), 'utf8')) as object;
  assert.deepEqual('people' in second && second.people, people, 'the flag alone takes no name away');
  assert.equal(await stop(bare), 0);
});

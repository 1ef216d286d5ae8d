import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { signProof, type SigningKey } from '@symbolon/token';
import type { IssuedTokens } from '../src/index.ts';
import { newKey, tokensOf } from './support.ts';

/** Real processes on a real file: what was answered survives a kill, and a lost answer signs nobody out. */
const folder = mkdtempSync(join(tmpdir(), 'symbolon-crash-'));
let port = 0;
let running: ChildProcess | undefined;

before(async () => {
  const probe = createServer().listen(0, 'localhost');
  await once(probe, 'listening');
  port = (probe.address() as AddressInfo).port;
  probe.close();
  await once(probe, 'close');
});

after(() => {
  running?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function launch(): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'served-issuer.ts'), [folder, String(port)], {
    execArgv: ['--conditions=symbolon:source'],
  });
  running = child;
  await once(child, 'message');
  return child;
}

async function startSession(child: ChildProcess, holder: SigningKey): Promise<IssuedTokens> {
  child.send({ start: holder.kid });
  const [message] = (await once(child, 'message')) as [{ tokens: IssuedTokens }];
  return message.tokens;
}

async function refresh(holder: SigningKey, refreshToken = ''): Promise<Response> {
  const url = `http://localhost:${String(port)}/token`;
  const proof = await signProof({ method: 'POST', url, now: Date.now() / 1000 }, holder);
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: 'web',
    refresh_token: refreshToken,
  });
  return fetch(url, { method: 'POST', body, headers: { dpop: proof } });
}

function storedGeneration(sid: string): number {
  const db = new DatabaseSync(join(folder, 'store.db'), { readOnly: true });
  try {
    return Number(db.prepare('SELECT generation FROM sessions WHERE id = ?').get(sid)?.['generation']);
  } finally {
    db.close();
  }
}

async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

void test('ISSUER-50: fifty parallel refreshes, a kill between commit and answer, and nobody is signed out', async () => {
  const holder = await newKey();
  const first = await startSession(await launch(), holder);
  const asked = Array.from({ length: 50 }, () => refresh(holder, first.refresh_token).catch(() => undefined));
  while (storedGeneration(first.sid) === 0) await nextTurn();
  running?.kill('SIGKILL');
  await Promise.all(asked);
  const second = await launch();
  // Every answer is taken as lost: the holder still has the token from before.
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(holder, first.refresh_token)));
  const pairs = await Promise.all(answers.map(tokensOf));
  assert.equal(storedGeneration(first.sid), 1);
  assert.equal(new Set(pairs.map((pair) => pair.refresh_token)).size, 1);
  const next = await tokensOf(await refresh(holder, pairs[0]?.refresh_token));
  assert.equal(next.generation, 2);
  second.kill('SIGKILL');
});

void test('ISSUER-51: no refresh that was answered is forgotten by a kill', async () => {
  const child = await launch();
  const holders = await Promise.all(Array.from({ length: 40 }, () => newKey()));
  const sessions: { holder: SigningKey; tokens: IssuedTokens }[] = [];
  for (const holder of holders) sessions.push({ holder, tokens: await startSession(child, holder) });
  let answered = 0;
  const run = async (session: (typeof sessions)[number]): Promise<void> => {
    for (let round = 0; round < 20; round++) {
      const answer = await refresh(session.holder, session.tokens.refresh_token).catch(() => undefined);
      const tokens = answer?.ok === true ? await tokensOf(answer).catch(() => undefined) : undefined;
      if (tokens === undefined) return;
      session.tokens = tokens;
      if (++answered === 150) child.kill('SIGKILL');
    }
  };
  await Promise.all(sessions.map(run));
  assert.ok(answered >= 150);
  await launch();
  for (const { holder, tokens } of sessions) {
    assert.ok(storedGeneration(tokens.sid) >= (tokens.generation ?? 0));
    await tokensOf(await refresh(holder, tokens.refresh_token));
  }
});

void test('ISSUER-52: a graceful stop answers what is in flight and leaves nothing half-written', async () => {
  running?.kill('SIGKILL');
  const child = await launch();
  const holder = await newKey();
  const { refresh_token: token, sid } = await startSession(child, holder);
  const asked = Array.from({ length: 20 }, () => refresh(holder, token).catch(() => undefined));
  while (storedGeneration(sid) === 0) await nextTurn();
  child.send({ stop: true });
  const [code] = (await once(child, 'exit')) as [number];
  assert.equal(code, 0);
  const answers = (await Promise.all(asked)).filter((answer) => answer !== undefined);
  assert.ok(answers.length > 0);
  for (const answer of answers) assert.equal((await tokensOf(answer)).generation, 1);
  assert.equal(storedGeneration(sid), 1);
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { blocksOf } from '../../scripts/markdown-blocks.ts';
import { answers, freePort, source, start, startIssuer, withPlaces } from './running.ts';

const module = [...source, '--input-type=module-typescript'];

test('the two sides of the guide open a live connection, renew it, and the end of the session closes it', async (t) => {
  const name = 'docs/guides/live-connections.md';
  const [server = '', client = ''] = blocksOf({ name, text: readFileSync(name, 'utf8') }).map(
    ({ code }) => code,
  );
  const issuer = await startIssuer(t);
  const port = String(await freePort());
  const places = {
    'https://id.example.com': issuer.places['http://localhost:4080'] ?? '',
    'https://api.example.com': issuer.places['http://localhost:4081'] ?? '',
    'https://live.example.com': `http://localhost:${port}`,
    'orders:read': 'demo:read',
    '8080': port,
    'report.jwk.json': issuer.places['.symbolon/demo-client.jwk.json'] ?? '',
    "'report'": "'demo'",
    // At once, since the test does not wait for minutes.
    '20_000': '300_000',
  };
  const listening = start(t, module, { input: withPlaces(server, places) });
  await answers(`http://localhost:${port}/orders`, listening);

  const lines = await connect(t, withPlaces(client, places));
  await promisify(execFile)(process.execPath, [
    ...source,
    'packages/cli/src/main.ts',
    ...['client', 'end', 'demo', '--data', issuer.data],
  ]);
  let last = '';
  for await (const line of lines) last = line;
  assert.equal(last, '4401 session_ended');
});

/** A guard that has just started may refuse: the guide says to try again. */
async function connect(t: TestContext, input: string): Promise<AsyncIterable<string>> {
  for (;;) {
    const lines = createInterface({ input: start(t, module, { input }).stdout })[Symbol.asyncIterator]();
    const { value } = await lines.next();
    if (/^\{"good_until":\d+\}$/.test(String(value))) return lines;
    assert.match(String(value), /Unexpected server response: 401/);
    await sleep(500);
  }
}

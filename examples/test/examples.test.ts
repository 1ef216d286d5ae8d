import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import test from 'node:test';
import { answers, example, freePort, source, start, startIssuer } from './running.ts';

test('the README shows the examples as they are, in under 25 lines together', () => {
  const examples = ['express', 'machine'].map((name) => readFileSync(`examples/${name}.ts`, 'utf8'));
  const readme = readFileSync('README.md', 'utf8');
  for (const example of examples) assert.ok(readme.includes(`\`\`\`ts\n${example}\`\`\``));
  assert.ok(examples.join('').split('\n').length <= 25);
});

test('the machine of the examples is let in by the Express route of the examples', async (t) => {
  const issuer = await startIssuer(t);
  const port = await freePort();
  const places = {
    ...issuer.places,
    'http://localhost:3000': `http://localhost:${String(port)}`,
    '3000': String(port),
  };

  const express = start(t, [...source, '--input-type=module-typescript'], {
    input: example('express', places),
  });
  await answers(`http://localhost:${String(port)}/orders`, express);
  const refused = await fetch(`http://localhost:${String(port)}/orders`);
  assert.equal(refused.status, 401);

  const machine = start(t, [...source, '--input-type=module-typescript'], {
    input: example('machine', places),
  });
  assert.match(await text(machine.stdout), /^200 \{ orders: \[\], of: '[\w-]{22}' \}\n$/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createClockOffsets } from '../src/clock-offset.ts';
import { machineScene, status, tokenText } from './scene.ts';
import { challenge } from './support.ts';

for (const minutes of [10, -10]) {
  test(`HOLDER-17: a clock that is wrong by ${String(minutes)} minutes recovers with one repeated request`, async (t) => {
    const { peer, machine, clock } = await machineScene(t, (right) => ({
      clock: () => right() + minutes * 60_000,
    }));
    assert.equal(await status(machine.fetch(`${peer.audience}/orders`)), 200);
    // The first assertion was refused before it was counted; the proof to the resource was right at once.
    assert.deepEqual([peer.tokenRequests.length, peer.resourceRequests.length, peer.refusals], [1, 1, 1]);
    clock.forward(280_000);
    await tokenText(machine.token());
    assert.deepEqual([peer.tokenRequests.length, peer.refusals], [2, 1]);
  });
}

test('HOLDER-17: a clock that becomes wrong later recovers at the resource too', async (t) => {
  let wrong = 0;
  const { peer, machine } = await machineScene(t, (right) => ({ clock: () => right() + wrong }));
  assert.equal(await status(machine.fetch(`${peer.audience}/orders`)), 200);
  wrong = 60_000;
  assert.equal(await status(machine.fetch(`${peer.audience}/orders`)), 200);
  assert.equal(peer.refusals, 1);
});

test('HOLDER-17: twenty requests at once recover together', async (t) => {
  let wrong = 0;
  const { peer, machine } = await machineScene(t, (right) => ({ clock: () => right() + wrong }));
  await tokenText(machine.token());
  wrong = 60_000;
  const all = Array.from({ length: 20 }, () => status(machine.fetch(peer.audience)));
  assert.deepEqual(new Set(await Promise.all(all)), new Set([200]));
});

test('HOLDER-17: without skew a refused proof is not repeated', async (t) => {
  const { peer, machine } = await machineScene(t);
  peer.resourceScript.push(challenge('invalid_dpop_proof'));
  assert.equal(await status(machine.fetch(`${peer.audience}/orders`)), 401);
  assert.equal(peer.resourceRequests.length, 1);
});

const start = Date.UTC(2026, 0, 2, 3, 4, 5);
const home = 'https://issuer.example';
const away = 'https://api.example';

function answerAt(time: number, more: Record<string, string> = {}): { headers: Headers; sentAt: number } {
  return { headers: new Headers({ date: new Date(time).toUTCString(), ...more }), sentAt: start };
}

test('HOLDER-18: an offset is used for its origin, and the issuer’s where nothing is known', () => {
  const offsets = createClockOffsets(() => start, home);
  offsets.learn(home, answerAt(start + 600_000));
  offsets.learn(home, answerAt(start + 601_000));
  assert.equal(offsets.secondsAt(away), start / 1000 + 600);
  offsets.learn(away, answerAt(start));
  assert.equal(offsets.secondsAt(away), start / 1000);
  assert.equal(offsets.secondsAt(home), start / 1000 + 600);
});

test('HOLDER-18: a cached, malformed, obsolete or slow answer teaches nothing', () => {
  let now = start;
  const offsets = createClockOffsets(() => now, home);
  const later = start + 600_000;
  offsets.learn(home, answerAt(later, { age: '3' }));
  const texts = [
    'Friday, 02-Jan-26 03:14:05 GMT',
    'Fri Jan  2 03:14:05 2026',
    '2026-01-02T03:14:05Z',
    '',
    'x',
    '9',
  ];
  for (const date of texts) offsets.learn(home, { headers: new Headers({ date }), sentAt: start });
  offsets.learn(home, { headers: new Headers(), sentAt: start });
  now = start + 11_000;
  offsets.learn(home, answerAt(later));
  now = start - 1;
  offsets.learn(home, answerAt(later));
  assert.equal(offsets.at(home), 0);
  now = start;
  offsets.learn(home, answerAt(later));
  assert.equal(offsets.at(home), 600_500);
});

test('HOLDER-18: of the origins the 100 used last are remembered', () => {
  const offsets = createClockOffsets(() => start, home);
  for (let name = 0; name <= 100; name++) {
    offsets.learn(`https://${String(name)}.example`, answerAt(start + 600_000));
    offsets.at('https://0.example');
  }
  const known = Array.from({ length: 101 }, (_, name) => offsets.at(`https://${String(name)}.example`) !== 0);
  assert.deepEqual([known.filter(Boolean).length, known[0], known[1]], [100, true, false]);
});

test('HOLDER-18: what is learnt is right to the second, however wrong the clock', () => {
  const years = 50 * 365 * 86_400_000;
  fc.assert(
    fc.property(fc.integer({ min: -years, max: years }), fc.nat(9000), (offset, way) => {
      const wall = { now: start };
      const offsets = createClockOffsets(() => wall.now, home);
      const headers = new Headers({ date: new Date(start + offset + way / 2).toUTCString() });
      wall.now += way;
      offsets.learn(home, { headers, sentAt: start });
      const right = Math.floor((start + offset + way) / 1000);
      assert.ok(Math.abs(offsets.secondsAt(home) - right) <= 2);
    }),
  );
});

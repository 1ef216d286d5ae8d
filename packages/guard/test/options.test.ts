import { createGuard, type GuardOptions } from '@symbolon/guard';
import fc from 'fast-check';
import { doesNotThrow, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { audience, createScene, issuerUrl, refuses, view } from './support.ts';

const sound: GuardOptions = { issuer: issuerUrl, audience, staleFeed: 'accept' };
const make = (options: object) => () => createGuard({ ...sound, ...options });

test('GUARD-1: a guard is not made from options that are missing, malformed or misspelt', () => {
  doesNotThrow(make({}));
  for (const issuer of ['http://localhost:4000', 'http://127.0.0.1', 'http://[::1]:1', 'https://a.example/b'])
    doesNotThrow(make({ issuer }));
  const wrong: [object, RegExp][] = [
    [{ issuer: undefined }, /unexpected issuer/],
    [{ issuer: 'http://issuer.example' }, /unexpected issuer/],
    [{ issuer: 'http://127.0.0.1.evil.example' }, /unexpected issuer/],
    [{ issuer: 'http://localhost.evil.example' }, /unexpected issuer/],
    [{ issuer: 'ftp://issuer.example' }, /unexpected issuer/],
    [{ issuer: 'https://user:pass@issuer.example' }, /unexpected issuer/],
    [{ issuer: 'https://issuer.example?' }, /unexpected issuer/],
    [{ issuer: 'https://issuer.example#' }, /unexpected issuer/],
    [{ issuer: ' https://issuer.example' }, /unexpected issuer/],
    [{ issuer: ['https://issuer.example'] }, /unexpected issuer/],
    [{ audience: undefined }, /unexpected audience/],
    [{ audience: 'orders' }, /unexpected audience/],
    [{ audience: [audience] }, /unexpected audience/],
    [{ audience: 'urn:orders' }, /unexpected publicUrl/],
    [{ publicUrl: 'api.example' }, /unexpected publicUrl/],
    [{ jwksUri: 'http://issuer.example/jwks' }, /unexpected jwksUri/],
    [{ bearer: true }, /unexpected bearer/],
    [{ nonces: { key: new Uint8Array(31) } }, /unexpected nonces.key/],
    [{ nonces: { key: 'secret' } }, /unexpected nonces.key/],
    [{ proofRate: 0 }, /unexpected proofRate/],
    [{ proofRate: Number.NaN }, /unexpected proofRate/],
    [{ cacheBytes: Infinity }, /unexpected cacheBytes/],
    [{ staleFeed: undefined }, /unexpected staleFeed, expected 'accept' or 'refuse'/],
    [{ staleFeed: 'ignore' }, /unexpected staleFeed/],
    [{ maxStale: 0 }, /unexpected maxStale/],
    [{ maxStale: 0.5 }, /unexpected maxStale/],
    [{ identity: 'machine-1' }, /unexpected identity/],
    [{ name: '' }, /unexpected name/],
    [{ name: 'x'.repeat(121) }, /unexpected name/],
    [{ clockTolerance: 60 }, /unexpected option "clockTolerance"/],
  ];
  for (const [options, message] of wrong) throws(make(options), { name: 'TypeError', message });
});

test('GUARD-1: an audience that is no web address needs a publicUrl', () => {
  doesNotThrow(make({ audience: 'urn:orders', publicUrl: 'https://api.example' }));
});

test('GUARD-2: a requirement that is misspelt, malformed or cannot be met stops the server at start', () => {
  const guard = createGuard(sound);
  const wrong: [object, RegExp][] = [
    [{ scopes: 'orders:read' }, /unexpected requirement "scopes"/],
    [{ scope: '' }, /unexpected scope/],
    [{ scope: [] }, /unexpected scope/],
    [{ scope: ' orders:read' }, /unexpected scope/],
    [{ scope: 'orders:read  orders:write' }, /unexpected scope/],
    [{ scope: ['orders:read orders:write'] }, /unexpected scope/],
    [{ scope: 'a"b' }, /unexpected scope/],
    [{ scope: 5 }, /unexpected scope|not iterable/],
    [{ presentWithin: '' }, /unexpected presentWithin/],
    [{ presentWithin: 300 }, /unexpected presentWithin/],
    [{ freshWithin: '2s' }, /unexpected freshWithin, expected at least '3s'/],
    [{ freshWithin: 5 }, /unexpected freshWithin/],
    [{ once: 'yes' }, /unexpected once/],
    [{ once: false }, /unexpected once/],
    [{ once: true }, /replayStore/],
  ];
  for (const [requirement, message] of wrong) {
    throws(() => guard.require(requirement), { name: 'TypeError', message });
    throws(() => guard.protect(() => new Response(), requirement), {
      name: 'TypeError',
      message,
    });
  }
  doesNotThrow(() => guard.require({ scope: ['a', 'b'], presentWithin: '5m' }));
});

test('GUARD-2: of all texts only a whole number of seconds, minutes or hours is a time', async () => {
  const { guard, honest, issuer } = await createScene({ bearer: 'accept' });
  await honest();
  const token = await issuer.token();
  const units: Record<string, number> = { s: 1, m: 60, h: 3600 };
  const text = fc.oneof(
    fc.string(),
    fc.stringMatching(/^-?[0-9]{0,8}[.e]?[0-9]?[smhd ]{0,2}$/),
    fc.tuple(fc.nat(), fc.constantFrom('s', 'm', 'h', 'd')).map(([count, unit]) => `${count}${unit}`),
  );
  await fc.assert(
    fc.asyncProperty(text, async (presentWithin) => {
      if (!/^[1-9][0-9]{0,5}[smh]$/.test(presentWithin)) {
        throws(() => guard.require({ presentWithin }), TypeError);
        return;
      }
      const seconds = Number.parseInt(presentWithin, 10) * (units[presentWithin.at(-1) ?? ''] ?? 0);
      const request = view({ authorization: `Bearer ${token}` });
      const refusal = await refuses(guard.authenticate(request, { presentWithin }), 'presence_required');
      equal(refusal.detail['maxAge'], seconds);
    }),
  );
});

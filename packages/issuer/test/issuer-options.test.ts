import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSqlite } from '../src/index.ts';
import { addMachine, api, issuerUrl, newKey, openLab } from './support.ts';

void test('ISSUER-112: options that are misspelt or out of range stop the start, and the message says what is expected', async () => {
  const storage = openSqlite({ file: ':memory:' });
  const unsound: readonly (readonly [object, RegExp])[] = [
    [{ issuer: 'http://issuer.example' }, /expected an https URL/],
    [{ audiences: [] }, /unsound audiences/],
    [{ lifetimes: { personIdel: 900 } }, /unknown lifetimes\.personIdel, expected personIdle/],
    [{ lifetimes: { personIdle: 1 } }, /lifetimes\.personIdle is 1 s, expected more than/],
    [{ keyRotation: Number.NaN }, /keyRotation is NaN s, expected a whole number from 4200/],
    [{ keyRotation: 600 }, /keyRotation is 600 s/],
    [{ keySetMaxAge: -1 }, /keySetMaxAge is -1 s, expected a whole number from 1/],
    [{ people: null }, /unsound people: .*expected object/s],
    [{ people: { sigIn: { url: 'https://login.example' } } }, /unsound people: .*sigIn/s],
    [{ people: { name: 5 } }, /unsound people: .*expected string/s],
    [{ people: { name: 'Two\nlines' } }, /expected one line of text/],
    [{ people: { signIn: null } }, /unsound people/],
    [{ people: { signIn: { url: 'http://login.example' } } }, /unexpected people\.signIn\.url/],
    [
      { people: { registration: { dynamic: { audiences: [{ audience: `${issuerUrl}/sessions` }] } } } },
      /unknown audience https:\/\/issuer\.example\/sessions in people\.registration, expected one of https:\/\/api/,
    ],
  ];
  for (const [options, fault] of unsound)
    await assert.rejects(openLab({ storage, ...options }), (error: unknown) => {
      assert.ok(error instanceof TypeError, JSON.stringify(options));
      assert.match(error.message, fault);
      return true;
    });
  assert.equal((await storage.listKeys()).length, 0, 'nothing was made');
  const sound = {
    keySetMaxAge: 1,
    keyRotation: 3602,
    people: { name: 'Mine' },
    lifetimes: { personIdle: 9000 },
  };
  const lab = await openLab({ storage, ...sound });
  await lab.issuer.close();
});

void test('ISSUER-112: a client is told one audience once', async () => {
  const lab = await openLab();
  const keys = [{ ...(await newKey()).jwk }];
  const audiences = [
    { audience: api, scope: ['read'] },
    { audience: api, scope: ['write'] },
  ];
  await assert.rejects(lab.issuer.clients.add({ keys, audiences }), /named twice: say all its scope values/);
  await addMachine(lab.issuer, { audiences: [{ audience: api, scope: ['read', 'write'] }] });
  await lab.issuer.close();
});

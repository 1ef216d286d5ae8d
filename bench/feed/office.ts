import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createIssuer, createKeyring, openSqlite, serveIssuer, type IssuedTokens } from '@symbolon/issuer';
import type { PublicJwk } from '@symbolon/token';
import { answerParent } from '../harness/child.ts';
import { audience } from '../tokens.ts';

/** What the issuer process is asked: to open, with the key of the guards' client; to end a session; for CPU time (µs). */
export type OfficeQuestion =
  | {
      readonly folder: string;
      readonly port: number;
      readonly guardKey: PublicJwk;
      readonly sessions: number;
    }
  | { readonly end: string }
  | 'cpu';

let end: (sid: string) => Promise<unknown> = () => Promise.reject(new Error('not open'));

answerParent(async (question: OfficeQuestion) => {
  if (question === 'cpu') {
    const { user, system } = process.cpuUsage();
    return user + system;
  }
  if ('end' in question) return await end(question.end);
  const url = `http://127.0.0.1:${question.port}`;
  const issuer = await createIssuer({
    issuer: url,
    audiences: [{ audience, scopes: ['read'] }],
    storage: openSqlite({ file: join(question.folder, 'symbolon.db') }),
    keyring: createKeyring([{ id: 'bench', secret: randomBytes(32) }]),
  });
  end = (sid) => issuer.sessions.end({ sid });
  await serveIssuer(issuer, { port: question.port });
  const audiences = [{ audience: `${url}/revocations` }];
  await issuer.clients.add({ id: 'guards', keys: [{ ...question.guardKey }], audiences });
  await issuer.clients.add({
    id: 'web',
    kind: 'public',
    bearer: true,
    audiences: [{ audience, scope: ['read'] }],
  });
  const tokens: IssuedTokens[] = [];
  for (let at = 0; at < question.sessions; at++) {
    tokens.push(
      await issuer.sessions.start({
        clientId: 'web',
        subject: `person ${at}`,
      }),
    );
  }
  return tokens.map(({ sid, access_token: token }) => ({ sid, token }));
});

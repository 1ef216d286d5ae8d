import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createIssuer, createKeyring, openSqlite, serveIssuer, type Issuer } from '@symbolon/issuer';
import type { PublicJwk } from '@symbolon/token';
import { answerParent } from '../harness/child.ts';
import { audience } from '../tokens.ts';
import { shortAudience, shortLife } from './short-audience.ts';

/** A session that was started, and its token. */
export interface StartedSession {
  readonly sid: string;
  readonly token: string;
}

/**
 * What the issuer process is asked: to open, with the key of the guards' client; to start sessions; to end one; for its
 * CPU time (µs).
 */
export type OfficeQuestion =
  | { readonly folder: string; readonly port: number; readonly guardKey: PublicJwk }
  | { readonly start: number; readonly audience: string }
  | { readonly end: string }
  | 'cpu';

let open: Issuer | undefined;

answerParent(async (question: OfficeQuestion) => {
  if (question === 'cpu') {
    const { user, system } = process.cpuUsage();
    return user + system;
  }
  if ('folder' in question) {
    open = await openOffice(question);
    return 'open';
  }
  if (open === undefined) throw new TypeError('not open');
  if ('end' in question) return await open.sessions.end({ sid: question.end });
  return await startSessions(open, question);
});

async function openOffice(opening: { folder: string; port: number; guardKey: PublicJwk }): Promise<Issuer> {
  const url = `http://127.0.0.1:${opening.port}`;
  const scopes = ['read'];
  const issuer = await createIssuer({
    issuer: url,
    audiences: [
      { audience, scopes },
      { audience: shortAudience, scopes, tokenLife: shortLife },
    ],
    storage: openSqlite({ file: join(opening.folder, 'symbolon.db') }),
    keyring: createKeyring([{ id: 'bench', secret: randomBytes(32) }]),
  });
  await serveIssuer(issuer, { port: opening.port });
  const audiences = [{ audience: `${url}/revocations` }];
  await issuer.clients.add({ id: 'guards', keys: [{ ...opening.guardKey }], audiences });
  await issuer.clients.add({
    id: 'web',
    kind: 'public',
    bearer: true,
    audiences: [audience, shortAudience].map((each) => ({ audience: each, scope: scopes })),
  });
  return issuer;
}

async function startSessions(
  issuer: Issuer,
  wanted: { start: number; audience: string },
): Promise<readonly StartedSession[]> {
  const started: StartedSession[] = [];
  while (started.length < wanted.start) {
    const subject = `person ${started.length}`;
    const session = await issuer.sessions.start({ clientId: 'web', subject, audience: wanted.audience });
    started.push({ sid: session.sid, token: session.access_token });
  }
  return started;
}

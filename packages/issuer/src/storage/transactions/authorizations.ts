import { nameOf } from '../port/actor.ts';
import type {
  Allowance,
  AuthorizationStorage,
  CodeRedemption,
  OpenRequest,
  RedeemResult,
} from '../port/authorization-storage.ts';
import { UniqueViolation, type Engine, type Row, type Statement } from '../engine.ts';
import { integer, onlyRow, orNull, text } from './read-rows.ts';
import { decideAs } from './acting.ts';
import { decide, readIssue, statement, type Decided } from './decision.ts';
import { createSqlRegistrations } from './registrations.ts';
import { accountName } from '../sql/accounts.ts';
import { recordAudit } from '../sql/audit.ts';
import * as codes from '../sql/authorization-codes.ts';
import * as requests from '../sql/authorization-requests.ts';
import { covers } from '../sql/coverage.ts';
import * as grants from '../sql/grants.ts';
import { sweepLogouts } from '../sql/logouts.ts';
import { settleSubject, subjectByName } from '../sql/subjects.ts';
import { noteGrantEnd } from '../sql/told-ends.ts';
import { sweepAll } from './sweep-all.ts';
import { stolen } from './told-ends.ts';

/** Authorization requests, codes and grants over SQL. `request` names each decision, never twice the same. */
export function createSqlAuthorizations(engine: Engine, request: () => string): AuthorizationStorage {
  const registrations = createSqlRegistrations(engine);
  return {
    async keepRequest({ name, clientId, parameters, life }) {
      const [rows] = await engine.batch([statement(requests.keepRequest, name, clientId, parameters, life)]);
      return { kind: rows?.length === 1 ? 'kept' : 'refused' };
    },
    findRequest: async (name) => readRequest((await engine.read(statement(requests.findRequest, name)))[0]),
    async stillOpen(names) {
      const open: string[] = [];
      for (let from = 0; from < names.length; from += requests.namesAtOnce) {
        const some = names.slice(from, from + requests.namesAtOnce);
        // One text for any number of them: what is missing is named by the first once more.
        const values = Array.from({ length: requests.namesAtOnce }, (_, n) => some[n] ?? some[0] ?? '');
        for (const row of await engine.read(statement(requests.findOpen, ...values)))
          open.push(text(row, 'hash'));
      }
      return open;
    },
    async takeRequest(name) {
      const [rows] = await engine.batch([statement(requests.dropRequest, name)]);
      return readRequest(rows?.[0]);
    },
    async grantCovers({ subject, clientId, audience, scopes, consentLife }) {
      const values = [subject, clientId, audience, consentLife, ...scopes];
      return (await engine.read(statement(covers(scopes.length), ...values))).length === 1;
    },
    allow: (allowance) => allow(engine, allowance, request()),
    redeemCode: (redemption) => redeemCode(engine, redemption, request()),
    async endGrant({ grantId, subject, reason, by }) {
      const ending = request();
      const ofSubject = subject === undefined ? [] : [subject];
      const end = grants.endGrant({ subject: subject !== undefined });
      const statements = [
        { ...statement(end, grantId, ending, ...ofSubject), lastIf: isEmpty },
        statement(grants.endSessionsOfGrant, grantId, ending, reason),
        statement(grants.moveHeadIfGrantEnded, grantId, ending),
        statement(grants.sayGrantEnded, grantId, ending),
        statement(noteGrantEnd, grantId, ending, reason === 'person' ? 'grant_ended' : 'ended_by_operator'),
        statement(
          grants.auditGrantEnded,
          grantId,
          ending,
          JSON.stringify({ by: nameOf(by), grant: grantId }),
        ),
        statement(recordAudit),
      ];
      const [, sessions = [], moved] = await decideAs(engine, by, { statements });
      const row = moved?.[0];
      if (!row) return { kind: 'unknown' };
      return { kind: 'ended', position: integer(row, 'position'), sessions: sessions.length };
    },
    ...registrations,
    async settleSubject({ namespace, externalId, newSubject: { id, handle } }) {
      const [, rows] = await engine.batch([
        statement(settleSubject, id, namespace, externalId, handle),
        statement(subjectByName, namespace, externalId),
      ]);
      return text(onlyRow(rows), 'id');
    },
    async accountName(subject) {
      const [row] = await engine.read(statement(accountName, subject));
      return row ? text(row, 'name') : null;
    },
    sweepAuthorizations: async () =>
      (await sweepAll(engine, statement(requests.sweepRequests))) +
      (await sweepAll(engine, statement(codes.sweepCodes))) +
      (await sweepAll(engine, statement(sweepLogouts))) +
      (await registrations.sweepUnusedClients()),
  };
}

const isEmpty = (rows: readonly Row[]) => rows.length === 0;

function readRequest(row: Row | undefined): OpenRequest | null {
  if (!row) return null;
  return {
    clientId: text(row, 'client_id'),
    parameters: text(row, 'parameters'),
    createdAt: integer(row, 'created_at'),
  };
}

async function allow(
  engine: Engine,
  allowance: Allowance,
  request: string,
): ReturnType<AuthorizationStorage['allow']> {
  const { requestName, codeName, clientId, subject, audience, scopes, consent, consentLife } = allowance;
  const granting = [
    statement(grants.makeGrant, allowance.newGrant, subject, requestName, request),
    ...scopes.map((scope) =>
      statement(grants.mergeScope, subject, requestName, request, audience, scope, consentLife),
    ),
  ];
  const fields = JSON.stringify({ subject, audience, scope: scopes.join(' ') });
  const event = JSON.stringify({ application: allowance.clientName });
  const statements = [
    {
      ...(consent === 'covered'
        ? statement(
            requests.takeCoveredRequest(scopes.length),
            ...[requestName, request, subject, audience, consentLife],
            ...scopes,
          )
        : statement(requests.takeRequest, requestName, request)),
      lastIf: isEmpty,
    },
    ...(consent === 'granted' ? granting : []),
    statement(codes.issueCode, codeName, requestName, request, ...codeValues(allowance)),
    statement(codes.demandCode, requestName, request, codeName),
    ...(consent === 'granted'
      ? [
          statement(grants.noteGrantMade, allowance.newEvent, subject, event, codeName),
          statement(grants.auditGrantMade, clientId, fields, codeName),
          statement(recordAudit),
        ]
      : []),
  ];
  const results = await engine.batch(statements).catch(asUndone);
  const row = results.find(([row]) => row?.['grant_id'] !== undefined)?.[0];
  return row ? { kind: 'allowed', grantId: text(row, 'grant_id') } : { kind: 'refused' };
}

/** Nothing was kept of it, so the request stands as before. */
function asUndone(error: unknown): readonly (readonly Row[])[] {
  if (error instanceof UniqueViolation && error.table === 'authorization_requests') return [];
  throw error;
}

function codeValues(allowance: Allowance): Statement['values'] {
  const { subject, redirectUri, codeChallenge, jkt, audience, scopes, nonce, authenticatedAt, amr, signIn } =
    allowance;
  const asked = [redirectUri, codeChallenge, jkt ?? '', audience, scopes.join(' '), nonce];
  return [subject, ...asked, authenticatedAt, JSON.stringify(amr), signIn];
}

async function redeemCode(
  engine: Engine,
  redemption: CodeRedemption,
  request: string,
): Promise<RedeemResult> {
  const { codeName, clientId, redirectUri = '', codeChallenge, audience = '', sid, signWith } = redemption;
  const jkt = redemption.jkt ?? '';
  const algs = Object.entries(signWith.session);
  if (algs.length === 0) throw new TypeError('unexpected empty signWith.session, expected an audience');
  const lives = [redemption.idleLife, redemption.absoluteLife];
  const named = [codeName, request];
  const decided = await decide(engine, {
    assertion: redemption.assertion,
    statements: [
      {
        ...statement(
          codes.redeemCode,
          codeName,
          clientId,
          redirectUri,
          codeChallenge,
          jkt,
          audience,
          request,
          sid,
        ),
        lastIf: isEmpty,
      },
      statement(codes.holdGrantOfCode, ...named),
      statement(codes.holdSignInOfCode, ...named),
      statement(codes.startByCode(algs.length), ...named, signWith.refresh, ...lives, ...algs.flat()),
      statement(codes.repeatByCode(algs.length), ...named, signWith.refresh, ...algs.flat()),
      statement(codes.endByCode, ...named),
      statement(codes.moveHeadIfEndedByCode, ...named),
      statement(codes.sayEndedByCode, ...named),
      statement(codes.noteEndByCode, ...named, stolen),
      statement(codes.auditCode, ...named, clientId, JSON.stringify({ by: 'code' })),
      statement(recordAudit),
    ],
  });
  return readRedemption(decided);
}

function readRedemption(decided: Decided): RedeemResult {
  if (decided.kind === 'assertion_replayed') return decided;
  const [[code] = [], , , [started] = [], [repeated] = []] = decided.results;
  if (!code) return { kind: 'refused' };
  const nonce = orNull(text, code, 'nonce');
  if (started) return { kind: 'redeemed', nonce, ...readIssue(started) };
  if (repeated) return { kind: 'repeated', nonce, ...readIssue(repeated) };
  return { kind: text(code, 'outcome') === 'reuse' ? 'reuse' : 'refused' };
}

import { nameOf } from '../port/actor.ts';
import type { Engine, Row, Value } from '../engine.ts';
import { integer, onlyRow, readListedSession, readSession, text } from './read-rows.ts';
import type { ClientKind } from '../port/rows.ts';
import type {
  EndResult,
  MachineOpening,
  OpenRefusal,
  OpenResult,
  RotateResult,
  Rotation,
  SessionEnd,
  SessionFilter,
  SessionStart,
  StartRefusal,
  StartResult,
} from '../port/session-storage.ts';
import { decideAs } from './acting.ts';
import { decide, readIssue, statement, telling, type Told } from './decision.ts';
import { recordAudit } from '../sql/audit.ts';
import { blockHolderKey } from '../sql/blocked-keys.ts';
import * as machines from '../sql/machine-sessions.ts';
import * as refresh from '../sql/refresh.ts';
import * as ends from '../sql/session-ends.ts';
import * as starts from '../sql/session-starts.ts';
import { findSession, listSessions } from '../sql/sessions.ts';
import { addSubjectOfSession } from '../sql/subjects.ts';
import { noteEnd } from '../sql/told-ends.ts';
import type { Storage } from '../port/storage.ts';
import { kindOfEnd, stolen } from './told-ends.ts';

/** Live sessions a machine client may have; opening one more ends the one idle for longest. */
const machineSessionsAtMost = 1000;

type Sessions = Pick<
  Storage,
  | 'startSession'
  | 'openMachineSession'
  | 'rotate'
  | 'sessionAlive'
  | 'endSession'
  | 'findSession'
  | 'listSessions'
  | 'redeemAssertion'
>;

/** Sessions: each method one transaction. `request` names each decision, never twice the same. */
export function createSqlSessions(engine: Engine, request: () => string): Sessions {
  const rotateText = createTexts(refresh.rotate);
  return {
    startSession: (start) => startSession(engine, start),
    openMachineSession: (opening) => openMachineSession(engine, opening, request()),
    rotate: (rotation) => rotate(engine, rotation, { request: request(), rotateText }),
    endSession: (end) => endSession(engine, end, request()),
    async sessionAlive({ sid, assertion }) {
      const found = statement(findSession, sid);
      const decided = assertion
        ? await decide(engine, { statements: [found], assertion })
        : { kind: 'decided' as const, results: [await engine.read(found)] };
      if (decided.kind === 'assertion_replayed') return decided;
      const row = decided.results[0]?.[0];
      if (!row || integer(row, 'alive') === 0) return { kind: 'not_alive' };
      return { kind: 'alive', session: readSession(row), now: integer(row, 'now') };
    },
    async findSession(sid) {
      const [row] = await engine.read(statement(findSession, sid));
      return row ? readListedSession(row) : null;
    },
    async listSessions(filter) {
      return (await engine.read(listing(filter))).map(readListedSession);
    },
    async redeemAssertion(assertion) {
      const decided = await decide(engine, { statements: [], assertion });
      return decided.kind === 'decided' ? { kind: 'redeemed' } : decided;
    },
  };
}

async function startSession(engine: Engine, start: SessionStart): Promise<StartResult> {
  checkLives(start);
  if (start.externalId === '')
    throw new TypeError('unexpected empty externalId, expected the name of a subject');
  const {
    clientId,
    namespace,
    externalId,
    newSubject,
    authenticatedAt = null,
    amr,
    device,
    assertion,
  } = start;
  const told: Told = { kind: 'session_started', clientId, sid: start.sid, fields: { amr } };
  const decided = await decide(engine, {
    assertion,
    statements: [
      statement(addSubjectOfSession, newSubject.id, namespace, externalId, newSubject.handle, clientId),
      statement(
        starts.startSession,
        ...startValues(start),
        namespace,
        externalId,
        authenticatedAt,
        JSON.stringify(amr),
        device,
      ),
      statement(starts.whyNotStarted, clientId, namespace, externalId),
      ...telling(ends.auditIfSessionStands, { told }),
    ],
  });
  if (decided.kind === 'assertion_replayed') return decided;
  const row = decided.results[1]?.[0];
  if (row) return { kind: 'started', ...readIssue(row) };
  return { kind: 'refused', reason: whyNotStarted(decided.results[2]?.[0], ['public', 'web']) };
}

async function openMachineSession(
  engine: Engine,
  opening: MachineOpening,
  request: string,
): Promise<OpenResult> {
  checkLives(opening);
  const { clientId, audience, assertion } = opening;
  const jkt = opening.jkt ?? '';
  const decided = await decide(engine, {
    assertion,
    statements: [
      statement(machines.endStaleMachineSession, clientId, jkt, audience),
      statement(machines.openMachineSession, ...startValues(opening), assertion.kid),
      statement(machines.whyNotOpened, clientId, jkt, assertion.kid),
      {
        ...statement(
          machines.evictOldestMachineSession,
          clientId,
          jkt,
          audience,
          machineSessionsAtMost - 1,
          request,
        ),
        lastIf: (evicted) => evicted.length === 0,
      },
      statement(machines.moveHeadIfEvicted, request),
      statement(machines.sayEvicted, request),
    ],
  });
  if (decided.kind === 'assertion_replayed') return decided;
  const row = decided.results[1]?.[0];
  if (row) return { kind: 'opened', ...readIssue(row) };
  return { kind: 'refused', reason: whyNotOpened(decided.results[2]?.[0]) };
}

function startValues(start: SessionStart | MachineOpening): readonly Value[] {
  const { sid, clientId, audience, scope, jkt, idleLife, absoluteLife, signWith } = start;
  const keys = [signWith.session, signWith.refresh];
  return [sid, clientId, audience, scope, jkt ?? '', idleLife, absoluteLife, ...keys];
}

function checkLives({ idleLife, absoluteLife }: { idleLife: number; absoluteLife: number }): void {
  for (const life of [idleLife, absoluteLife]) {
    if (!Number.isSafeInteger(life) || life <= 0) {
      throw new TypeError(
        `unexpected session life ${life}, expected a positive whole number of microseconds`,
      );
    }
  }
}

/** Read in the transaction that refused; the refusal itself was decided by the INSERT. */
function whyNotStarted(client: Row | undefined, kinds: readonly ClientKind[]): StartRefusal {
  if (!client || !kinds.some((kind) => kind === text(client, 'kind'))) return 'client_unknown';
  if (client['removed_at'] !== null) return 'client_removed';
  if (client['enabled'] === 0) return 'subject_disabled';
  return 'key_required';
}

function whyNotOpened(client: Row | undefined): OpenRefusal {
  const reason = whyNotStarted(client, ['machine']);
  return reason === 'key_required' && client && integer(client, 'blocked') > 0 ? 'key_blocked' : reason;
}

/** Outcomes of a refresh that end nothing and are told to nobody. */
const untold: ReadonlySet<unknown> = new Set(['rotated', 'repeated', 'superseded']);

async function rotate(
  engine: Engine,
  rotation: Rotation,
  by: { request: string; rotateText: (audiences: number) => string },
): Promise<RotateResult> {
  const { request, rotateText } = by;
  const { sid, gen, clientId, jkt, signWith, assertion } = rotation;
  const fields = JSON.stringify({ gen });
  const algs = Object.entries(signWith.session);
  if (algs.length === 0) throw new TypeError('unexpected empty signWith.session, expected an audience');
  const decided = await decide(engine, {
    assertion,
    statements: [
      {
        ...statement(
          rotateText(algs.length),
          sid,
          gen,
          clientId,
          jkt,
          signWith.refresh,
          request,
          ...algs.flat(),
        ),
        lastIf: (rows) => untold.has(rows[0]?.['outcome']),
      },
      statement(ends.moveHeadIfEnded, sid, request),
      statement(ends.sayEnded, sid, request),
      statement(noteEnd, sid, request, stolen),
      statement(refresh.auditRefresh, request, clientId, sid, fields),
      statement(recordAudit),
    ],
  });
  if (decided.kind === 'assertion_replayed') return decided;
  const row = decided.results[0]?.[0];
  return row ? readRotation(row) : { kind: 'refused' };
}

function readRotation(row: Row): RotateResult {
  const outcome = text(row, 'outcome');
  switch (outcome) {
    case 'rotated':
    case 'recovered':
    case 'repeated':
      return { kind: outcome, ...readIssue(row) };
    case 'superseded':
    case 'reuse':
      return { kind: outcome };
    default:
      throw new Error(`unexpected outcome ${outcome} of a refresh`);
  }
}

async function endSession(engine: Engine, end: SessionEnd, request: string): Promise<EndResult> {
  const { sid, reason, by, clientId, holderKey, assertion } = end;
  const ofClient = clientId === undefined ? [] : [clientId];
  const of = { client: clientId !== undefined };
  const told: Told = {
    kind: 'session_ended',
    sid,
    fields: { by: nameOf(by), reason },
    ...(of.client && { clientId }),
  };
  const kind = kindOfEnd(by);
  const statements = [
    statement(ends.endSession(of), sid, reason, request, ...ofClient),
    statement(ends.sessionStands(of), sid, ...ofClient),
    statement(ends.moveHeadIfEnded, sid, request),
    statement(ends.sayEnded, sid, request),
    ...(holderKey === 'block' ? [statement(blockHolderKey, sid, request)] : []),
    ...(kind === undefined ? [] : [statement(noteEnd, sid, request, kind)]),
    ...telling(ends.auditIfSessionTouched, { told, values: [request] }),
  ];
  const decided =
    typeof by === 'string'
      ? await decide(engine, { assertion, sharing: { row: sid, before: 2 }, statements })
      : { kind: 'decided' as const, results: await decideAs(engine, by, { statements }) };
  if (decided.kind === 'assertion_replayed') return decided;
  const [[row] = [], stands, moved] = decided.results;
  if (!row) return { kind: stands?.length === 1 ? 'already_ended' : 'unknown' };
  const position = integer(onlyRow(moved), 'position');
  return { kind: 'ended', session: readSession(row), now: integer(row, 'now'), position };
}

function listing({ clientId, subject, only, limit, after }: SessionFilter): ReturnType<typeof statement> {
  const values = [clientId, subject, after].filter((value) => value !== undefined);
  const by = {
    client: clientId !== undefined,
    subject: subject !== undefined,
    after: after !== undefined,
    alive: only === 'alive',
  };
  return statement(listSessions(by), ...values, limit);
}

/** One text for each number of audiences, kept so that the engine meets the same string again. */
function createTexts(make: (count: number) => string): (count: number) => string {
  const texts: string[] = [];
  return (count) => (texts[count] ??= make(count));
}

import type {
  BrowserStart,
  BrowserStorage,
  CookieRenewal,
  DeviceBinding,
  RenewResult,
} from '../port/browser-storage.ts';
import type { Engine, Row, Statement } from '../engine.ts';
import { integer, readSession, text } from './read-rows.ts';
import { readIssue, statement, telling, type Told } from './decision.ts';
import { recordAudit } from '../sql/audit.ts';
import { holdHead } from '../sql/head.ts';
import * as ends from '../sql/session-ends.ts';
import * as logouts from '../sql/logouts.ts';
import * as opened from '../sql/opened.ts';
import { noteEnd } from '../sql/told-ends.ts';
import { stolen } from './told-ends.ts';
import * as cap from '../sql/browser-cap.ts';
import * as browsers from '../sql/browser-sessions.ts';

/** Live browser sessions a person may have; starting one more ends the one idle for longest. */
const browserSessionsAtMost = 50;

/** Browser sessions: each method one transaction. `request` names each decision, never twice the same. */
export function createSqlBrowsers(engine: Engine, request: () => string): BrowserStorage {
  return {
    startBrowserSession: (start) => startBrowserSession(engine, start, request),
    bindToDevice: (binding) => bindToDevice(engine, binding, request()),
    async renewByDevice({ sid, gen, challengedAt, signWith }) {
      const keys = [signWith.session, signWith.refresh];
      const [rows] = await engine.batch([statement(browsers.renewByDevice, sid, gen, challengedAt, ...keys)]);
      const row = rows?.[0];
      return row === undefined ? { kind: 'refused' } : { kind: 'rotated', ...readIssue(row) };
    },
    renewByCookie: (renewal) => renewByCookie(engine, renewal, request()),
    async readByCookie({ sid, gen, signWith }) {
      const keys = [signWith.session, signWith.refresh];
      const [row] = await engine.read(statement(browsers.readByCookie, sid, gen, ...keys));
      return row === undefined ? { kind: 'refused' } : { kind: 'read', ...readIssue(row) };
    },
    async noteArrival({ sid, gen }) {
      await engine.batch([statement(browsers.noteArrival, sid, gen)]);
    },
    async findBrowserSession(sid) {
      const [row] = await engine.read(statement(browsers.findBrowserSession, sid));
      return row === undefined
        ? null
        : {
            session: readSession(row),
            name: text(row, 'account_name'),
            role: text(row, 'account_role') === 'operator' ? 'operator' : 'person',
            now: integer(row, 'now'),
            awaited: integer(row, 'is_awaited') === 1,
          };
    },
    async provePresence({ sid, amr, signWith }) {
      const keys = [signWith.session, signWith.refresh];
      const [rows] = await engine.batch([
        statement(browsers.provePresence, sid, JSON.stringify(amr), ...keys),
      ]);
      const row = rows?.[0];
      return row === undefined ? { kind: 'refused' } : { kind: 'proved', ...readIssue(row) };
    },
  };
}

async function startBrowserSession(
  engine: Engine,
  start: BrowserStart,
  request: () => string,
): ReturnType<BrowserStorage['startBrowserSession']> {
  const { sid, clientId, audience, subject, amr, device, idleLife, absoluteLife, signWith } = start;
  const told: Told = { kind: 'session_started', clientId, sid, fields: { amr } };
  const keys = [signWith.session, signWith.refresh];
  const person = { subject, sid };
  const [, rows, evicted] = await engine.batch([
    statement(holdHead),
    statement(
      browsers.startBrowserSession,
      ...[sid, clientId, audience, idleLife, absoluteLife, ...keys],
      ...[subject, JSON.stringify(amr), device],
    ),
    ...evicting(person, request()),
    ...telling(ends.auditIfSessionStands, { told }),
  ]);
  // Whatever else is beyond the bound has been left there by another version, or was in somebody's hand.
  let more = evicted?.length === 1;
  while (more) {
    const [, surplus] = await engine.batch([statement(holdHead), ...evicting(person, request())]);
    more = surplus?.length === 1;
  }
  const row = rows?.[0];
  return row === undefined ? { kind: 'refused' } : { kind: 'started', ...readIssue(row) };
}

/** Each in a decision of its own: a line of the audit log tells of one. */
function evicting({ subject, sid }: { subject: string; sid: string }, request: string): readonly Statement[] {
  const fields = JSON.stringify({ by: 'issuer', reason: 'evicted' });
  return [
    statement(cap.evictIdlestBrowser, subject, sid, browserSessionsAtMost - 1, request),
    statement(cap.moveHeadIfBrowserEvicted, request, subject),
    statement(cap.sayBrowserEvicted, request, subject),
    statement(cap.auditBrowserEvicted, request, subject, fields),
    statement(recordAudit),
  ];
}

async function bindToDevice(
  engine: Engine,
  binding: DeviceBinding,
  request: string,
): ReturnType<BrowserStorage['bindToDevice']> {
  const { sid, deviceKey, gen, idleLife, absoluteLife, signWith } = binding;
  const told: Told = { kind: 'browser_bound', sid, fields: {} };
  const [rows] = await engine.batch([
    statement(
      browsers.bindToDevice,
      ...[sid, JSON.stringify(deviceKey), gen, idleLife, absoluteLife, request],
      ...[signWith.session, signWith.refresh],
    ),
    ...telling(ends.auditIfSessionTouched, { told, values: [request] }),
  ]);
  const row = rows?.[0];
  return row === undefined ? { kind: 'refused' } : { kind: 'bound', ...readIssue(row) };
}

async function renewByCookie(engine: Engine, renewal: CookieRenewal, request: string): Promise<RenewResult> {
  const { sid, gen, signWith } = renewal;
  const [, rows] = await engine.batch([
    statement(opened.holdGrantsIfOlder, sid, gen),
    {
      ...statement(browsers.renewByCookie, sid, gen, request, signWith.session, signWith.refresh),
      lastIf: ([row]) =>
        row === undefined || ['rotated', 'repeated', 'overtaken'].includes(text(row, 'outcome')),
    },
    statement(opened.endOpenedByThief, sid, request),
    statement(opened.endGrantsMadeHere, sid, request),
    statement(logouts.moveHeadIfSignedOut, sid, request),
    statement(logouts.saySignedOut, sid, request),
    statement(noteEnd, sid, request, stolen),
    statement(opened.noteOpenedEnds, sid, request),
    statement(browsers.auditRenewal, sid, JSON.stringify({ gen }), request),
    statement(recordAudit),
  ]);
  const row = rows?.[0];
  return row === undefined ? { kind: 'refused' } : readRenewal(row);
}

function readRenewal(row: Row): RenewResult {
  const outcome = text(row, 'outcome');
  switch (outcome) {
    case 'rotated':
    case 'recovered':
    case 'repeated':
      return { kind: outcome, ...readIssue(row) };
    case 'overtaken':
      return { kind: 'repeated', ...readIssue(row) };
    case 'reuse':
      return { kind: outcome };
    default:
      throw new Error(`unexpected outcome ${outcome} of a renewal`);
  }
}

import { nameOf } from '../port/actor.ts';
import type { Engine } from '../engine.ts';
import type { LogoutStorage } from '../port/logout-storage.ts';
import { integer, text } from './read-rows.ts';
import { decideAs } from './acting.ts';
import { statement } from './decision.ts';
import { recordAudit } from '../sql/audit.ts';
import * as sql from '../sql/logouts.ts';
import * as opened from '../sql/opened.ts';
import { noteEnd } from '../sql/told-ends.ts';
import { kindOfEnd } from './told-ends.ts';

/** Signing out, and whom to tell, over SQL. */
export function createSqlLogouts(engine: Engine, request: () => string): LogoutStorage {
  return {
    async endSignIn({ sid, by, ends }) {
      const which = [sid, request()];
      const kind = kindOfEnd(by);
      const everything = ends === 'everything';
      const more = everything ? { everything } : {};
      const fields = JSON.stringify({ by: nameOf(by), reason: 'signed_out', ...more });
      const held = [
        ...(everything ? [statement(opened.holdGrantsMadeHere, sid)] : []),
        statement(sql.holdSignIn, sid),
      ];
      const results = await decideAs(engine, by, {
        statements: [
          ...held,
          { ...statement(sql.endSignIn({ everything }), ...which), lastIf: (rows) => rows.length === 0 },
          statement(sql.moveHeadIfSignedOut, ...which),
          statement(sql.saySignedOut, ...which),
          ...(everything ? [statement(opened.endGrantsMadeHere, ...which)] : []),
          ...(kind === undefined ? [] : [statement(noteEnd, ...which, kind)]),
          ...(kind === undefined || !everything ? [] : [statement(opened.noteOpenedEnds, ...which)]),
          statement(sql.auditSignedOut, ...which, fields),
          statement(recordAudit),
        ],
      });
      const [ended = [], moved] = results.slice(held.length);
      const row = moved?.[0];
      if (!row) return { kind: 'unknown' };
      return {
        kind: 'ended',
        position: integer(row, 'position'),
        sids: ended.map((one) => text(one, 'sid')),
      };
    },
    async takeDueLogouts({ except, atMost }) {
      // A look is cheap, and most of the time there is nothing.
      if ((await engine.read(statement(sql.newEnds))).length > 0) {
        const notes = [sql.noteEndedSessions, sql.noteCutSubjects, sql.noteCutClients, sql.noteEverythingCut];
        await engine.batch(
          [sql.openCursor, sql.noteEnd, ...notes, sql.moveCursor].map((text) => statement(text)),
        );
      }
      const busy = ['', ...except.flatMap((client) => [client, '']), ''].join('\n');
      if ((await engine.read(statement(sql.anyDue, busy))).length === 0) return [];
      const [rows = []] = await engine.batch([statement(sql.takeDueLogouts, busy, atMost)]);
      return rows.flatMap((row) =>
        row['subject'] === null
          ? []
          : [
              {
                sid: text(row, 'sid'),
                subject: text(row, 'subject'),
                clientId: text(row, 'client_id'),
                now: integer(row, 'now'),
              },
            ],
      );
    },
    async settleLogout(sid) {
      await engine.batch([statement(sql.settleLogout, sid)]);
    },
  };
}

/** The SQL of the audit log: one chain of lines, each written in the transaction that it is about. */
import { given } from './dialect.ts';

interface Line {
  readonly kind: string;
  readonly clientId: string;
  readonly sid: string;
  readonly fields: string;
}

const orDash = (text: string) => `coalesce(length(${text}) || ':' || ${text}, '-')`;

/** What is hashed of a line: `auditHash` in transactions/audit.ts says the same in our language. */
const chained = ({ kind, clientId, sid, fields }: Line) =>
  `sha256_hex(hash || ' ' || (seq + 1) || ' ' || CAST(now_us() AS BIGINT) || ' ' || ${kind} || ' ' || ${orDash(clientId)} || ' ' ||
    ${orDash(sid)} || ' ' || ${fields})`;

/**
 * Writes a line at the head of the log, each hashed together with the hash before it. The row's lock makes one chain of
 * the lines of all replicas. `recordAudit` comes next; unless the head is held, nothing that locks comes after them.
 */
export const tell = (line: Line, condition = '1 = 1'): string => `
  UPDATE audit_head SET seq = seq + 1, at = now_us(), kind = ${line.kind}, client_id = ${line.clientId},
    sid = ${line.sid}, fields = ${line.fields}, hash = ${chained(line)}
  WHERE ${condition}`;

/** Keeps the line at the head, if it is not kept yet. */
export const recordAudit = `
  INSERT INTO audit (seq, at, kind, client_id, sid, fields, hash)
  SELECT seq, at, kind, client_id, sid, fields, hash FROM audit_head WHERE seq > 0
  ON CONFLICT (seq) DO NOTHING`;

/** $1 kind, $2 client, $3 sid, $4 fields. */
export const givenLine: Line = { kind: given(1), clientId: given(2), sid: given(3), fields: given(4) };

export const audit = tell(givenLine);

export const auditIf = (condition: string): string => tell(givenLine, condition);

/** One line of the log for each row and its head beside it, in one reading. $1 after, $2 limit. */
export const readChain = `
  SELECT audit_head.seq AS head_seq, audit_head.hash AS head_hash,
    line.seq, line.at, line.kind, line.client_id, line.sid, line.fields, line.hash
  FROM audit_head LEFT JOIN (
    SELECT seq, at, kind, client_id, sid, fields, hash FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2) AS line ON 1 = 1
  ORDER BY line.seq`;

export const listAudit = (by: { kind: boolean; sid: boolean }): string => `
  SELECT seq, at, kind, client_id, sid, fields FROM audit
  WHERE seq > $1 ${by.kind ? 'AND kind = $3' : ''} ${by.sid ? `AND sid = $${by.kind ? 4 : 3}` : ''}
  ORDER BY seq LIMIT $2`;

/** The SQL of subjects, and of the cut that ends all their sessions. */
import { auditIf } from './audit.ts';
import { atHead } from './head.ts';
import { say } from './revocations.ts';

/** $1 id, $2 namespace, $3 external id, $4 handle. */
export const addSubject = `
  INSERT INTO subjects (id, namespace, external_id, handle, enabled, cut_at, created_at)
  VALUES ($1, $2, $3, $4, 1, 0, now_us())`;

/** As `addSubject`, for a client ($5) that stands, unless the namespace knows the name. */
export const addSubjectOfSession = `
  INSERT INTO subjects (id, namespace, external_id, handle, enabled, cut_at, created_at)
  SELECT $1, $2, $3, $4, 1, 0, now_us() FROM clients WHERE clients.id = $5 AND clients.removed_at IS NULL
  ON CONFLICT (namespace, external_id) DO NOTHING`;

/** As `addSubject`, unless the namespace knows the name. */
export const settleSubject = `${addSubject}
  ON CONFLICT (namespace, external_id) DO NOTHING`;

export const findSubject = `
  SELECT id, namespace, external_id, handle, enabled FROM subjects WHERE namespace = $1 AND external_id = $2`;

/** $1 namespace, $2 external id. */
export const subjectByName = `SELECT id FROM subjects WHERE namespace = $1 AND external_id = $2`;

export const cutSubject = `UPDATE subjects SET cut_at = ${atHead} WHERE id = $1 RETURNING cut_at AS position`;

export const disableSubject = `
  UPDATE subjects SET enabled = 0, cut_at = ${atHead} WHERE id = $1 RETURNING cut_at AS position`;

export const enableSubject = `UPDATE subjects SET enabled = 1 WHERE id = $1 RETURNING id`;

export const saySubjectCut = say({
  kind: 'subject',
  value: 'subjects.handle',
  cutAt: 'subjects.cut_at',
  of: 'head, subjects WHERE subjects.id = $1 AND subjects.cut_at = head.position',
});

export const auditIfSubjectCut = auditIf(
  `EXISTS (SELECT 1 FROM subjects WHERE id = $5 AND cut_at = ${atHead})`,
);

export const auditIfSubjectStands = auditIf(`EXISTS (SELECT 1 FROM subjects WHERE id = $5)`);

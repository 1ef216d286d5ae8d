/** The SQL that says whether what a person has allowed before is a yes still. */

/** Whether anything was used of a grant that is read as `granted_scopes`, within so long. */
export const isUsed = (life: string): string => `EXISTS (SELECT 1 FROM sessions AS s
  WHERE s.grant_id = granted_scopes.grant_id AND s.last_used_at >= now_us() - CAST(${life} AS BIGINT))`;

/**
 * Whether a live grant holds each of so many scope values, and each was given, or anything was used of the grant, within
 * `life`: who has not seen an application for that long is asked again.
 */
export const isCovered = (
  scopes: number,
  at: { subject: string; client: string; audience: string; life: string; from: number },
): string => `
  (SELECT count(*) FROM granted_scopes, grants
    WHERE granted_scopes.grant_id = grants.id AND grants.ended_at IS NULL
      AND grants.subject = ${at.subject} AND grants.client_id = ${at.client} AND granted_scopes.audience = ${at.audience}
      AND (granted_scopes.granted_at >= now_us() - CAST(${at.life} AS BIGINT) OR ${isUsed(at.life)})
      AND granted_scopes.scope IN (${Array.from({ length: scopes }, (_, n) => `$${at.from + n}`).join(', ')})) = ${scopes}`;

/** $1 subject, $2 client, $3 audience, $4 how long a yes counts, then the scope values. */
export const covers = (scopes: number): string => `
  SELECT 1 AS covered FROM head
  WHERE ${isCovered(scopes, { subject: '$1', client: '$2', audience: '$3', life: '$4', from: 5 })}`;

/** The SQL of authorization requests, each taken once, and of whom they are answered for. */
import { isCovered } from './coverage.ts';
import { sweptAtOnce } from './dialect.ts';

/** $1 name, $2 client, $3 parameters, $4 how long it stands. A client that is just swept is waited for, and then unknown. */
export const keepRequest = `
  INSERT INTO authorization_requests (hash, client_id, parameters, created_at, expires_at)
  SELECT $1, clients.id, $3, now_us(), now_us() + CAST($4 AS BIGINT)
  FROM clients WHERE clients.id = $2 AND clients.removed_at IS NULL /* FOR KEY SHARE */
  RETURNING hash`;

const open = `request IS NULL AND expires_at > now_us()`;

export const findRequest = `
  SELECT client_id, parameters, created_at FROM authorization_requests WHERE hash = $1 AND ${open}`;

/** How many names are asked for at once. */
export const namesAtOnce = 200;

/** $1 and so on: names. */
export const findOpen = `
  SELECT hash FROM authorization_requests
  WHERE hash IN (${Array.from({ length: namesAtOnce }, (_, n) => `$${n + 1}`).join(', ')}) AND ${open}`;

/** One winner. $1 name, $2 request. */
export const dropRequest = `
  DELETE FROM authorization_requests WHERE hash = $1 AND ${open} RETURNING client_id, parameters, created_at`;

/** $1 hash, $2 request. Its row stands until it is swept: the code that comes of it refers to it. */
export const takeRequest = `
  UPDATE authorization_requests SET request = $2 WHERE hash = $1 AND ${open}
  RETURNING client_id, parameters, created_at`;

/** What this decision took. */
export const taken = (hash: string, request: string): string => `authorization_requests AS asked
  WHERE asked.hash = ${hash} AND asked.request = ${request}`;

/** As `takeRequest`, only where nothing new is asked for. $3 subject, $4 audience, $5 how long a yes counts, then the scope values. */
export const takeCoveredRequest = (scopes: number): string => `
  UPDATE authorization_requests SET request = $2
  WHERE hash = $1 AND ${open}
    AND ${isCovered(scopes, {
      ...{ subject: '$3', client: 'authorization_requests.client_id', audience: '$4', life: '$5', from: 6 },
    })}
  RETURNING client_id, parameters, created_at`;

export const sweepRequests = `
  DELETE FROM authorization_requests WHERE hash IN (
    SELECT hash FROM authorization_requests WHERE expires_at <= now_us() LIMIT ${sweptAtOnce})
  RETURNING 1 AS swept`;

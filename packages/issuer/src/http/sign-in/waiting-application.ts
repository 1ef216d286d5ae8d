import type { PeopleOffice } from '../office.ts';

/** A linked application that waits for an answer. */
export interface WaitingApplication {
  readonly name: string;
  readonly loginHint: string | null;
  /** The handle of its stored request. */
  readonly request: string;
  readonly redirectUri: string;
}

/** The linked application in whose name the person was sent here. */
export async function waitingApplication(
  office: PeopleOffice,
  to: string,
): Promise<WaitingApplication | undefined> {
  const url = new URL(to, office.issuer);
  const handle = url.pathname.endsWith('/authorize') ? url.searchParams.get('request') : null;
  const open = handle === null ? undefined : await office.authorizations.find(handle);
  const client = open === undefined ? undefined : await office.clients.find(open.request.clientId);
  if (client === undefined || open === undefined || handle === null) return undefined;
  const { loginHint, redirectUri } = open.request;
  return { name: client.row.name, loginHint, request: handle, redirectUri };
}

import type { PeopleOffice } from '../office.ts';

/** The linked application in whose name the person was sent here. */
export async function waitingApplication(
  office: PeopleOffice,
  to: string,
): Promise<{ name: string; loginHint: string | null } | undefined> {
  const url = new URL(to, office.issuer);
  const handle = url.pathname.endsWith('/authorize') ? url.searchParams.get('request') : null;
  const open = handle === null ? undefined : await office.authorizations.find(handle);
  const client = open === undefined ? undefined : await office.clients.find(open.request.clientId);
  if (client === undefined || open === undefined) return undefined;
  return { name: client.row.name, loginHint: open.request.loginHint };
}

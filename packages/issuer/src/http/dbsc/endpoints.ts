import { AuthError } from '@symbolon/token';
import { json } from '../answers.ts';
import { withCookies } from '../cookies.ts';
import type { PeopleOffice } from '../office.ts';
import { malformed } from '../requests.ts';
import { challengeHeader, readDeviceHeader } from './headers.ts';

/** `POST /dbsc/register`: a browser that has just signed in binds its session to a key of its device. */
export async function registerDevice(office: PeopleOffice, request: Request): Promise<Response> {
  const asks = await office.browsers.identify(request);
  if (asks === undefined) throw new AuthError('session_ended');
  const statement = readDeviceHeader(request, 'secure-session-response');
  if (statement === undefined) throw new AuthError('device_registration_refused');
  const { sid } = asks.person;
  const cookies = await office.devices.bind({ sid, statement, url: `${office.issuer}/dbsc/register` });
  return withCookies(json(sessionConfig(office, sid)), { cookies });
}

/**
 * `POST /dbsc/refresh`: first a challenge (403, as Chromium expects it), then, for its signature, the next cookie.
 *
 * Nothing but that signature counts here: no cookie is read, and `Secure-Session-Skipped` says nothing to this issuer.
 * A session that is over, or was never one, is answered alike: its browser may stop asking.
 */
export async function refreshByDevice(office: PeopleOffice, request: Request): Promise<Response> {
  const sid = readDeviceHeader(request, 'sec-secure-session-id');
  if (sid === undefined) throw malformed('sec-secure-session-id');
  const statement = readDeviceHeader(request, 'secure-session-response');
  const renewed = await office.devices.renew({ sid, statement, url: `${office.issuer}/dbsc/refresh` });
  switch (renewed.kind) {
    case 'over':
      return json({ session_identifier: sid, continue: false });
    case 'challenge':
      return withCookies(json({}, { status: 403 }), {
        cookies: [],
        headers: challengeHeader(sid, renewed.challenge),
      });
    case 'renewed':
      return withCookies(json(sessionConfig(office, sid)), { cookies: renewed.cookies });
  }
}

/** What only machines ask for, or is the same for everybody: no request for it has to wait until a cookie is renewed. */
const outOfScope = ['assets', 'token', 'jwks', 'revocations', 'introspect', 'revoke', 'sessions', 'healthz'];

/** Says which cookie is bound, where it is needed, and where it is renewed. */
function sessionConfig({ issuer, cookies }: PeopleOffice, sid: string): unknown {
  const { origin, hostname, pathname } = new URL(issuer);
  const base = pathname.replace(/\/$/, '');
  const exclude = outOfScope.map((name) => ({ type: 'exclude', domain: hostname, path: `${base}/${name}` }));
  return {
    session_identifier: sid,
    refresh_url: `${base}/dbsc/refresh`,
    scope: { origin, include_site: false, scope_specification: exclude },
    // A person comes to /authorize from the page of an application: there, too, the cookie must be renewed first.
    allowed_refresh_initiators: ['*'],
    credentials: [{ type: 'cookie', name: cookies.tokenName, attributes: cookies.attributes }],
  };
}

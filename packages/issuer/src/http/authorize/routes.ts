import type { PeopleOffice } from '../office.ts';
import type { Route } from '../route.ts';
import { tellingPerson } from './answers.ts';
import { authorizeEndpoint } from './authorize.ts';
import { consentEndpoint } from './consent.ts';
import { confirmLogoutEndpoint, logoutEndpoint } from './logout.ts';
import { otherPersonEndpoint } from './other-person.ts';
import { pushEndpoint } from './par.ts';
import { registerEndpoint } from './register.ts';
import { userinfoEndpoint } from './userinfo.ts';

/** The endpoints of linked applications, one row each. */
export function authorizeRoutes(office: PeopleOffice, base: string): readonly Route[] {
  const userinfo = userinfoEndpoint(office);
  const policy = office.registration.dynamic;
  const register = policy === undefined ? undefined : registerEndpoint(office, policy);
  const authorize = tellingPerson(office, (request, _, sender) =>
    authorizeEndpoint(office, { request, sender }),
  );
  const consent = tellingPerson(office, (request) => consentEndpoint(office, request));
  const otherPerson = tellingPerson(office, (request) => otherPersonEndpoint(office, request));
  const logout = tellingPerson(office, (request) => logoutEndpoint(office, request));
  const confirmLogout = tellingPerson(office, (request) => confirmLogoutEndpoint(office, request));
  return [
    ['GET', `${base}/authorize`, authorize],
    ['POST', `${base}/authorize`, authorize],
    ['POST', `${base}/authorize/consent`, consent],
    ['POST', `${base}/authorize/person`, otherPerson],
    ['POST', `${base}/par`, (request, _, sender) => pushEndpoint(office, { request, sender })],
    ['GET', `${base}/logout`, logout],
    ['POST', `${base}/logout`, logout],
    ['POST', `${base}/logout/confirm`, confirmLogout],
    ['GET', `${base}/userinfo`, userinfo],
    ['POST', `${base}/userinfo`, userinfo],
    ...(register === undefined
      ? []
      : [
          ['POST', `${base}/register`, (request, _, sender) => register({ request, sender })] satisfies Route,
        ]),
  ];
}

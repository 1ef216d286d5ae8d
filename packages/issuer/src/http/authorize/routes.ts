import type { PeopleOffice } from '../office.ts';
import type { Route } from '../route.ts';
import { authorizeEndpoint } from './authorize.ts';
import { consentEndpoint } from './consent.ts';
import { confirmLogoutEndpoint, logoutEndpoint } from './logout.ts';
import { pushEndpoint } from './par.ts';
import { registerEndpoint } from './register.ts';
import { userinfoEndpoint } from './userinfo.ts';

/** The endpoints of linked applications, one row each. */
export function authorizeRoutes(office: PeopleOffice, base: string): readonly Route[] {
  const userinfo = userinfoEndpoint(office);
  const policy = office.registration.dynamic;
  const register = policy === undefined ? undefined : registerEndpoint(office, policy);
  return [
    ['GET', `${base}/authorize`, (request, _, sender) => authorizeEndpoint(office, { request, sender })],
    ['POST', `${base}/authorize`, (request, _, sender) => authorizeEndpoint(office, { request, sender })],
    ['POST', `${base}/authorize/consent`, (request) => consentEndpoint(office, request)],
    ['POST', `${base}/par`, (request, _, sender) => pushEndpoint(office, { request, sender })],
    ['GET', `${base}/logout`, (request) => logoutEndpoint(office, request)],
    ['POST', `${base}/logout`, (request) => logoutEndpoint(office, request)],
    ['POST', `${base}/logout/confirm`, (request) => confirmLogoutEndpoint(office, request)],
    ['GET', `${base}/userinfo`, userinfo],
    ['POST', `${base}/userinfo`, userinfo],
    ...(register === undefined
      ? []
      : [
          ['POST', `${base}/register`, (request, _, sender) => register({ request, sender })] satisfies Route,
        ]),
  ];
}

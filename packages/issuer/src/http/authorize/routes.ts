import type { PeopleOffice } from '../office.ts';
import type { Route } from '../route.ts';
import { authorizeEndpoint } from './authorize.ts';
import { consentEndpoint } from './consent.ts';
import { pushEndpoint } from './par.ts';
import { userinfoEndpoint } from './userinfo.ts';

/** The endpoints of linked applications, one row each. */
export function authorizeRoutes(office: PeopleOffice, base: string): readonly Route[] {
  const userinfo = userinfoEndpoint(office);
  return [
    ['GET', `${base}/authorize`, (request) => authorizeEndpoint(office, request)],
    ['POST', `${base}/authorize`, (request) => authorizeEndpoint(office, request)],
    ['POST', `${base}/authorize/consent`, (request) => consentEndpoint(office, request)],
    ['POST', `${base}/par`, (request) => pushEndpoint(office, request)],
    ['GET', `${base}/userinfo`, userinfo],
    ['POST', `${base}/userinfo`, userinfo],
  ];
}

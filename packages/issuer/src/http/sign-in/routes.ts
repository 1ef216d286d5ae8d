import type { PeopleOffice } from '../office.ts';
import type { Route } from '../route.ts';
import { askToEnrol, enrol, showEnrolment } from './enrol.ts';
import { askForPresence, provePresence, showPresence } from './presence.ts';
import { askToSignIn, recover, showSignIn, signIn, signOut } from './sign-in.ts';

/** The endpoints by which people come and go, one row each. */
export function signInRoutes(office: PeopleOffice, base: string): readonly Route[] {
  return [
    ['GET', `${base}/sign-in`, (request) => showSignIn(office, request)],
    ['POST', `${base}/sign-in/options`, (request) => askToSignIn(office, request)],
    ['POST', `${base}/sign-in/verify`, (request) => signIn(office, request)],
    ['POST', `${base}/sign-in/recovery`, (request, _, sender) => recover(office, request, sender)],
    ['POST', `${base}/sign-out`, (request) => signOut(office, request)],
    ['GET', `${base}/enrol`, (request) => showEnrolment(office, request)],
    ['POST', `${base}/enrol/options`, (request) => askToEnrol(office, request)],
    ['POST', `${base}/enrol/verify`, (request) => enrol(office, request)],
    ['GET', `${base}/presence`, (request) => showPresence(office, request)],
    ['POST', `${base}/presence/options`, (request) => askForPresence(office, request)],
    ['POST', `${base}/presence/verify`, (request) => provePresence(office, request)],
  ];
}

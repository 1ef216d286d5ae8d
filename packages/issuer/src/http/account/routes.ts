import type { PeopleOffice } from '../office.ts';
import type { Route } from '../route.ts';
import { forPerson, type Visit } from '../visit.ts';
import { showAccount } from './account.ts';
import { askEndOthers, endApplication, endOthers, endOwnSession } from './ends.ts';
import { showEvents } from './events.ts';
import { addPasskey, askRemovePasskey, askToAddPasskey, removePasskey, renamePasskey } from './passkeys.ts';
import { askOwnName, changeOwnName } from './name.ts';
import { askRecoveryCodes, makeRecoveryCodes } from './recovery-codes.ts';

/** The account page and what it does, one row each; and the files that every page loads. */
export function accountRoutes(office: PeopleOffice, base: string): readonly Route[] {
  const person = (answer: (office: PeopleOffice, visit: Visit) => Promise<Response>): Route[2] =>
    forPerson(office, (visit) => answer(office, visit));
  const account = `${base}/account`;
  return [
    ['GET', `${base}/assets/:parameter`, (request, name) => office.assets(request, name)],
    ['GET', account, person(showAccount)],
    ['GET', `${account}/events`, person(showEvents)],
    ['POST', `${account}/applications/:parameter/end`, person(endApplication)],
    ['POST', `${account}/sessions/:parameter/end`, person(endOwnSession)],
    ['GET', `${account}/name`, person(askOwnName)],
    ['POST', `${account}/name`, person(changeOwnName)],
    ['GET', `${account}/end-others`, person(askEndOthers)],
    ['POST', `${account}/end-others`, person(endOthers)],
    ['POST', `${account}/passkeys/options`, (request) => askToAddPasskey(office, request)],
    ['POST', `${account}/passkeys`, (request) => addPasskey(office, request)],
    ['POST', `${account}/passkeys/:parameter/name`, person(renamePasskey)],
    ['GET', `${account}/passkeys/:parameter/remove`, person(askRemovePasskey)],
    ['POST', `${account}/passkeys/:parameter/remove`, person(removePasskey)],
    ['GET', `${account}/recovery-codes`, person(askRecoveryCodes)],
    ['POST', `${account}/recovery-codes`, person(makeRecoveryCodes)],
  ];
}

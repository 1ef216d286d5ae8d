import type { PeopleOffice } from '../office.ts';
import type { Route } from '../route.ts';
import { forOperator, type Visit } from '../visit.ts';
import { askChange, askRole, changeAccount, changeRole, showAccounts } from './accounts.ts';
import { addClient, showAddClient } from './add-client.ts';
import { showAudit } from './audit.ts';
import { changeClient, showChangeClient } from './change-client.ts';
import { askEndClient, endClient, removeClient, showClients } from './clients.ts';
import { invite, showInvite, withdrawInvitation } from './invite.ts';
import { askName, changeName } from './name.ts';
import { askRevoke, askRotate, revokeKey, rotateKey, showKeys } from './keys.ts';
import { showGuards, showOverview } from './overview.ts';
import { askRecover, recoverAccount } from './recover.ts';
import { endAnySession, showSessions } from './sessions.ts';

/** The console, one row each: for operators alone. */
export function consoleRoutes(office: PeopleOffice, base: string): readonly Route[] {
  const operator = (answer: (office: PeopleOffice, visit: Visit) => Promise<Response>): Route[2] =>
    forOperator(office, (visit) => answer(office, visit));
  const clients = `${base}/console/clients`;
  const accounts = `${base}/console/accounts`;
  const keys = `${base}/console/keys`;
  return [
    ['GET', `${base}/console`, operator(showOverview)],
    ['GET', `${base}/console/guards`, operator(showGuards)],
    ['GET', `${base}/console/audit`, operator(showAudit)],
    ['GET', `${base}/console/sessions`, operator(showSessions)],
    ['POST', `${base}/console/sessions/:parameter/end`, operator(endAnySession)],
    ['GET', clients, operator(showClients)],
    ['POST', clients, operator(addClient)],
    ['GET', `${clients}/add`, operator(showAddClient)],
    ['GET', `${clients}/:parameter/change`, operator(showChangeClient)],
    ['POST', `${clients}/:parameter/change`, operator(changeClient)],
    ['GET', `${clients}/:parameter/end`, operator((...of) => askEndClient(...of, 'end'))],
    ['POST', `${clients}/:parameter/end`, operator(endClient)],
    ['GET', `${clients}/:parameter/remove`, operator((...of) => askEndClient(...of, 'remove'))],
    ['POST', `${clients}/:parameter/remove`, operator(removeClient)],
    ['GET', accounts, operator(showAccounts)],
    ['GET', `${accounts}/invite`, operator(showInvite)],
    ['POST', `${accounts}/invite`, operator(invite)],
    ['POST', `${accounts}/withdraw`, operator(withdrawInvitation)],
    ['GET', `${accounts}/:parameter/role`, operator(askRole)],
    ['POST', `${accounts}/:parameter/role`, operator(changeRole)],
    ['GET', `${accounts}/:parameter/recover`, operator(askRecover)],
    ['POST', `${accounts}/:parameter/recover`, operator(recoverAccount)],
    ['GET', `${accounts}/:parameter/name`, operator(askName)],
    ['POST', `${accounts}/:parameter/name`, operator(changeName)],
    ...(['end', 'disable', 'enable', 'remove'] as const).flatMap((change): Route[] => [
      ['GET', `${accounts}/:parameter/${change}`, operator((...of) => askChange(...of, change))],
      ['POST', `${accounts}/:parameter/${change}`, operator((...of) => changeAccount(...of, change))],
    ]),
    ['GET', keys, operator(showKeys)],
    ['GET', `${keys}/rotate`, operator(askRotate)],
    ['POST', `${keys}/rotate`, operator(rotateKey)],
    ['GET', `${keys}/:parameter/revoke`, operator(askRevoke)],
    ['POST', `${keys}/:parameter/revoke`, operator(revokeKey)],
  ];
}

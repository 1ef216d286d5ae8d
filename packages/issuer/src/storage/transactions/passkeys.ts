import type {
  AccountStorage,
  Enrolment,
  EnrolmentCode,
  EnrolRefusal,
  NewPasskey,
  PasskeyAddition,
  PasskeyRow,
  PasskeyUse,
  PlannedAccount,
} from '../port/account-storage.ts';
import type { Actor } from '../port/actor.ts';
import { UniqueViolation, type Engine, type Row, type Statement, type Value } from '../engine.ts';
import { foldName } from '../fold-name.ts';
import { happening, type Happening } from './happening.ts';
import { integer, json, orNull, text } from './read-rows.ts';
import { decideAs } from './acting.ts';
import { statement, telling, type Told } from './decision.ts';
import * as enrolments from '../sql/enrolments.ts';
import { holdHead, moveHead } from '../sql/head.ts';
import { redeemChallenge } from '../sql/one-time-codes.ts';
import * as passkeys from '../sql/passkeys.ts';
import { auditIf, happened, keepEvent } from '../sql/security-events.ts';
import { auditIfSubjectCut, saySubjectCut } from '../sql/subjects.ts';

type Passkeys = Pick<
  AccountStorage,
  | 'findEnrolment'
  | 'enrol'
  | 'findPasskey'
  | 'listPasskeys'
  | 'usePasskey'
  | 'addPasskey'
  | 'renamePasskey'
  | 'removePasskey'
>;

/** Passkeys over SQL: enrolled, used, added and removed. `request` names each decision, never twice the same. */
export function createSqlPasskeys(engine: Engine, request: () => string): Passkeys {
  return {
    async findEnrolment(name) {
      const [row] = await engine.read(statement(enrolments.findEnrolment, name));
      return row ? readEnrolment(row) : null;
    },
    enrol: (enrolment) => enrol(engine, enrolment, request()),
    async findPasskey(id) {
      const [row] = await engine.read(statement(passkeys.findPasskey, id));
      return row ? readPasskey(row) : null;
    },
    async listPasskeys(subject) {
      return (await engine.read(statement(passkeys.listPasskeys, subject))).map(readPasskey);
    },
    usePasskey: (use) => usePasskey(engine, use, request()),
    addPasskey: (addition) => addPasskey(engine, addition, request()),
    async renamePasskey({ id, subject, name, event, by }) {
      const renaming = request();
      const kind = 'passkey_renamed';
      // A removal holds the audit log's head when it comes to the row: without the head, each could wait for the other.
      const statements = [
        statement(holdHead),
        statement(passkeys.renamePasskey, id, subject, name, renaming),
        statement(
          keepEvent(happened.passkeyRenamed),
          ...[event, subject, kind, JSON.stringify({ passkey: name })],
          ...[id, renaming],
        ),
        ...telling(auditIf(happened.passkeyTouched), {
          told: { kind, fields: { subject } },
          values: [id, renaming],
        }),
        statement(passkeys.passkeyStands, id, subject),
      ];
      const results = await decideAs(engine, by, { statements });
      if (results[1]?.length === 1) return { kind: 'renamed' };
      return { kind: results.at(-1)?.length === 1 ? 'unchanged' : 'unknown' };
    },
    async removePasskey({ id, subject, event, by }) {
      const found = (await engine.read(statement(passkeys.findPasskey, id)))[0];
      const told: Happening = {
        ...{ event, subject, kind: 'passkey_removed', fields: { passkey: found && text(found, 'name') } },
        ...{ condition: happened.passkeyRemovable, values: [id, subject] },
      };
      const results = await decideAs(engine, by, {
        statements: [
          statement(holdHead),
          ...happening(told),
          statement(passkeys.removePasskey, id, subject),
          statement(passkeys.passkeyStands, id, subject),
        ],
      });
      if (results.at(-2)?.length === 1) return { kind: 'removed' };
      return { kind: results.at(-1)?.length === 1 ? 'last' : 'unknown' };
    },
  };
}

async function usePasskey(
  engine: Engine,
  use: PasskeyUse,
  request: string,
): ReturnType<AccountStorage['usePasskey']> {
  const { id, subject, passkey, counter, backedUp, challenge, event, refusalEvent } = use;
  const refused: Happening = {
    ...{ event: refusalEvent, subject, kind: 'passkey_refused', fields: { passkey } },
    audit: { reason: 'counter' },
    ...{ condition: happened.counterWentBack, values: [id, request, challenge.name, counter] },
  };
  const statements = [
    statement(redeemChallenge, challenge.name, challenge.madeAt),
    statement(passkeys.usePasskey, id, counter, backedUp ? 1 : 0, request, challenge.name),
    ...(event === null
      ? []
      : [
          statement(
            keepEvent(happened.passkeyTouched),
            ...[event.id, subject, event.kind, JSON.stringify({ passkey, device: event.device })],
            ...[id, request],
          ),
        ]),
    ...happening(refused),
  ];
  const decided = await decideOnce(engine, { statements, by: 'person' });
  if (!('results' in decided)) return { kind: 'challenge_used' };
  const [challenged, used] = decided.results;
  if (challenged?.length !== 1) return { kind: 'challenge_used' };
  return { kind: used?.length === 1 ? 'used' : 'refused' };
}

async function enrol(
  engine: Engine,
  enrolment: Enrolment,
  request: string,
): ReturnType<AccountStorage['enrol']> {
  const { codeName, code, passkey, challenge, events } = enrolment;
  const { subject } = code.account;
  const by = [codeName, challenge.name];
  const made: Happening = {
    ...{ event: events.account, subject, kind: 'account_added', fields: {} },
    audit: 'role' in code.account ? { by: code.kind, role: code.account.role } : {},
    ...{ condition: happened.passkeyTouched, values: [passkey.id, request] },
  };
  const planned = 'role' in code.account ? code.account : null;
  const statements = [
    statement(code.kind === 'recovery_link' ? moveHead : holdHead),
    statement(redeemChallenge, challenge.name, challenge.madeAt),
    ...(planned === null ? [] : addAccount(planned, by)),
    statement(enrolments.addPasskeyByCode, ...by, subject, ...passkeyValues(passkey), request),
    statement(enrolments.useUpCode, codeName, passkey.id, request),
    ...(planned === null ? [] : happening(made)),
    ...(code.kind === 'recovery_link' ? endByLink({ ...enrolment, request }) : []),
    ...happening(added({ passkey, subject, event: events.passkey, request })),
  ];
  const decided = await decideOnce(engine, { statements, by: 'person' });
  if (!('results' in decided)) return decided;
  if (decided.results[1]?.length !== 1) return { kind: 'challenge_used' };
  const place = planned === null ? 2 : 4;
  return { kind: decided.results[place]?.length === 1 ? 'enrolled' : 'refused' };
}

/** Whoever lost every passkey may have lost them to somebody: what was begun with them is over. */
function endByLink({ code, passkey, events, request }: Enrolment & { request: string }): Statement[] {
  const { subject } = code.account;
  const used: Happening = {
    ...{ event: events.account, subject, kind: 'recovery_link_used', fields: { passkey: passkey.name } },
    ...{ condition: happened.passkeyTouched, values: [passkey.id, request] },
  };
  const cut: Told = { kind: 'sessions_cut', fields: { by: 'recovery', subject } };
  return [
    statement(enrolments.cutByLink, subject, passkey.id, request),
    statement(saySubjectCut, subject),
    ...happening(used),
    ...telling(auditIfSubjectCut, { told: cut, values: [subject] }),
  ];
}

function addAccount({ subject, handle, name, role }: PlannedAccount, by: readonly string[]): Statement[] {
  return [
    statement(enrolments.addSubjectByCode, ...by, subject, handle),
    statement(enrolments.addAccountByCode, ...by, subject, name, foldName(name), role),
  ];
}

async function addPasskey(
  engine: Engine,
  addition: PasskeyAddition,
  request: string,
): ReturnType<AccountStorage['addPasskey']> {
  const { subject, passkey, challenge, event, by } = addition;
  const statements = [
    statement(holdHead),
    statement(redeemChallenge, challenge.name, challenge.madeAt),
    statement(passkeys.addPasskey, subject, challenge.name, ...passkeyValues(passkey), request),
    ...happening(added({ passkey, subject, event, request })),
  ];
  const decided = await decideOnce(engine, { statements, by });
  if (!('results' in decided)) return decided;
  if (decided.results[1]?.length !== 1) return { kind: 'challenge_used' };
  return { kind: decided.results[2]?.length === 1 ? 'added' : 'refused' };
}

function added(told: { passkey: NewPasskey; subject: string; event: string; request: string }): Happening {
  const { passkey, subject, event, request } = told;
  return {
    ...{ event, subject, kind: 'passkey_added', fields: { passkey: passkey.name } },
    ...{ condition: happened.passkeyTouched, values: [passkey.id, request] },
  };
}

const taken: Readonly<Record<string, EnrolRefusal['kind']>> = {
  one_time_codes: 'challenge_used',
  accounts: 'name_taken',
  passkeys: 'passkey_known',
};

/** Runs a decision in which something may stand already: then nothing was done, and this says what stood. */
async function decideOnce(
  engine: Engine,
  { statements, by }: { statements: readonly Statement[]; by: Actor },
): Promise<EnrolRefusal | { readonly results: readonly (readonly Row[])[] }> {
  try {
    return { results: await decideAs(engine, by, { statements }) };
  } catch (error) {
    const kind = error instanceof UniqueViolation ? taken[error.table] : undefined;
    if (kind === undefined) throw error;
    return { kind };
  }
}

function passkeyValues({ id, publicKey, counter, transports, backedUp, name }: NewPasskey): readonly Value[] {
  return [id, publicKey, counter, JSON.stringify(transports), backedUp ? 1 : 0, name];
}

// The schema's CHECKs and this package's own writes give these texts and JSON their shape; nothing else writes them.
function readEnrolment(row: Row): EnrolmentCode {
  const purpose = text(row, 'purpose');
  if (purpose === 'recovered' || purpose === 'recovery_link')
    return {
      kind: purpose === 'recovered' ? 'recovery' : purpose,
      account: { subject: text(row, 'subject'), name: text(row, 'name') },
    };
  return {
    kind: purpose === 'first' ? 'first' : 'invitation',
    account: json(row, 'state') as PlannedAccount,
  };
}

function readPasskey(row: Row): PasskeyRow {
  return {
    id: text(row, 'id'),
    subject: text(row, 'subject'),
    publicKey: text(row, 'public_key'),
    counter: integer(row, 'counter'),
    transports: json(row, 'transports') as readonly string[],
    backedUp: integer(row, 'backed_up') === 1,
    name: text(row, 'name'),
    createdAt: integer(row, 'created_at'),
    lastUsedAt: orNull(integer, row, 'last_used_at'),
  };
}

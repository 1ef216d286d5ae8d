/** What a text claims to be. */
export type StatementKind = 'session token' | 'refresh token' | 'proof' | 'assertion';

/** A text taken apart as it stands: nothing of it was verified. */
export interface Statement {
  readonly kind: StatementKind;
  /** Whether `typ` names that kind; what has another type is judged as a guard would: as a session token. */
  readonly isNamed: boolean;
  readonly text: string;
  readonly header: Readonly<Record<string, unknown>> | undefined;
  readonly payload: Readonly<Record<string, unknown>> | undefined;
}

const kinds: ReadonlyMap<unknown, StatementKind> = new Map([
  ['at+jwt', 'session token'],
  ['refresh+jwt', 'refresh token'],
  ['dpop+jwt', 'proof'],
  ['client-authentication+jwt', 'assertion'],
]);

/** Takes a text apart; whatever is unsound about it is left to those who verify. */
export function readStatement(text: string): Statement {
  const [first = '', second = ''] = text.split('.', 3);
  const header = readPart(first);
  const payload = readPart(second);
  const kind = kinds.get(header?.['typ']) ?? (isAssertion(header, payload) ? 'assertion' : undefined);
  return { kind: kind ?? 'session token', isNamed: kind !== undefined, text, header, payload };
}

/** Finds the one text to inspect in what was pasted: bare, behind its scheme, or in the answer of a token endpoint. */
export function findText(pasted: string): string {
  const text = pasted.trim();
  const answer = text.startsWith('{') ? readJson(text) : undefined;
  if (typeof answer?.['access_token'] === 'string') return answer['access_token'];
  return text.replace(/^(?:authorization:\s*)?(?:DPoP|Bearer)[:\s]\s*/i, '');
}

/** A member of a part as text; anything else is as if it were not there. */
export function stated(part: Statement['payload'], name: string): string | undefined {
  const value = part?.[name];
  return typeof value === 'string' ? value : undefined;
}

/** Clients of other software name the type JWT or none: then an assertion is known by who it is from. */
function isAssertion(header: Statement['header'], payload: Statement['payload']): boolean {
  const typ = header?.['typ'];
  return (
    (typ === undefined || typ === 'JWT') &&
    stated(payload, 'iss') !== undefined &&
    payload?.['iss'] === payload?.['sub']
  );
}

function readPart(segment: string): Readonly<Record<string, unknown>> | undefined {
  return readJson(Buffer.from(segment, 'base64url').toString('utf8'));
}

function readJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

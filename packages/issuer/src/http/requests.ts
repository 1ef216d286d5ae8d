import { AuthError, maxTokenLength } from '@symbolon/token';

/** The parameters of a form, each at most once. */
export type Form = ReadonlyMap<string, string>;

const maxBody = 64 * 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a form (RFC 6749 appendix B): right type, at most 64 kB, no parameter twice (section 3.2).
 *
 * @throws AuthError `request_malformed`.
 */
export async function readForm(request: Request): Promise<Form> {
  return readParameters(await readFields(request), control);
}

/** The same of a form with fields of several lines. */
export async function readFormOfLines(request: Request): Promise<Form> {
  return readParameters(await readFields(request), controlInLines);
}

async function readFields(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') throw malformed('content-type');
  return new URLSearchParams(await readBody(request));
}

/** Reads the parameters of a URL, each at most once. */
export function readQuery(request: Request): Form {
  return readParameters(new URL(request.url).searchParams, control);
}

/** PostgreSQL keeps no NUL; nothing that is asked here has a reason for any of them. */
const control = /\p{Cc}/u;
const controlInLines = /(?![\t\n\r])\p{Cc}/u;

function readParameters(parameters: URLSearchParams, refused: RegExp): Form {
  const form = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (form.has(name) || refused.test(name) || refused.test(value)) throw malformed('parameter');
    // RFC 6749 section 3.2: a parameter without a value is as if it had been left out.
    if (value !== '') form.set(name, value);
  }
  return form;
}

/** Reads a JSON body of at most 64 kB. */
export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw malformed('content-type');
  try {
    return JSON.parse(await readBody(request));
  } catch (error) {
    throw error instanceof AuthError ? error : malformed('body');
  }
}

/** A parameter that must be there. */
export function required(form: Form, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw malformed(name);
  return value;
}

/** A token parameter that must be there; a longer one than any token is refused unread. */
export function requiredToken(form: Form, name: string): string {
  const value = required(form, name);
  if (value.length > maxTokenLength) throw malformed(name);
  return value;
}

/** A refusal that names the part of the request at fault, never its content. */
export function malformed(part: string): AuthError {
  return new AuthError('request_malformed', { detail: { claim: part } });
}

/** Reads a body of at most 64 kB. One that does not decode, or breaks off, is its sender's doing and no fault of ours. */
export async function readBody(request: Request): Promise<string> {
  const stated = request.headers.get('content-length');
  if (stated !== null && !(Number(stated) <= maxBody)) throw malformed('body');
  try {
    return stated === null ? await readUnmeasured(request) : await readMeasured(request);
  } catch {
    throw malformed('body');
  }
}

/** The server holds the sender to the length that he stated. */
async function readMeasured(request: Request): Promise<string> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length > maxBody) throw malformed('body');
  return utf8.decode(bytes);
}

/** Counts while it reads, so that a body without a length is cut off as well. */
async function readUnmeasured({ body }: Request): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > maxBody) throw malformed('body');
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

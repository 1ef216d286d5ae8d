import { execFile } from 'node:child_process';
import type { Carrier, Credential, CredentialSource } from './credential.ts';
import { parseObject } from '../json.ts';

const longest = 60_000;

/**
 * Credentials that a command prints: the token alone, or JSON as a token endpoint answers (`access_token`,
 * `refresh_token`, `id_token`). The command runs in a shell, anew for each credential.
 */
export function tokenCommand(command: string, carrier: Carrier): CredentialSource {
  return { isFresh: true, get: async () => readCredential(await run(command), carrier) };
}

/** Reads what a command printed. */
function readCredential(text: string, carrier: Carrier): Credential {
  const answer = parseObject(text);
  const token = answer === undefined ? text.trim() : answer['access_token'];
  if (typeof token !== 'string' || token === '' || /\s/.test(token)) {
    throw new TypeError('the command printed no token, expected one word or JSON with access_token');
  }
  const { refresh_token: refreshToken, id_token: idToken } = answer ?? {};
  return {
    token,
    carrier,
    ...(typeof refreshToken === 'string' ? { refreshToken } : {}),
    ...(typeof idToken === 'string' ? { idToken } : {}),
  };
}

/** Members of a form that a command prints, as `name=value&name=value`; it runs anew each time. */
export function formCommand(command: string): () => Promise<Readonly<Record<string, string>>> {
  return async () => Object.fromEntries(new URLSearchParams((await run(command)).trim()));
}

/** Visits by a command, which finds the URL in `AUTHORIZATION_URL` and prints the one to which the browser was sent. */
export function visitCommand(command: string): (url: string) => Promise<string> {
  return async (url) => {
    const printed = (await run(command, { AUTHORIZATION_URL: url })).trim();
    if (!URL.canParse(printed)) throw new TypeError('the command printed no URL');
    return printed;
  };
}

function run(command: string, added: Readonly<Record<string, string>> = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { timeout: longest, maxBuffer: 1_000_000, env: { ...process.env, ...added } };
  execFile('/bin/sh', ['-c', command], options, (error, stdout) => {
    // The shell's message may quote what was printed, and that may be a token.
    if (error === null) resolve(stdout);
    else reject(new Error(`the command failed (${String(error.code ?? error.signal)})`));
  });
  return promise;
}

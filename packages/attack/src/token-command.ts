import { execFile } from 'node:child_process';
import type { Carrier, Credential, CredentialSource } from './credential.ts';
import { parseObject } from './json.ts';

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

function run(command: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile('/bin/sh', ['-c', command], { timeout: longest, maxBuffer: 1_000_000 }, (error, stdout) => {
    // The shell's message may quote what was printed, and that may be a token.
    if (error === null) resolve(stdout);
    else reject(new Error(`the command failed (${String(error.code ?? error.signal)})`));
  });
  return promise;
}

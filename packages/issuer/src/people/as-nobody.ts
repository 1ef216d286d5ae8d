import { AuthError } from '@symbolon/token';

/** A token that is missing, over or not ours says that nobody is signed in; what is wrong with the request stays a refusal. */
export function asNobody(error: unknown): undefined {
  if (error instanceof AuthError && /^(?:token|refresh|session)_/.test(error.code)) return undefined;
  throw error;
}

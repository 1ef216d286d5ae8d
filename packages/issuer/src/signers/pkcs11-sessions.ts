import { ck, hasCode, type Handle, type Pkcs11Module } from './pkcs11-module.ts';

/** Sessions of one token: a session does one thing at a time, and each thing gets a session of its own. */
export interface Pkcs11Sessions {
  readonly use: <T>(job: (session: Handle) => T | Promise<T>) => Promise<T>;
  readonly close: () => void;
}

/** Opens at most `count` sessions, logged in. One that failed is replaced, so that a token may come back. */
export function createSessions(
  module: Pkcs11Module,
  options: { slot: Handle; pin: string; count: number },
): Pkcs11Sessions {
  const free: Handle[] = [];
  const waiting: ((session: Handle | undefined) => void)[] = [];
  let open = 0;

  const start = (): Handle => {
    const session = module.C_OpenSession(options.slot, ck.sessionFlags);
    try {
      module.C_Login(session, ck.user, options.pin);
    } catch (error) {
      // The first session logs the whole process in.
      if (hasCode(error, ck.alreadyLoggedIn)) return session;
      module.C_CloseSession(session);
      throw error;
    }
    return session;
  };

  const take = async (): Promise<Handle> => {
    const session = free.pop();
    if (session !== undefined) return session;
    if (open < options.count) return opened();
    const handed = await new Promise<Handle | undefined>((resolve) => waiting.push(resolve));
    return handed ?? opened();
  };

  const opened = (): Handle => {
    const session = start();
    open++;
    return session;
  };

  const giveBack = (session: Handle): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(session);
    else next(session);
  };

  const drop = (session: Handle): void => {
    open--;
    try {
      module.C_CloseSession(session);
    } catch {
      // It is gone already, which may be why it failed.
    }
    waiting.shift()?.(undefined);
  };

  return {
    use: async (job) => {
      const session = await take();
      try {
        const done = await job(session);
        giveBack(session);
        return done;
      } catch (error) {
        drop(session);
        throw error;
      }
    },
    close: () => {
      for (const session of free.splice(0)) drop(session);
    },
  };
}

import { givenCredential, visitCommand, type AttackOptions, type CredentialSource } from '@symbolon/attack';
import { readWord } from './credentials.ts';

/** What `symbolon attack` is told of people: their account pages, and an application that they link. */
export interface PeopleOptions {
  readonly accountCookie?: string;
  readonly strangerCookie?: string;
  readonly app?: string;
  readonly appRedirect?: string;
  readonly appScope?: readonly string[];
  readonly appResource?: string;
  readonly authorizeCookie?: string;
  readonly codeCommand?: string;
  readonly otherApp?: string;
  readonly otherAppRedirect?: string;
}

/** Who is signed in at the account page. */
export function pageVisitors({
  accountCookie,
  strangerCookie,
}: PeopleOptions): Pick<AttackOptions, 'visitor' | 'stranger'> {
  return {
    ...(accountCookie === undefined ? {} : { visitor: byCookie(accountCookie) }),
    ...(strangerCookie === undefined ? {} : { stranger: byCookie(strangerCookie) }),
  };
}

/**
 * The linked application that the options describe; undefined without `--app`.
 *
 * @throws TypeError if a redirect URI is missing, or is none.
 */
export function applicationOf(options: PeopleOptions): AttackOptions['application'] {
  const { app, appScope, appResource, authorizeCookie, codeCommand, otherApp } = options;
  if (app === undefined) return undefined;
  const form = {
    ...(appScope === undefined ? {} : { scope: appScope.join(' ') }),
    ...(appResource === undefined ? {} : { resource: appResource }),
  };
  return {
    ...{ clientId: app, redirectUri: uriOf(options.appRedirect, '--app-redirect'), form },
    ...(authorizeCookie === undefined ? {} : { cookie: readWord(authorizeCookie) }),
    ...(codeCommand === undefined ? {} : { visit: visitCommand(codeCommand) }),
    ...(otherApp === undefined
      ? {}
      : {
          other: { clientId: otherApp, redirectUri: uriOf(options.otherAppRedirect, '--other-app-redirect') },
        }),
  };
}

function uriOf(given: string | undefined, option: string): string {
  if (given !== undefined && URL.canParse(given)) return given;
  throw new TypeError(`unexpected redirect URI ${given ?? '(none)'}, expected one with ${option}`);
}

function byCookie(given: string): CredentialSource {
  const [, name, token] = /^([^=\s]+)=(\S+)$/.exec(readWord(given)) ?? [];
  // What was given holds a session, so it is not repeated.
  if (name === undefined || token === undefined)
    throw new TypeError('unexpected cookie, expected name=value');
  return givenCredential({ token, carrier: { kind: 'cookie', name } });
}

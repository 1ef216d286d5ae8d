import type { Guard } from '@symbolon/guard';
import { AuthError, type AuthErrorCode } from '@symbolon/token';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import type { OwnSignIn } from '../linking/own-sign-in.ts';
import { siteOf } from '../pages/site.ts';
import { json, refuse } from './answers.ts';
import { authorizationInterface } from './authorization-interface.ts';
import { accountRoutes } from './account/routes.ts';
import { authorizeRoutes } from './authorize/routes.ts';
import { consoleRoutes } from './console/routes.ts';
import { openToPages } from './cors.ts';
import { dbscRoutes } from './dbsc/routes.ts';
import { forBrowsers } from './for-browsers.ts';
import { healthEndpoint, readyEndpoint } from './health.ts';
import { introspectEndpoint } from './introspect.ts';
import { keySetEndpoint } from './key-set.ts';
import { metadataEndpoint } from './metadata.ts';
import { methodsByPath } from './methods.ts';
import { faultPage, notFoundPage, refusalPage, wantsPage, wrongMethodPage } from './page-errors.ts';
import { createUnnamedNotice } from '../senders/unnamed-notice.ts';
import type { Office, PeopleOffice } from './office.ts';
import { seeOther } from './page-answer.ts';
import { refusalOf } from './refusal-code.ts';
import type { Route, Sender } from './route.ts';
import { feedInterface } from './revocations.ts';
import { revokeEndpoint } from './revoke.ts';
import { signInRoutes } from './sign-in/routes.ts';
import { sessionInterface } from './session-interface.ts';
import { tokenEndpoint } from './token.ts';

/** The issuer is its own first customer: a guard before each of its own interfaces. */
export interface OwnGuards {
  readonly sessions: Guard;
  readonly revocations: Guard;
  /** Only where an application signs people in itself. */
  readonly authorizations?: Guard;
}

/**
 * Every endpoint of the issuer, one row each; `base` is the path of its identifier, '' where it has none.
 *
 * RFC 8414 puts its well-known segment before that path, OpenID Connect puts its own behind.
 */
function routes(
  office: Office,
  {
    guards,
    ownSignIn,
    people,
    base,
  }: { guards: OwnGuards; ownSignIn: OwnSignIn; people: PeopleOffice | undefined; base: string },
): readonly Route[] {
  const sessions = sessionInterface(office, guards.sessions);
  const feed = feedInterface(office, guards.revocations);
  const { authorizations: guard } = guards;
  return [
    ['POST', `${base}/token`, (request) => tokenEndpoint(office, request)],
    ['POST', `${base}/revoke`, (request) => revokeEndpoint(office, request)],
    ['POST', `${base}/introspect`, (request) => introspectEndpoint(office, request)],
    ['GET', `${base}/jwks`, (request) => keySetEndpoint(office, request)],
    ['GET', `/.well-known/oauth-authorization-server${base}`, () => metadataEndpoint(office, people)],
    ['GET', `${base}/.well-known/openid-configuration`, () => metadataEndpoint(office, people)],
    ['POST', `${base}/sessions`, sessions.start],
    ['GET', `${base}/sessions`, sessions.list],
    ['DELETE', `${base}/sessions/:parameter`, sessions.end],
    ...(guard === undefined ? [] : authorizationInterface(office, { guard, ownSignIn, base })),
    ['GET', `${base}/revocations`, feed.current],
    ['GET', `${base}/revocations/keys`, feed.keys],
    ['GET', `${base}/revocations/pages/:parameter`, feed.page],
    ['POST', `${base}/revocations/acknowledgements`, feed.acknowledge],
    ['GET', `${base}/healthz`, healthEndpoint],
    ['GET', `${base}/readyz`, () => readyEndpoint(office)],
  ];
}

/** The endpoints for people, each room's in its own table. */
function peopleRoutes(office: PeopleOffice, base: string): readonly Route[] {
  return [
    // Whoever types the issuer's bare URL means the page for people.
    ['GET', base === '' ? '/' : base, () => Promise.resolve(seeOther(`${office.issuer}/account`))],
    ...signInRoutes(office, base),
    ...dbscRoutes(office, base),
    ...authorizeRoutes(office, base),
    ...accountRoutes(office, base),
    ...consoleRoutes(office, base),
  ];
}

/**
 * Makes the issuer's Fetch handler.
 *
 * `report` is told of faults, never of refusals, and never gets a credential: a path and an error.
 */
export function createApp(
  office: Office,
  options: {
    guards: OwnGuards;
    ownSignIn: OwnSignIn;
    people: PeopleOffice | undefined;
    report: (fault: { path: string; error: unknown }) => void;
    refused: (code: AuthErrorCode) => void;
  },
): (request: Request, sender?: Sender) => Promise<Response> {
  const app = new Hono<{ Bindings: Sender }>();
  // Pages need `same-origin`: under `no-referrer` a browser blanks the Origin of their own forms.
  app.use(secureHeaders({ xFrameOptions: 'DENY', referrerPolicy: 'same-origin' }));
  const base = new URL(office.issuer).pathname.replace(/\/$/, '');
  const site = siteOf(office.issuer);
  const { people } = options;
  const showsPage = (request: Request): boolean => people !== undefined && wantsPage(request);
  const tell = async (request: Request, error: unknown): Promise<Response> => {
    const paged = showsPage(request);
    if (error instanceof AuthError && !paged) options.refused(error.code);
    try {
      return paged ? await refusalPage(site, error) : refuse(error);
    } catch {
      options.report({ path: new URL(request.url).pathname, error });
      return paged ? faultPage(site) : json({ error: 'server_error' }, { status: 500 });
    }
  };
  const ofPeople =
    people === undefined
      ? []
      : peopleRoutes(people, base).map((route) =>
          forBrowsers(route, { browsers: people.browsers, refuse: tell }),
        );
  const all = [...routes(office, { ...options, base }), ...ofPeople];
  for (const [method, path, endpoint] of all) {
    app.on(method, path, async (context) => {
      const { raw } = context.req;
      const answer = await endpoint(raw, context.req.param('parameter') ?? '', context.env);
      // The answer to a HEAD loses its body on the way, and a stream that nobody reads would go on.
      if (raw.method === 'HEAD') await answer.body?.cancel();
      return answer;
    });
  }
  for (const [path, allow] of methodsByPath(all)) {
    app.all(path, async (context) => {
      const answer = showsPage(context.req.raw)
        ? await wrongMethodPage(site)
        : json({ error: 'method_not_allowed' }, { status: 405 });
      answer.headers.set('allow', allow);
      return answer;
    });
  }
  app.notFound((context) =>
    showsPage(context.req.raw) ? notFoundPage(site) : json({ error: 'not_found' }, { status: 404 }),
  );
  app.onError((error, context) => tell(context.req.raw, error));
  const notice = createUnnamedNotice({ clock: office.clock, report: options.report });
  return openToPages(base, async (request, sender = {}) => {
    // Browsers come through the proxy; what looks after this server need not.
    if (showsPage(request)) notice(sender.address, new URL(request.url).pathname);
    const answer = await app.fetch(request, sender);
    const code = refusalOf(answer);
    if (code !== undefined) options.refused(code);
    return answer;
  });
}

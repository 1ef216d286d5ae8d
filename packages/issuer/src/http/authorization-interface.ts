import { AuthError } from '@symbolon/token';
import type { Guard, Session } from '@symbolon/guard';
import { z } from 'zod';
import { refusable, type DescribedRequest, type OwnSignIn } from '../linking/own-sign-in.ts';
import { scopeWords } from '../pages/authorize/scope-words.ts';
import { json } from './answers.ts';
import { demandRight } from './demand-right.ts';
import type { Office } from './office.ts';
import { malformed, readJson } from './requests.ts';
import type { Route } from './route.ts';

/** The right of the machine client that signs people in for this issuer. */
const authorizationRight = 'authorizations';

const describeBody = z.strictObject({ request: z.string() });
const completeBody = z.strictObject({
  request: z.string(),
  subject: z.string(),
  amr: z.array(z.string()).optional(),
  auth_time: z.number(),
});
const refuseBody = z.strictObject({ request: z.string(), reason: z.enum(refusable) });

/**
 * What `issuer.authorizations` does, over HTTP: for an application that signs people in itself and runs in another
 * process. Its audience is `<issuer>/authorizations`, and handles and codes stand in bodies alone.
 */
export function authorizationInterface(
  office: Office,
  { guard, ownSignIn, base }: { guard: Guard; ownSignIn: OwnSignIn; base: string },
): readonly Route[] {
  const post = <T>(name: string, shape: z.ZodType<T>, act: (body: T) => Promise<unknown>): Route => {
    const answer = guard.protect(async (request: Request, session: Session) => {
      await demandRight(office, session, authorizationRight);
      const done = await act(await readAs(shape, request));
      if (done === undefined) throw new AuthError('request_uri_unknown');
      return json(done);
    });
    return ['POST', `${base}/authorizations/${name}`, answer];
  };
  return [
    post('describe', describeBody, async ({ request }) => {
      const asked = await ownSignIn.describe(request);
      return asked && describe(office, asked);
    }),
    post('complete', completeBody, async ({ request, auth_time: authTime, ...person }) => {
      const { amr = [], subject } = person;
      const to = await ownSignIn.complete(request, { subject, amr, authTime }).catch(asRefusal);
      return to && { location: to };
    }),
    post('refuse', refuseBody, async ({ request, reason }) => {
      const to = await ownSignIn.refuse(request, reason);
      return to && { location: to };
    }),
  ];
}

async function readAs<T>(shape: z.ZodType<T>, request: Request): Promise<T> {
  const parsed = shape.safeParse(await readJson(request));
  if (!parsed.success) throw malformed(String(parsed.error.issues[0]?.path[0] ?? 'body'));
  return parsed.data;
}

/** What the person is shown and the sign-in is held to; not what only the way back to the application needs. */
function describe(office: Office, asked: DescribedRequest): Record<string, unknown> {
  const { audience, scope } = asked;
  return {
    client_id: asked.clientId,
    client_name: asked.clientName,
    redirect_uri: asked.redirectUri,
    ...{ audience, scope },
    words: scope
      .split(' ')
      .filter((value) => value !== '')
      .map((value) => ({ scope: value, words: scopeWords(office.audiences, { audience, scope: value }) })),
    prompt: asked.prompt,
    max_age: asked.maxAge,
    acr_values: asked.acrValues,
    login_hint: asked.loginHint,
    earliest_auth_time: asked.earliestAuthTime,
  };
}

/** What in process is a wrong call is over HTTP a malformed request. */
function asRefusal(error: unknown): never {
  if (error instanceof TypeError) throw malformed('body');
  throw error;
}

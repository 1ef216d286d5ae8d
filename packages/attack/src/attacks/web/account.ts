import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Credential } from '../../credentials/credential.ts';
import { replyHeader, type Exchange, type Reply } from '../../http/exchange.ts';
import { openJws, reshape, segment, type Reshape } from '../../forge.ts';
import type { Lab, Present } from '../../run/lab.ts';
import { accepted, Missing, refused, type Judgement } from '../../run/verdict.ts';
import { accountPage } from './caching.ts';

type Try = (lab: Lab, visitor: Credential) => Promise<{ readonly token: string; readonly how?: Present }>;

/** Credentials that open no account. Pages often stand behind another check than the API. */
const wrong: Readonly<Record<string, Try>> = {
  'without-credential': () => Promise.resolve({ token: '', how: { authorization: [], proof: [] } }),
  'with-unsigned-token': (_lab, visitor) => reshaped(visitor, { header: { alg: 'none' }, signature: '' }),
  'with-cut-signature': (_lab, { token }) => Promise.resolve({ token: token.slice(0, -8) }),
  'with-token-of-ours': (lab, visitor) =>
    reshaped(visitor, { header: {}, signature: (input) => lab.sign(input, 'EdDSA') }),
  'with-changed-claims': (_lab, visitor) =>
    reshaped(visitor, { payload: { sub: 'admin' }, signature: segment(Buffer.alloc(64)) }),
  'with-token-for-elsewhere': async (lab) => {
    const credential = await lab.elsewhere();
    return { token: credential.token, how: { credential } };
  },
  'with-token-for-the-api': (lab) => {
    if (!lab.isVisitorApart) throw new Missing('account', 'the page takes the token of the API');
    return Promise.resolve({ token: lab.a.token, how: { credential: lab.a } });
  },
  'with-token-for-the-api-as-cookie': (lab, { carrier }) => {
    if (!lab.isVisitorApart || carrier.kind !== 'cookie')
      throw new Missing('account', 'the page takes the token of the API, or no cookie');
    return Promise.resolve({ token: lab.a.token });
  },
  'without-proof': (_lab, { token, carrier }) => {
    if (carrier.kind !== 'dpop') throw new Missing('dpop', 'the page takes a credential without a proof');
    return Promise.resolve({ token, how: { proof: [] } });
  },
};
const needs: Readonly<Record<string, Row['needs']>> = { 'with-token-for-elsewhere': ['elsewhere'] };

/** The account page: who sees it, and what else a browser can be made to do with it. */
export const accountPages: readonly Attack[] = attacks(
  {
    family: 'web',
    needs: ['account'],
    maps: {
      asvs401: ['4.1.1', '4.2.1'],
      asvs403: ['4.1.1', '4.2.1'],
      asvs50: ['8.3.1'],
      cwe: ['CWE-306', 'CWE-287'],
    },
    why: 'Who opens the account page sees the account, and mostly can change it.',
    fix: 'Put pages behind the same check as everything else.',
  },
  [
    ...Object.entries(wrong).map(([name, attempt]): Row => ({
      name: `account-${name}`,
      title: `does the account page open ${name.replaceAll('-', ' ')}?`,
      needs: needs[name] ?? [],
      run: (lab) => opens(lab, attempt),
    })),
    {
      name: 'account-framed',
      title: 'can another site show the account page in a frame?',
      maps: { asvs401: ['14.4.7'], asvs403: ['14.4.7'], asvs50: ['3.4.6'], cwe: ['CWE-1021'] },
      why: 'A visitor clicks on what another site has laid over the page.',
      fix: "Content-Security-Policy: frame-ancestors 'none'.",
      run: (lab) =>
        shown(lab, (reply) => {
          if (!isHtml(reply)) throw new Missing('account', 'the account page is no HTML');
          const policy = replyHeader(reply, 'content-security-policy') ?? '';
          const isBarred =
            /frame-ancestors/i.test(policy) || replyHeader(reply, 'x-frame-options') !== undefined;
          return isBarred ? undefined : 'nothing bars frames of other sites';
        }),
    },
    {
      name: 'account-as-script',
      title: 'can another site read the account page as a script?',
      maps: { asvs50: ['3.5.8'], cwe: ['CWE-346'] },
      why: 'A script element of another site runs the answer, with the visitor\u2019s cookie, and reads what is in it.',
      fix: 'No JSONP; a content type that is no script, and nosniff.',
      run: async (lab) => {
        const url = `${lab.account()}${lab.account().includes('?') ? '&' : '?'}callback=evil&jsonp=evil&cb=evil`;
        const credential = await lab.visitor();
        const exchange = await lab.present(credential.token, { credential, method: 'GET', url });
        const { reply } = exchange;
        const isCall =
          reply.kind === 'answer' &&
          reply.status < 300 &&
          /^\s*(?:\/\*\*\/)?\s*(?:typeof evil|evil\()/.test(reply.body);
        return isCall
          ? accepted('the answer calls a function of ours', exchange)
          : refused('the answer calls nothing', exchange);
      },
    },
    {
      name: 'account-shows-token',
      title: 'does the account page hold the token itself?',
      maps: {
        asvs401: ['8.3.1'],
        asvs403: ['8.3.1'],
        asvs50: ['3.3.4', '14.3.3'],
        cwe: ['CWE-522', 'CWE-200'],
      },
      why: 'A script that is smuggled into the page takes the session with it, whatever HttpOnly says.',
      fix: 'Keep the token out of pages.',
      run: async (lab) => {
        const { token } = await lab.visitor();
        return shown(lab, (reply) =>
          reply.kind === 'answer' && reply.body.includes(token) ? 'the page holds the token' : undefined,
        );
      },
    },
    {
      name: 'account-end-by-stranger',
      title: 'can somebody else who is signed in end what belongs to this account?',
      needs: ['stranger', 'end', 'fresh'],
      maps: { asvs401: ['4.2.1'], asvs403: ['4.2.1'], asvs50: ['8.2.2'], cwe: ['CWE-639', 'CWE-862'] },
      why: 'Anybody with an account signs others out, by ids that stand in URLs.',
      fix: 'End a session only if it belongs to the person who asks.',
      run: endedByStranger,
    },
    {
      name: 'account-sniffed',
      title: 'may a browser guess what the account page is?',
      maps: { asvs401: ['14.4.4'], asvs403: ['14.4.4'], asvs50: ['3.4.4'], cwe: ['CWE-116'] },
      why: 'What a visitor has written there is run as a script.',
      fix: 'X-Content-Type-Options: nosniff, and a content type.',
      run: (lab) =>
        shown(lab, (reply) =>
          replyHeader(reply, 'x-content-type-options') === 'nosniff' ||
          replyHeader(reply, 'content-type') !== undefined
            ? undefined
            : 'neither a content type nor nosniff',
        ),
    },
  ],
);

async function opens(lab: Lab, attempt: Try): Promise<Judgement> {
  const honest = await accountPage(lab);
  const credential = await lab.visitor();
  const { token, how } = await attempt(lab, credential);
  const exchange = await lab.present(token, { credential, ...how, method: 'GET', url: lab.account() });
  const { reply } = exchange;
  const isOpen = reply.kind === 'answer' && reply.status < 300 && !isSignIn(reply, honest);
  return isOpen
    ? accepted('the account page opens', exchange)
    : refused('the account page does not open', exchange);
}

/** Many pages answer 200 to everybody, with a form to sign in. */
function isSignIn(reply: Reply, { reply: honest }: Exchange): boolean {
  if (reply.kind !== 'answer' || honest.kind !== 'answer') return false;
  return (
    reply.body !== honest.body &&
    (reply.body.length < honest.body.length / 2 || /sign.?in|log.?in/i.test(reply.body))
  );
}

async function shown(lab: Lab, flawOf: (reply: Reply) => string | undefined): Promise<Judgement> {
  const exchange = await accountPage(lab);
  const flaw = flawOf(exchange.reply);
  return flaw === undefined ? refused('the page is as it should be', exchange) : accepted(flaw, exchange);
}

function reshaped({ token }: Credential, change: Reshape): ReturnType<Try> {
  const jws = openJws(token);
  if (jws === undefined) throw new Missing('jws', 'what opens the page is no compact JWS');
  return Promise.resolve({ token: reshape(jws, change) });
}

/** What the owner of an account page may end there, somebody else who is signed in may not. */
async function endedByStranger(lab: Lab): Promise<Judgement> {
  const [credential, stranger] = [await lab.fresh(), await lab.stranger()];
  const { carrier } = stranger;
  if (carrier.kind !== 'cookie') throw new Missing('stranger', 'the stranger has no cookie');
  const request = await lab.endRequest(credential);
  const kept = request.headers.filter(([name]) => !/^(?:authorization|cookie|dpop)$/i.test(name));
  const cookie = ['Cookie', `${carrier.name}=${stranger.token}`] as const;
  const end = await lab.send({ ...request, headers: [...kept, cookie] });
  await lab.wait(lab.patience.end);
  const after = await lab.present(credential.token, { credential });
  return lab.isAccepted(after)
    ? refused('the session lives on', end, after)
    : accepted('the session was ended by somebody else', end, after);
}

function isHtml(reply: Reply): boolean {
  return /\bhtml\b/i.test(replyHeader(reply, 'content-type') ?? '');
}

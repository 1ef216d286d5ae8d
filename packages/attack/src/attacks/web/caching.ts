import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { replyHeader, type Exchange, type Reply } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, inconclusive, Missing, refused, type Judgement } from '../../run/verdict.ts';

/** Paths that look like files to a cache, and like the page to a careless router. */
const disguises: Readonly<Record<string, (path: string) => string>> = {
  'file-below': (path) => `${path}/x.css`,
  'file-after-semicolon': (path) => `${path};x.css`,
  'file-after-encoded-slash': (path) => `${path}%2fx.css`,
  'file-after-encoded-nul': (path) => `${path}%00x.css`,
  'file-after-line-break': (path) => `${path}%0ax.css`,
  'file-after-encoded-hash': (path) => `${path}%23x.css`,
  extension: (path) => `${path}.css`,
  'static-folder': (path) => `/static/..%2f${path.slice(1)}`,
};

/** What caches between here and there may keep. */
export const caching: readonly Attack[] = attacks(
  {
    family: 'web',
    needs: [],
    maps: {
      asvs401: ['8.1.1', '8.2.1'],
      asvs403: ['8.1.1', '8.2.1'],
      asvs50: ['14.2.2', '14.3.2'],
      cwe: ['CWE-524', 'CWE-525'],
    },
    why: 'The answer for one user is kept, and given to the next.',
    fix: 'Cache-Control: no-store on everything that depends on a credential.',
  },
  [
    {
      name: 'cache-answer',
      title: 'may a shared cache keep the honest answer?',
      run: async (lab) => kept(await lab.control(), lab),
    },
    {
      name: 'cache-refusal',
      title: 'may a shared cache keep a refusal?',
      why: 'Whoever sends one bad request has everybody refused.',
      run: async (lab) => {
        const exchange = await lab.send({ url: lab.url, method: lab.method, headers: [] });
        return isPublic(exchange.reply)
          ? accepted(`Cache-Control: ${controlOf(exchange.reply)}`, exchange)
          : refused('no cache may keep the refusal', exchange);
      },
    },
    {
      name: 'cache-account',
      title: 'may any cache keep the account page?',
      needs: ['account'],
      run: async (lab) => {
        const exchange = await accountPage(lab);
        return /\bno-store\b/i.test(controlOf(exchange.reply))
          ? refused('no cache may keep it', exchange)
          : accepted(`Cache-Control is "${controlOf(exchange.reply)}": the browser keeps it`, exchange);
      },
    },
    ...Object.entries(disguises).map(([name, disguise]): Row => ({
      name: `cache-deceived-by-${name}`,
      title: `is the answer given, to be kept, where a cache sees a file? (${name.replaceAll('-', ' ')})`,
      needs: ['cookie'],
      why: 'A visitor follows a link to such a path; the cache keeps the answer as a file, and anybody reads it there.',
      fix: 'Answer the exact path alone, and say no-store.',
      run: (lab) => deceived(lab, disguise),
    })),
  ],
);

/** The account page, as its owner sees it. */
export async function accountPage(lab: Lab): Promise<Exchange> {
  const credential = await lab.visitor();
  const exchange = await lab.present(credential.token, { credential, method: 'GET', url: lab.account() });
  const { reply } = exchange;
  if (reply.kind === 'answer' && reply.status < 300) return exchange;
  throw new Missing('account', 'the account page does not open with the honest credential');
}

/** RFC 9111 section 3.5: what was asked for with Authorization is kept only if the answer says so. */
function kept(exchange: Exchange, lab: Lab): Judgement {
  const { reply } = exchange;
  if (!lab.isAccepted(exchange)) return inconclusive('the honest request was not accepted', exchange);
  const varies = (replyHeader(reply, 'vary') ?? '').toLowerCase();
  const isKept =
    isPublic(reply) || (lab.a.carrier.kind === 'cookie' && maxAge(reply) > 0 && !isPrivate(reply));
  return isKept && !/\*|cookie|authorization/.test(varies)
    ? accepted(`Cache-Control: ${controlOf(reply)}`, exchange)
    : refused('no shared cache may keep it', exchange);
}

async function deceived(lab: Lab, disguise: (path: string) => string): Promise<Judgement> {
  const { pathname } = new URL(lab.url);
  const exchange = await lab.present(lab.a.token, { path: disguise(pathname) });
  if (!lab.isAccepted(exchange)) return refused('the path is not answered', exchange);
  return isPrivate(exchange.reply)
    ? refused('the path is answered, and no cache may keep it', exchange)
    : accepted('the path is answered, and nothing keeps a cache from keeping it', exchange);
}

function controlOf(reply: Reply): string {
  return replyHeader(reply, 'cache-control') ?? '';
}

function isPublic(reply: Reply): boolean {
  return /\bpublic\b|\bs-maxage=[1-9]/i.test(controlOf(reply)) && !isPrivate(reply);
}

function isPrivate(reply: Reply): boolean {
  return /\b(?:no-store|private|no-cache)\b/i.test(controlOf(reply));
}

function maxAge(reply: Reply): number {
  return Number(/max-age=(\d+)/i.exec(controlOf(reply))?.[1] ?? 0);
}

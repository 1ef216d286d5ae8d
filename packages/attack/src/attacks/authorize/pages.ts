import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { replyHeader, type Exchange } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, Missing, refused } from '../../run/verdict.ts';
import { compressed, compressionTexts } from '../web/compression.ts';
import { authorizeFamily } from './requests.ts';
import { refusedIfHonestPasses, visit } from './visit.ts';

const origin = 'https://evil.example';

/** What the pages of an authorization endpoint let other sites do. */
export const authorizationPages: readonly Attack[] = attacks(
  {
    ...authorizeFamily,
    maps: { asvs50: ['3.4.6', '3.4.2'], rfc9700: ['2.6', '4.16', '4.12'], cwe: ['CWE-1021', 'CWE-942'] },
    why: 'A visitor clicks "allow" on what another site has laid over the page, or scripts of that site read the code.',
    fix: "Content-Security-Policy: frame-ancestors 'none'; no CORS at all; redirects by 303; no-store.",
  },
  [
    {
      name: 'page-framed',
      title: 'can another site show the pages of the authorization endpoint in a frame?',
      run: async (lab) => {
        const page = await pageOf(lab);
        const policy = replyHeader(page.reply, 'content-security-policy') ?? '';
        const isBarred =
          /frame-ancestors/i.test(policy) || replyHeader(page.reply, 'x-frame-options') !== undefined;
        return isBarred
          ? refused('frames are barred', page)
          : accepted('nothing bars frames of other sites', page);
      },
    },
    {
      name: 'page-cached',
      title: 'may a cache keep the pages of the authorization endpoint?',
      maps: { asvs50: ['14.3.2'], cwe: ['CWE-525'] },
      run: async (lab) => {
        const page = await pageOf(lab);
        const control = replyHeader(page.reply, 'cache-control') ?? '';
        return /no-store/i.test(control)
          ? refused('no cache may keep it', page)
          : accepted(`Cache-Control is "${control}"`, page);
      },
    },
    {
      name: 'read-by-any-origin',
      title: 'may pages of other origins ask the authorization endpoint? (RFC 9700 section 2.6)',
      run: async (lab) => {
        const arrival = await visit(lab, { headers: [['Origin', origin]] });
        const open = arrival.exchanges.find(
          ({ reply }) => replyHeader(reply, 'access-control-allow-origin') !== undefined,
        );
        return open === undefined
          ? refusedIfHonestPasses(lab, arrival)
          : accepted('Access-Control-Allow-Origin stands in the answer', open);
      },
    },
    {
      name: 'redirect-with-body',
      title: 'is a redirect one by which the browser sends its form again? (307, 308)',
      maps: { asvs50: ['10.4.1'], rfc9700: ['4.12'], cwe: ['CWE-601'] },
      why: 'The application gets what the visitor typed for the issuer.',
      run: async (lab) => {
        const arrival = await visit(lab);
        const again = arrival.exchanges.find(
          ({ reply }) => reply.kind === 'answer' && [307, 308].includes(reply.status),
        );
        return again === undefined
          ? refusedIfHonestPasses(lab, arrival)
          : accepted('the browser would send its form again', again);
      },
    },
    ...Object.entries({ state: 'state', client: 'client_id', redirect: 'redirect_uri', scope: 'scope' }).map(
      ([name, member]): Row => ({
        name: `markup-in-${name}`,
        title: `does markup in ${member} come back as markup?`,
        maps: { asvs50: ['1.2.1'], asvs401: ['5.3.3'], asvs403: ['5.3.3'], cwe: ['CWE-79'] },
        why: 'A script at the origin of the issuer signs in, allows and reads as the visitor.',
        fix: 'Escape what is shown, and let the Content-Security-Policy run no script of a page.',
        run: async (lab) => {
          const mark = `<script>${lab.random.bytes(6).toString('hex')}</script>`;
          const arrival = await visit(lab, { form: { [member]: `"'>${mark}` } });
          const shown = arrival.exchanges.find(
            ({ reply }) => reply.kind === 'answer' && reply.body.includes(mark),
          );
          return shown === undefined
            ? refusedIfHonestPasses(lab, arrival)
            : accepted('it comes back as it was sent', shown);
        },
      }),
    ),
    {
      name: 'page-compressed',
      title: 'is the consent page compressed, with what guards its form in it and something of the request?',
      needs: ['signedIn'],
      ...compressionTexts,
      run: (lab) =>
        compressed(lab, async (bait, headers) => {
          const form = { prompt: 'consent', state: bait, login_hint: bait, ui_locales: bait };
          const arrival = await visit(lab, { form, headers, keep: 65_536 });
          const last = arrival.exchanges.at(-1);
          if (last === undefined || arrival.kind !== 'page')
            throw new Missing('signedIn', 'no page was shown');
          return last;
        }),
    },
    {
      name: 'header-in-state',
      title: 'does a line break in state make a header of its own?',
      maps: { asvs50: ['1.3.11'], cwe: ['CWE-113'] },
      why: 'A link to the issuer plants cookies, or another page.',
      fix: 'Encode what is put into Location.',
      run: async (lab) => {
        const arrival = await visit(lab, { form: { state: 'a\r\nX-Evil: 1\r\n' } });
        const split = arrival.exchanges.find(({ reply }) => replyHeader(reply, 'x-evil') !== undefined);
        return split === undefined
          ? refusedIfHonestPasses(lab, arrival)
          : accepted('the header stands in the answer', split);
      },
    },
  ],
);

/** A page for a person: where nobody is signed in it is the sign-in, or else what an error is told on. */
async function pageOf(lab: Lab): Promise<Exchange> {
  for (const change of [{}, { isStranger: true }, { form: { client_id: 'nobody' } }] as const) {
    const last = (await visit(lab, change)).exchanges.at(-1);
    const type = last === undefined ? '' : (replyHeader(last.reply, 'content-type') ?? '');
    if (last !== undefined && /\bhtml\b/i.test(type)) return last;
  }
  throw new Missing('application', 'no page was shown');
}

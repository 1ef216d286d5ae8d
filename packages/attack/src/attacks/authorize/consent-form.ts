import { formsOf, type HtmlButton, type HtmlForm } from '../../http/html-form.ts';
import type { HeaderList } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import { encoded, type Pair } from '../../credentials/token-request.ts';
import { Missing } from '../../run/verdict.ts';
import { travel, type Arrival } from './travel.ts';
import { authorizePairs, seenOf, visit } from './visit.ts';

/** A page on which a person is asked, in a browser. */
export interface ConsentPage {
  readonly action: string;
  /** What is sent by whoever says yes. */
  readonly pairs: readonly Pair[];
  /** The `Cookie` header of the browser that shows it. */
  readonly cookie: string | undefined;
}

/** How a form is posted, where that differs from what the page itself would do. */
export interface Posting {
  readonly pairs?: readonly Pair[];
  /** What a browser says of where the form is posted from. */
  readonly from?: HeaderList;
  readonly cookie?: string | undefined;
  readonly method?: 'GET';
}

const longestPage = 65_536;
const yes = /\b(?:allow|accept|approve|authori[sz]e|consent|grant|yes|agree|confirm|continue)\b/i;
const no = /\b(?:refuse|deny|decline|cancel|reject|no|abort|disallow|back|log ?out|sign ?out)\b/i;

/** Opens the page that asks for consent: in the browser that is signed in, or with another cookie. */
export async function openConsent(lab: Lab, cookie?: string): Promise<ConsentPage> {
  const arrival = await visit(lab, {
    ...{ form: { prompt: 'consent' }, keep: longestPage },
    ...(cookie === undefined ? {} : { cookie }),
  });
  const last = arrival.exchanges.at(-1);
  if (arrival.kind !== 'page' || last?.reply.kind !== 'answer')
    throw new Missing('signedIn', `no page asks for consent: the browser was ${seenOf(arrival)}`);
  const form = formsOf(last.reply.body, last.request.url).find(asks);
  const button = form?.buttons.find(saysYes) ?? form?.buttons[0];
  if (form === undefined || button === undefined)
    throw new Missing('signedIn', 'the page that the honest request comes to has no form to say yes by');
  const pressed: readonly Pair[] = button.name === '' ? [] : [[button.name, button.value]];
  return { action: form.action, pairs: [...form.fields, ...pressed], cookie: arrival.cookie };
}

/** Posts the form as its page would, but for the changes. */
export function post(lab: Lab, page: ConsentPage, how: Posting = {}): Promise<Arrival> {
  const { action, cookie } = { ...page, ...how };
  const { pairs = page.pairs, method = 'POST', from = ownPage(action) } = how;
  if (method === 'GET')
    return travel(lab, {
      url: `${action.replace(/\?.*$/s, '')}?${encoded(pairs)}`,
      method,
      headers: from,
      cookie,
    });
  const headers: HeaderList = [['Content-Type', 'application/x-www-form-urlencoded'], ...from];
  return travel(lab, { url: action, method, headers, body: encoded(pairs), cookie });
}

/** Sees to it that the form is understood: posted honestly, it brings a code. */
export async function demandConsent(lab: Lab): Promise<ConsentPage> {
  const page = await openConsent(lab);
  const arrival = await post(lab, page);
  if (arrival.kind === 'delivered') return page;
  throw new Missing('signedIn', `the honest form, as it was understood, brought no code: ${seenOf(arrival)}`);
}

/** What another site can know of a form: words, and what stands in the request that it may make itself. */
export function knownPairs(lab: Lab, { pairs }: ConsentPage): readonly Pair[] {
  const asked = new Set(authorizePairs(lab).flatMap(([, value]) => [value, ...value.split(' ')]));
  return pairs.filter(([, value]) => asked.has(value) || /^(?:[a-z_]{0,12}|\d{1,3})$/i.test(value));
}

function asks({ method, buttons }: HtmlForm): boolean {
  return method === 'POST' && (buttons.some(saysYes) || (buttons.length === 1 && !buttons.some(saysNo)));
}

function saysYes(button: HtmlButton): boolean {
  return yes.test(`${button.value} ${button.text}`) && !saysNo(button);
}

function saysNo({ value, text }: HtmlButton): boolean {
  return no.test(`${value} ${text}`);
}

function ownPage(action: string): HeaderList {
  return [
    ['Origin', new URL(action).origin],
    ['Sec-Fetch-Site', 'same-origin'],
    ['Sec-Fetch-Mode', 'navigate'],
    ['Sec-Fetch-Dest', 'document'],
  ];
}

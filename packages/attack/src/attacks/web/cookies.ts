import { attacks, type Attack, type Family, type Row } from '../../attack-row.ts';
import type { Exchange, HeaderList } from '../../http/exchange.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted, inconclusive, Missing, refused, type Judgement } from '../../run/verdict.ts';

type Spelling = (name: string, token: string) => string;

/** Cookies that no browser makes of the honest one: what a neighbour can plant in spite of a prefix. */
const spellings: Readonly<Record<string, Spelling>> = {
  'name-in-lower-case': (name, token) => `${swapped(name)}=${token}`,
  'name-with-space-after': (name, token) => `${name} =${token}`,
  'name-after-em-space': (name, token) => `\u00e2\u0080\u0083${name}=${token}`,
  'name-after-no-break-space': (name, token) => `\u00a0${name}=${token}`,
  'name-after-tab': (name, token) => `x=1;\t\t${name}\t=${token}`,
  'name-escaped': (name, token) => `%${name.charCodeAt(0).toString(16)}${name.slice(1)}=${token}`,
  'name-without-prefix': (name, token) => `${name.replace(/^__(?:Host|Secure)-/i, '')}=${token}`,
  'name-with-brackets': (name, token) => `${name}[]=${token}`,
  'name-of-nothing': (name, token) => `==${name}=${token}`,
  'after-comma': (name, token) => `x=1,${name}=${token}`,
  'after-version': (name, token) => `$Version=1,${name}=${token}`,
  'inside-quotes': (name, token) => `x="1; ${name}=${token}"`,
  'after-garbage-of-same-name': (name, token) => `${name}=garbage; ${name}=${token}`,
  'before-garbage-of-same-name': (name, token) => `${name}=${token}; ${name}=garbage`,
  'after-empty-of-same-name': (name, token) => `${name}=; ${name}=${token}`,
  'before-other-case': (name, token) => `${name}=${token}; ${swapped(name)}=garbage; ${name}=garbage`,
};

const family: Family = {
  family: 'web',
  needs: ['cookie'],
  maps: { asvs401: ['3.4.4'], asvs403: ['3.4.4'], asvs50: ['3.3.1'], cwe: ['CWE-565', 'CWE-384'] },
  why: 'A neighbour under the same domain plants a cookie that the server takes for its own, and the visitor works in the session of an attacker.',
  fix: 'Name the cookie with __Host-, compare its name byte for byte, and refuse a request that brings it twice.',
};

/** Cookies in other spellings, and more than one of them. */
export const cookieSpellings: readonly Attack[] = attacks(
  family,
  Object.entries(spellings).map(([name, spell]): Row => ({
    name: `cookie-${name}`,
    title: `the honest cookie, spelt so: ${name.replaceAll('-', ' ')}`,
    run: (lab) => {
      const cookie = spell(nameOf(lab), lab.a.token);
      if (cookie === `${nameOf(lab)}=${lab.a.token}`) throw new Missing('cookie', 'that is how it is spelt');
      return withCookie(lab, cookie);
    },
  })),
);

const attributes: Readonly<Record<string, { isSound: (line: string) => boolean; onlyTls?: true }>> = {
  'http-only': { isSound: (line) => /;\s*httponly/i.test(line) },
  'same-site': { isSound: (line) => /;\s*samesite=(?:lax|strict)/i.test(line) },
  'without-domain': { isSound: (line) => !/;\s*domain=/i.test(line) },
  secure: { isSound: (line) => /;\s*secure/i.test(line), onlyTls: true },
  prefix: { isSound: (line) => /^__(?:Host|Secure)-/.test(line), onlyTls: true },
};

/** What the target says of the cookie when it sets it. */
export const cookieAttributes: readonly Attack[] = attacks(
  {
    ...family,
    maps: {
      asvs401: ['3.4.1', '3.4.2', '3.4.3'],
      asvs403: ['3.4.1', '3.4.2', '3.4.3'],
      asvs50: ['3.3.1', '3.3.2', '3.3.4'],
      cwe: ['CWE-614', 'CWE-1004', 'CWE-1275'],
    },
    why: 'Scripts read it, other sites send it, or neighbours see it: whoever has the cookie has the session.',
    fix: 'Set-Cookie: __Host-…; Path=/; Secure; HttpOnly; SameSite=Lax, and no Domain.',
  },
  [
    ...Object.entries(attributes).map(([name, { isSound, onlyTls }]): Row => ({
      name: `set-cookie-${name}`,
      title: `is the cookie set as it should be: ${name.replaceAll('-', ' ')}?`,
      run: async (lab) => {
        if (onlyTls === true && !lab.url.startsWith('https:'))
          throw new Missing('cookie', 'there is no TLS here');
        const { exchange, line } = await whereSet(lab);
        const shown = line.replace(/=[^;]*/, '=…');
        return isSound(line) ? refused(shown, exchange) : accepted(shown, exchange);
      },
    })),
    {
      name: 'cookie-adopted',
      title: 'does the server set the cookie to a value that a visitor brings?',
      maps: { asvs401: ['3.2.1'], asvs403: ['3.2.1'], asvs50: ['7.2.4'], cwe: ['CWE-384'] },
      why: 'An attacker chooses the session in which a visitor will sign in, and shares it.',
      fix: 'Make every session identifier here, anew at each sign-in.',
      run: adopted,
    },
  ],
);

async function whereSet(lab: Lab): Promise<{ exchange: Exchange; line: string }> {
  const bare = await lab.send({ url: lab.url, method: lab.method, headers: [] });
  const pages = lab.has('account') ? [await lab.present(lab.a.token, { url: lab.account() })] : [];
  for (const exchange of [await lab.control(), ...pages, bare]) {
    const line = setCookies(exchange).find((each) => each.startsWith(`${nameOf(lab)}=`));
    if (line !== undefined) return { exchange, line };
  }
  throw new Missing('cookie', 'no answer that was seen sets the cookie');
}

async function adopted(lab: Lab): Promise<Judgement> {
  const value = `chosen${lab.random.bytes(12).toString('hex')}`;
  const exchange = await withCookie(lab, `${nameOf(lab)}=${value}`);
  if (exchange.reply.kind !== 'answer') return inconclusive('there was no answer to look at', exchange);
  return setCookies(exchange).some((line) => line.startsWith(`${nameOf(lab)}=${value}`))
    ? accepted('the server sets the value that was brought', exchange)
    : refused('the server does not set the value that was brought', exchange);
}

function setCookies({ reply }: Exchange): readonly string[] {
  const headers: HeaderList = reply.kind === 'answer' ? reply.headers : [];
  return headers.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value);
}

function withCookie(lab: Lab, cookie: string): Promise<Exchange> {
  return lab.present('', { authorization: [], headers: [['Cookie', cookie]] });
}

function nameOf({ a: { carrier } }: Lab): string {
  return carrier.kind === 'cookie' ? carrier.name : '';
}

function swapped(name: string): string {
  return name === name.toLowerCase() ? name.toUpperCase() : name.toLowerCase();
}

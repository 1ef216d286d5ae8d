import { createHash } from 'node:crypto';
import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Changes } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';
import { proofFamily } from './maps.ts';

type Claims = (lab: Lab) => Changes;

const claims: Readonly<Record<string, Claims>> = {
  'method-other': ({ method }) => ({ htm: method === 'POST' ? 'GET' : 'POST' }),
  'method-lower-case': ({ method }) => ({ htm: method.toLowerCase() }),
  'method-missing': () => ({ htm: undefined }),
  'method-empty': () => ({ htm: '' }),
  'method-wildcard': () => ({ htm: '*' }),
  'method-list': ({ method }) => ({ htm: [method] }),
  'method-null': () => ({ htm: null }),
  'method-number': () => ({ htm: 0 }),
  'method-with-space': ({ method }) => ({ htm: `${method} ` }),
  'method-longer': ({ method }) => ({ htm: `${method}S` }),
  'url-other-host': ({ url }) => ({ htu: withUrl(url, (each) => (each.host = 'other.example')) }),
  'url-other-port': ({ url }) => ({ htu: withUrl(url, (each) => (each.port = '1')) }),
  'url-other-path': ({ url }) => ({ htu: withUrl(url, (each) => (each.pathname = '/somewhere-else')) }),
  'url-longer-path': ({ url }) => ({ htu: withUrl(url, (each) => (each.pathname += '/more')) }),
  'url-shorter-path': ({ url }) => ({ htu: `${new URL(url).origin}/` }),
  'url-upper-case-path': ({ url }) => ({
    htu: withUrl(url, (each) => (each.pathname = each.pathname.toUpperCase())),
  }),
  'url-other-scheme': ({ url }) => ({
    htu: url.replace(/^https?/, (scheme) => (scheme === 'http' ? 'https' : 'http')),
  }),
  'url-with-user': ({ url }) => ({ htu: withUrl(url, (each) => (each.username = 'user')) }),
  'url-host-suffix': ({ url }) => ({ htu: withUrl(url, (each) => (each.hostname += '.evil.example')) }),
  'url-path-only': ({ url }) => ({ htu: new URL(url).pathname }),
  'url-in-query': ({ url }) => ({ htu: `https://evil.example/?${url}` }),
  'url-missing': () => ({ htu: undefined }),
  'url-empty': () => ({ htu: '' }),
  'url-list': ({ url }) => ({ htu: [url] }),
  'url-null': () => ({ htu: null }),
  'url-object': ({ url }) => ({ htu: { href: url } }),
  'url-slash-at-end': ({ url }) => ({ htu: withUrl(url, (each) => (each.pathname += '/')) }),
  'url-two-slashes': ({ url }) => ({ htu: withUrl(url, (each) => (each.pathname = `/${each.pathname}`)) }),
  'url-host-only': ({ url }) => ({ htu: new URL(url).host }),
  'url-other-protocol': ({ url }) => ({ htu: url.replace(/^https?/, 'ws') }),
  'url-with-space': ({ url }) => ({ htu: `${url}%20` }),
  'url-two-in-one': ({ url }) => ({ htu: `https://evil.example/ ${url}` }),
  'time-hour-ago': (lab) => ({ iat: seconds(lab) - 3600 }),
  'time-year-ago': (lab) => ({ iat: seconds(lab) - 31_536_000 }),
  'time-hour-ahead': (lab) => ({ iat: seconds(lab) + 3600 }),
  'time-year-ahead': (lab) => ({ iat: seconds(lab) + 31_536_000 }),
  'time-milliseconds': (lab) => ({ iat: lab.now() }),
  'time-ten-minutes-ago': (lab) => ({ iat: seconds(lab) - 600 }),
  'time-ten-minutes-ahead': (lab) => ({ iat: seconds(lab) + 600 }),
  'time-zero': () => ({ iat: 0 }),
  'time-huge': () => ({ iat: 1e300 }),
  'time-true': () => ({ iat: true }),
  'time-object': () => ({ iat: {} }),
  'time-missing': () => ({ iat: undefined }),
  'time-null': () => ({ iat: null }),
  'time-text': (lab) => ({ iat: String(seconds(lab)) }),
  'time-negative': () => ({ iat: -1 }),
  'time-list': (lab) => ({ iat: [seconds(lab)] }),
  'id-missing': () => ({ jti: undefined }),
  'id-empty': () => ({ jti: '' }),
  'id-null': () => ({ jti: null }),
  'id-number': () => ({ jti: 1 }),
  'id-object': () => ({ jti: {} }),
  'id-list': () => ({ jti: ['a'] }),
  'token-hash-missing': () => ({ ath: undefined }),
  'token-hash-empty': () => ({ ath: '' }),
  'token-hash-null': () => ({ ath: null }),
  'token-hash-of-nothing': () => ({ ath: hash('').toString('base64url') }),
  'token-hash-of-another': () => ({ ath: hash('another token').toString('base64url') }),
  'token-hash-in-hex': ({ a }) => ({ ath: hash(a.token).toString('hex') }),
  'token-hash-cut': ({ a }) => ({ ath: hash(a.token).toString('base64url').slice(0, 22) }),
  'token-hash-padded': ({ a }) => ({ ath: `${hash(a.token).toString('base64url')}=` }),
  'token-hash-base64': ({ a }) => ({ ath: hash(a.token).toString('base64') }),
  'token-hash-of-payload': ({ a }) => ({ ath: hash(a.token.split('.')[1] ?? '').toString('base64url') }),
  'token-hash-token-itself': ({ a }) => ({ ath: a.token }),
  'token-hash-list': ({ a }) => ({ ath: [hash(a.token).toString('base64url')] }),
};

/** Proofs that are genuine, but for another request, time or token. */
export const proofClaims: readonly Attack[] = attacks(
  proofFamily,
  Object.entries(claims).map(([name, payload]): Row => ({
    name,
    title: `a genuine proof whose claim is wrong: ${name.replaceAll('-', ' ')}`,
    run: (lab) => lab.present(lab.a.token, { proof: { payload: payload(lab) } }),
  })),
);

function withUrl(text: string, change: (url: URL) => unknown): string {
  const url = new URL(text);
  change(url);
  return url.href;
}

function seconds(lab: Lab): number {
  return Math.floor(lab.now() / 1000);
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

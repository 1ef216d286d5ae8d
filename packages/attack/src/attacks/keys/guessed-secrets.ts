import { attacks, type Attack } from '../../attack-row.ts';
import { hmac } from '../../forge.ts';
import { algorithmMaps } from './maps.ts';

const words: Readonly<Record<string, string>> = {
  empty: '',
  undefined: 'undefined',
  null: 'null',
  none: 'None',
  false: 'false',
  'nul-byte': '\u0000',
  '32-zero-bytes': '\u0000'.repeat(32),
  'one-space': ' ',
  secret: 'secret',
  'secret-key': 'secretkey',
  'secret-dash-key': 'secret-key',
  'jwt-secret': 'jwt_secret',
  'your-256-bit-secret': 'your-256-bit-secret',
  'your-secret-key': 'your-secret-key',
  changeme: 'changeme',
  'change-me': 'change-me',
  password: 'password',
  key: 'key',
  private: 'private',
  test: 'test',
  dev: 'dev',
  default: 'default',
  'keyboard-cat': 'keyboard cat',
  shhhhh: 'shhhhh',
  supersecret: 'supersecret',
  'a-string-secret-at-least-256-bits-long': 'a-string-secret-at-least-256-bits-long',
  123456: '123456',
  qwerty: 'qwerty',
  admin: 'admin',
  token: 'token',
};

/** Secrets that are guessed first: empty ones, stringified nothings, and those of tutorials. */
export const guessedSecrets: readonly Attack[] = attacks(
  {
    family: 'keys',
    needs: ['jws'],
    maps: {
      ...algorithmMaps,
      asvs401: ['3.5.2', '3.5.3'],
      asvs403: ['3.5.2', '3.5.3'],
      cwe: ['CWE-798', 'CWE-321', 'CWE-1392'],
    },
    why: 'Who knows the secret is the issuer: this one is in every word list.',
    fix: 'Sign with a key pair made at first start; refuse to start with an empty, short or well-known secret.',
  },
  Object.entries(words).map(([name, secret]) => ({
    name: `guessed-${name}`,
    title: `HS256 with the secret ${JSON.stringify(secret.slice(0, 40))}`,
    run: (lab) =>
      lab.present(lab.altered({ header: { alg: 'HS256' }, signature: (input) => hmac(input, secret) })),
  })),
);

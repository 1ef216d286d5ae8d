/** Ways to spoil a token, chosen by a generator that gives the same numbers for the same seed. */

/** The next number of a sequence, from 0 to just below `below`. */
export type Random = (below: number) => number;

/** A small generator with 32 bits of state (mulberry32): for tests, never for secrets. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Mutation = (token: string, random: Random, others: readonly string[]) => string;

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const oddities = [
  '.',
  '..',
  '=',
  '==',
  ' ',
  '\t',
  '\u0000',
  '+',
  '/',
  '%2e',
  '"',
  '{',
  ',',
  'é',
  '\u200b',
  '\ufeff',
  '😀',
  '\ud800',
];
const headers = [
  '{"alg":"none","typ":"at+jwt"}',
  '{"alg":"HS256","typ":"at+jwt"}',
  '{"alg":"EdDSA","kid":"../../dev/null","typ":"at+jwt"}',
  '[]',
];

const pick = <T>(list: readonly [T, ...T[]] | readonly T[], random: Random): T =>
  list[random(list.length)] as T;
const replaceAt = (token: string, at: number, by: string): string =>
  token.slice(0, at) + by + token.slice(at + 1);

/** Changes one segment as bytes, so that the result is canonical base64url again. */
function inSegment(token: string, which: number, change: (bytes: Buffer) => Buffer): string {
  const parts = token.split('.');
  parts[which] = change(Buffer.from(parts[which] ?? '', 'base64url')).toString('base64url');
  return parts.join('.');
}

const flipBit: Mutation = (token, random) => {
  const at = random(token.length);
  return replaceAt(token, at, String.fromCharCode((token.charCodeAt(at) || 0) ^ (1 << random(7))));
};
const flipByte: Mutation = (token, random) =>
  inSegment(token, random(3), (bytes) => {
    const at = random(bytes.length || 1);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    return bytes;
  });
const resize: Mutation = (token, random) =>
  inSegment(token, random(3), (bytes) =>
    random(2) === 0
      ? bytes.subarray(0, random(bytes.length + 1))
      : Buffer.concat([bytes, Buffer.alloc(1 + random(40), random(256))]),
  );
const swap: Mutation = (token, random) => {
  const parts = token.split('.');
  const [one, other] = [random(parts.length), random(parts.length)];
  [parts[one], parts[other]] = [parts[other] ?? '', parts[one] ?? ''];
  return parts.join('.');
};
const splice: Mutation = (token, random, others) => {
  const parts = token.split('.');
  const which = random(3);
  parts[which] = pick(others, random).split('.')[which] ?? '';
  return parts.join('.');
};
const crossover: Mutation = (token, random, others) => {
  const other = pick(others, random);
  return token.slice(0, random(token.length)) + other.slice(random(other.length));
};
const insert: Mutation = (token, random) => {
  const at = random(token.length + 1);
  return (
    token.slice(0, at) +
    (random(2) === 0 ? pick(oddities, random) : pick(Array.from(alphabet), random)) +
    token.slice(at)
  );
};
const remove: Mutation = (token, random) => {
  const at = random(token.length + 1);
  return token.slice(0, at) + token.slice(at + 1 + random(random(4) === 0 ? 200 : 2));
};
const changeCase: Mutation = (token, random) => {
  const at = random(token.length);
  const character = token.charAt(at);
  return replaceAt(
    token,
    at,
    character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase(),
  );
};
const otherLast: Mutation = (token, random) => token.slice(0, -1) + pick(Array.from(alphabet), random);
const pad: Mutation = (token, random) =>
  token
    .split('.')
    .map((part) => part + '='.repeat(random(3)))
    .join('.');
const repeat: Mutation = (token, random) => (token + (random(2) === 0 ? '.' : '')).repeat(2 + random(12));
const reheader: Mutation = (token, random) =>
  [Buffer.from(pick(headers, random)).toString('base64url'), ...token.split('.').slice(1)].join('.');
const claim: Mutation = (token, random) =>
  inSegment(token, 1, (bytes) => {
    const json = bytes.toString();
    const edits = [
      json.replace('sub-1', 'root'),
      json.replace(/"exp":\d+/, '"exp":9999999999'),
      json.replace('{', '{"sub":"root",'),
      `${json} `,
      json.toUpperCase(),
    ];
    return Buffer.from(pick(edits, random));
  });
const garbage: Mutation = (_token, random) =>
  Array.from({ length: random(60) }, () =>
    random(3) === 0 ? pick(oddities, random) : pick(Array.from(alphabet), random),
  ).join('');

// Those that leave a form which is looked at further come more often.
const mutations: readonly Mutation[] = [
  ...[
    flipBit,
    flipBit,
    flipByte,
    flipByte,
    flipByte,
    splice,
    splice,
    changeCase,
    changeCase,
    otherLast,
    claim,
  ],
  ...[swap, crossover, insert, remove, resize, pad, repeat, reheader, garbage],
];

/** One to three mutations of one of the tokens; now and then they undo each other. */
export function mutate(tokens: readonly string[], random: Random): string {
  let token = pick(tokens, random);
  for (let left = 1 + random(random(3) + 1); left > 0; left--)
    token = pick(mutations, random)(token, random, tokens);
  return token;
}

import type { MetricSample } from '@symbolon/guard';
import type { AuthErrorCode } from '@symbolon/token';
import type { Storage } from '../storage/port/storage.ts';
import type { Mint } from '../sessions/tokens.ts';

/** How often something happened, by what tells one from another; every key is a word of ours. */
type Counts = ReadonlyMap<string, number>;

/** What an issuer process has counted since it started. Nothing in it names a session, a subject or a client. */
export interface Meter {
  readonly refreshes: Counts;
  /** Tokens signed, by audience. */
  readonly tokens: Counts;
  /** What was ended here. */
  readonly ends: Counts;
  readonly refusals: Counts;
  readonly faults: () => number;
  /** How long the store took, by what was asked: samples of a histogram. */
  readonly storeTimes: () => readonly MetricSample[];
  readonly refused: (code: AuthErrorCode) => void;
  readonly failed: () => void;
  /** The same store, counted. */
  readonly metered: (storage: Storage) => Storage;
  /** The same mint, counted. */
  readonly minting: (mint: Mint) => Mint;
}

/** Makes a meter at zero; `elapsed` counts milliseconds that never go back. */
export function createMeter({ elapsed }: { elapsed: () => number }): Meter {
  const [refreshes, tokens, ends, refusals] = [
    createCounts(),
    createCounts(),
    createCounts(),
    createCounts(),
  ];
  const times = new Map<string, Times>();
  let faults = 0;

  /** Asks, and measures how long that takes; what was answered is shown to `seen`. */
  const timed = async <R>(name: string, ask: () => Promise<R>, seen?: (answer: R) => void): Promise<R> => {
    const since = elapsed();
    try {
      const answer = await ask();
      seen?.(answer);
      return answer;
    } finally {
      note(times, name, (elapsed() - since) / 1000);
    }
  };
  const endOf = (what: string) => (answer: { kind: string }) => {
    if (['ended', 'cut', 'revoked', 'reuse', 'removed'].includes(answer.kind)) add(ends, what);
  };

  return {
    refreshes,
    tokens,
    ends,
    refusals,
    faults: () => faults,
    storeTimes: () => [...times].flatMap(([name, of]) => histogram(name, of)),
    refused: (code) => {
      add(refusals, code);
    },
    failed: () => {
      faults++;
    },
    metered: (storage) => ({
      ...storage,
      startSession: (asked) => timed('start', () => storage.startSession(asked)),
      openMachineSession: (asked) => timed('open', () => storage.openMachineSession(asked)),
      rotate: (asked) =>
        timed(
          'refresh',
          () => storage.rotate(asked),
          ({ kind }) => {
            add(refreshes, kind);
            if (kind === 'reuse') add(ends, 'reuse');
          },
        ),
      sessionAlive: (asked) => timed('alive', () => storage.sessionAlive(asked)),
      endSession: (asked) => timed('end', () => storage.endSession(asked), endOf('session')),
      endSessionsOf: (asked) =>
        timed('end', () => storage.endSessionsOf(asked), endOf('clientId' in asked ? 'client' : 'subject')),
      removeClient: (asked) => timed('end', () => storage.removeClient(asked), endOf('client')),
      disableSubject: (asked) => timed('end', () => storage.disableSubject(asked), endOf('subject')),
      disableAccount: (asked) => timed('end', () => storage.disableAccount(asked), endOf('subject')),
      removeAccount: (asked) => timed('end', () => storage.removeAccount(asked), endOf('subject')),
      endSignIn: (asked) => timed('end', () => storage.endSignIn(asked), endOf('sign_in')),
      endGrant: (asked) => timed('end', () => storage.endGrant(asked), endOf('grant')),
      endOthers: async (asked) => {
        const ended = await timed('end', () => storage.endOthers(asked));
        add(ends, 'others');
        return ended;
      },
      enrol: async (asked) => {
        const enrolled = await storage.enrol(asked);
        // An operator's link opens a lost account, and ends whatever was opened from it before.
        if (enrolled.kind === 'enrolled' && asked.code.kind === 'recovery_link') add(ends, 'subject');
        return enrolled;
      },
      renewByCookie: (asked) => timed('renew', () => storage.renewByCookie(asked), endOf('reuse')),
      redeemCode: (asked) => timed('redeem', () => storage.redeemCode(asked), endOf('reuse')),
      cutEverything: (asked) => timed('end', () => storage.cutEverything(asked), endOf('everything')),
      revokeKey: (asked) => timed('end', () => storage.revokeKey(asked), endOf('key')),
      readFeed: (asked) => timed('feed', () => storage.readFeed(asked)),
    }),
    minting: (mint) => async (issue, tokenLife) => {
      const issued = await mint(issue, tokenLife);
      add(tokens, issue.session.audience);
      return issued;
    },
  };
}

const createCounts = (): Map<string, number> => new Map();

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Upper bounds in seconds; the store's patience ends at two. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** How many were within each bound and above the one before, the last above all of them. */
interface Times {
  readonly within: number[];
  sum: number;
}

function note(times: Map<string, Times>, name: string, seconds: number): void {
  const of = times.get(name) ?? { within: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 };
  times.set(name, of);
  const found = bounds.findIndex((bound) => seconds <= bound);
  const at = found === -1 ? bounds.length : found;
  of.within[at] = (of.within[at] ?? 0) + 1;
  of.sum += seconds;
}

/** Of a histogram each bucket counts all that are below its bound, the smaller ones too. */
function histogram(operation: string, { within, sum }: Times): readonly MetricSample[] {
  let count = 0;
  const buckets = within.map((many, at) => {
    count += many;
    const le = at === bounds.length ? '+Inf' : String(bounds[at]);
    return { suffix: '_bucket', labels: { operation, le }, value: count };
  });
  const labels = { operation };
  return [...buckets, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: count }];
}

import { isNewer, type PairStore, type TokenPair } from '../pair-store.ts';
import { withFileLock } from './file-lock.ts';
import { readPrivateFile, replacePrivateFile } from './private-file.ts';

/**
 * Keeps the pair of tokens in a file (0600), shared by the processes of one machine.
 *
 * A lock file beside it makes each write one step; a file that holds no pair counts as empty.
 */
export function filePairStore(path: string): PairStore {
  const load = async (): Promise<TokenPair | undefined> => parsePair(await readPrivateFile(path));
  const write = (pair: TokenPair | undefined): Promise<void> =>
    replacePrivateFile(path, JSON.stringify(pair ?? {}));
  return {
    load,
    save: (pair) =>
      withFileLock(path, async () => {
        if (isNewer(pair, await load())) await write(pair);
      }),
    replace: (pair) => withFileLock(path, () => write(pair)),
  };
}

/** Reads a pair from the text of a file, undefined if it holds none. */
function parsePair(text: string | undefined): TokenPair | undefined {
  const value = parse(text);
  const sound = Object.entries(members).every(([name, type]) => typeof value[name] === type);
  const scoped = value['scope'] === undefined || typeof value['scope'] === 'string';
  return sound && scoped ? (value as unknown as TokenPair) : undefined;
}

const members = {
  token: 'string',
  refreshToken: 'string',
  sessionId: 'string',
  generation: 'number',
  obtainedAt: 'number',
  life: 'number',
} as const satisfies Partial<Record<keyof TokenPair, string>>;

function parse(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

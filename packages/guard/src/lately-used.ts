/** A memory of what was used lately, bounded in bytes. */
export interface LatelyUsed<T> {
  readonly find: (text: string) => T | undefined;
  readonly keep: (text: string, value: T) => void;
  readonly dropUnless: (stays: (value: T) => boolean) => void;
  readonly size: () => { entries: number; bytes: number };
}

/**
 * Makes a memory of values by text, where `bytesOf` estimates what an entry takes.
 *
 * When it is full the half that was not used lately goes: two generations, of which the older is dropped whole,
 * so that no request pays for eviction. For what can be computed again only; never for what must be remembered.
 */
export function createLatelyUsed<T>(options: {
  maxBytes: number;
  bytesOf: (text: string, value: T) => number;
}): LatelyUsed<T> {
  const { bytesOf } = options;
  const half = options.maxBytes / 2;
  let young = new Map<string, T>();
  let old = new Map<string, T>();
  let youngBytes = 0;
  let oldBytes = 0;

  const keep = (text: string, value: T): void => {
    const bytes = bytesOf(text, value);
    if (bytes > half) return;
    if (youngBytes + bytes > half) {
      old = young;
      oldBytes = youngBytes;
      young = new Map();
      youngBytes = 0;
    }
    const former = young.get(text);
    youngBytes += bytes - (former === undefined ? 0 : bytesOf(text, former));
    young.set(text, value);
  };

  const findOld = (text: string): T | undefined => {
    const value = old.get(text);
    if (value === undefined) return undefined;
    old.delete(text);
    oldBytes -= bytesOf(text, value);
    keep(text, value);
    return value;
  };

  const drop = (values: Map<string, T>, stays: (value: T) => boolean): number => {
    let bytes = 0;
    for (const [text, value] of values) {
      if (!stays(value) && values.delete(text)) bytes += bytesOf(text, value);
    }
    return bytes;
  };

  return {
    find: (text) => young.get(text) ?? findOld(text),
    keep,
    dropUnless: (stays) => {
      youngBytes -= drop(young, stays);
      oldBytes -= drop(old, stays);
    },
    size: () => ({ entries: young.size + old.size, bytes: youngBytes + oldBytes }),
  };
}

import { createHash } from 'node:crypto';

/** Randomness that is the same again for the same seed. It chooses what to try; no secret is made of it. */
export interface Random {
  readonly bytes: (length: number) => Buffer;
  /** An integer from 0 up to, not including, `below`. */
  readonly int: (below: number) => number;
  /** 22 characters of base64url. */
  readonly id: () => string;
}

/** Makes randomness from a seed: SHA-256 over the seed and a counter. */
export function createRandom(seed: string): Random {
  let count = 0;
  let pool = Buffer.alloc(0);
  const bytes = (length: number): Buffer => {
    while (pool.length < length) {
      const block = createHash('sha256').update(`${seed}\u0000${count++}`).digest();
      pool = Buffer.concat([pool, block]);
    }
    const taken = pool.subarray(0, length);
    pool = pool.subarray(length);
    return Buffer.from(taken);
  };
  return {
    bytes,
    int: (below) => bytes(6).readUIntBE(0, 6) % below,
    id: () => bytes(16).toString('base64url'),
  };
}

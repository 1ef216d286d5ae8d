import { decodeBase64url } from '@symbolon/token';

/** 128 bits of a revocation name as four numbers, made once for a token and kept with it. */
export type NameLanes = readonly [number, number, number, number];

/**
 * Names that are final, each until its deadline: a set that holds a million in well under 64 MB.
 *
 * Times are whole seconds on whatever clock the caller counts with.
 */
export interface RevocationTable {
  /** Answers whether the name is new here. A later deadline replaces an earlier one. */
  readonly add: (name: NameLanes, deadline: number) => boolean;
  readonly has: (name: NameLanes) => boolean;
  /** Drops some of what is past its deadline; every part of the table comes by within 64 calls. */
  readonly sweep: (now: number) => void;
  readonly size: () => number;
  readonly bytes: () => number;
}

/** Reads a name of the feed (22 characters of base64url); it was checked with the statement. */
export function nameLanes(name: string): NameLanes {
  const bytes = decodeBase64url(name);
  if (bytes?.length !== 16) throw new TypeError('unexpected name, expected 128 bits as base64url');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  // A slot whose first lane is zero is free, so that one value in 2^32 is read as another; the rest still tells.
  return [view.getUint32(0) || 1, view.getUint32(4), view.getUint32(8), view.getUint32(12)];
}

const shards = 256;
const sweptAtOnce = 4;
const width = 5; // four lanes and the deadline
const smallest = 16;

/** One part of the table: an open-addressed array, so that growing or clearing one costs well under a millisecond. */
interface Shard {
  slots: Uint32Array;
  used: number;
}

/** Makes an empty table. */
export function createRevocationTable(): RevocationTable {
  const parts: Shard[] = Array.from({ length: shards }, () => ({ slots: emptySlots(smallest), used: 0 }));
  let next = 0;
  const partOf = (name: NameLanes): Shard => shardAt(parts, name[3]);
  return {
    add: (name, deadline) => {
      const part = partOf(name);
      if ((part.used + 1) * width > part.slots.length * 0.8)
        rebuild(part, { capacity: (part.slots.length / width) * 2 });
      return put(part, name, deadline);
    },
    has: (name) => {
      const { slots } = partOf(name);
      return slots[find(slots, name)] !== 0;
    },
    sweep: (now) => {
      for (let count = 0; count < sweptAtOnce; count++) {
        const part = shardAt(parts, next++);
        const live = countLive(part.slots, now);
        if (live < part.used) rebuild(part, { capacity: capacityFor(live), now });
      }
    },
    size: () => parts.reduce((sum, { used }) => sum + used, 0),
    bytes: () => parts.reduce((sum, { slots }) => sum + slots.byteLength, 0),
  };
}

function shardAt(parts: readonly Shard[], number: number): Shard {
  const part = parts[number & (shards - 1)];
  if (part === undefined) throw new RangeError('no such part of the table');
  return part;
}

function emptySlots(capacity: number): Uint32Array {
  return new Uint32Array(capacity * width);
}

/** Where a name is, or where it would be put. */
function find(slots: Uint32Array, [a, b, c, d]: NameLanes): number {
  const mask = slots.length / width - 1;
  for (let slot = (a ^ b) & mask; ; slot = (slot + 1) & mask) {
    const at = slot * width;
    if (slots[at] === 0) return at;
    if (slots[at] === a && slots[at + 1] === b && slots[at + 2] === c && slots[at + 3] === d) return at;
  }
}

function put(part: Shard, name: NameLanes, deadline: number): boolean {
  const { slots } = part;
  const at = find(slots, name);
  const isNew = slots[at] === 0;
  if (isNew) part.used++;
  slots[at] = name[0];
  slots[at + 1] = name[1];
  slots[at + 2] = name[2];
  slots[at + 3] = name[3];
  slots[at + 4] = Math.max(slots[at + 4] ?? 0, deadline);
  return isNew;
}

function rebuild(part: Shard, { capacity, now = 0 }: { capacity: number; now?: number }): void {
  const old = part.slots;
  part.slots = emptySlots(capacity);
  part.used = 0;
  const lanesAt = (at: number): NameLanes => [
    old[at] ?? 0,
    old[at + 1] ?? 0,
    old[at + 2] ?? 0,
    old[at + 3] ?? 0,
  ];
  for (let at = 0; at < old.length; at += width) {
    const deadline = old[at + 4] ?? 0;
    if (old[at] !== 0 && deadline > now) put(part, lanesAt(at), deadline);
  }
}

function countLive(slots: Uint32Array, now: number): number {
  let live = 0;
  for (let at = 0; at < slots.length; at += width) if (slots[at] !== 0 && (slots[at + 4] ?? 0) > now) live++;
  return live;
}

function capacityFor(count: number): number {
  return Math.max(smallest, 2 ** Math.ceil(Math.log2((count + 1) / 0.8)));
}

/** Seconds since the epoch of a time in microseconds. */
export function seconds(micros: number): number {
  return Math.floor(micros / 1_000_000);
}

/** A time in seconds as people write it, in UTC. */
export function dateText(time: number): string {
  const date = new Date(time * 1000);
  return Number.isNaN(date.getTime())
    ? `${time}`
    : date
        .toISOString()
        .replace(/T|\.000Z/g, ' ')
        .trim();
}

/** How far a time in seconds lies from now: `in 4 min`, `3 h ago`. */
export function distanceText(time: number, now: number): string {
  const distance = Math.abs(time - now);
  return time >= now ? `in ${lengthText(distance)}` : `${lengthText(distance)} ago`;
}

/** A length of time in seconds in its largest fitting unit. */
export function lengthText(length: number): string {
  const [unit, size] = units.find(([, each]) => length >= 2 * each) ?? ['s', 1];
  return `${Math.round(length / size)} ${unit}`;
}

const units: readonly (readonly [string, number])[] = [
  ['days', 86_400],
  ['h', 3600],
  ['min', 60],
];

/** A number from 0 up to 1 that differs from guard to guard, so that a fleet does not do everything at once. */
export function jitter(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
}

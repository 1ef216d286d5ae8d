import type { Settings } from './settings.ts';

const defaultTokenLife = 300;

/** The longest life of a token of an audience, in seconds; of the issuer's own session interface it is the default. */
export function tokenLifeOf(settings: Settings, audience: string): number {
  return settings.audiences.find((row) => row.audience === audience)?.tokenLife ?? defaultTokenLife;
}

/** The longest life of any token of an issuer, in seconds. */
export function longestTokenLife(settings: Settings): number {
  return Math.max(
    defaultTokenLife,
    ...settings.audiences.map(({ audience }) => tokenLifeOf(settings, audience)),
  );
}

import type { JsonObject } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';

/** A payload as JSON text, its members as given: text that `JSON.stringify` would not write. */
export function textOf(members: readonly (readonly [name: string, text: string])[]): string {
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}

/** The members of the honest payload, each as JSON text. */
export function membersOf(payload: JsonObject): readonly (readonly [name: string, text: string])[] {
  return Object.entries(payload).map(([name, value]) => [name, JSON.stringify(value)]);
}

/** The honest token with some members written as these texts, signed by the issuer's key. */
export function respelled(lab: Lab, texts: Readonly<Record<string, string>>): string {
  const members = membersOf(lab.jws().payload).map(([name, text]) => [name, texts[name] ?? text] as const);
  return lab.signedText({ payload: textOf(members) });
}

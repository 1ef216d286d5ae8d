import { Refused } from './exit.ts';

/** Says that there is no client of this id. */
export function unknownClient(id: string): Refused {
  return new Refused('client_unknown', `no client ${id}; "symbolon client list" shows them`);
}

import { getCACertificates } from 'node:tls';

/** What tells Node to trust an authority (PEM) beside those that it trusts anyway; nothing without one. */
export function trusted(ca: string | undefined): { readonly ca?: string[] } {
  return ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] };
}

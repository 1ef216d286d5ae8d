/** What the kinds of security events are called. */
const words: Readonly<Record<string, string>> = {
  signed_in: 'Signed in with a passkey',
  sign_in: 'Signed in with a passkey',
  signed_out: 'Signed out',
  recovered: 'Signed in with a recovery code',
  account_recovered: 'Signed in with a recovery code',
  account_added: 'Account set up',
  account_renamed: 'Account renamed',
  passkey_added: 'Passkey added',
  passkey_renamed: 'Passkey renamed',
  passkey_removed: 'Passkey removed',
  recovery_codes_made: 'New recovery codes made',
  recovery_link_made: 'An operator made a link to recover the account',
  recovery_link_used: 'Account recovered by an operator’s link, and every session ended',
  role_changed: 'Role changed',
  grant_made: 'Application linked',
  grant_ended: 'Application ended',
  session_ended: 'Session ended',
  others_ended: 'Everything else ended',
  browser_bound: 'Browser bound to its device',
};

/** What happened, in words; a kind without words is shown as it is written. */
export function eventWords(kind: string): string {
  return words[kind] ?? kind.replaceAll('_', ' ');
}

/** What the kinds of security events are called. */
const words: Readonly<Record<string, string>> = {
  signed_in: 'Signed in with a passkey',
  account_recovered: 'Recovery code used, to make a new passkey',
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
  ended_with_browser: 'Application signed out, with the browser that it was opened in',
  others_ended: 'Everything else ended',
  ended_by_operator: 'Session ended by an operator',
  all_ended_by_operator: 'Every session ended by an operator',
  session_stolen: 'Session ended: somebody else had a copy of its secret',
  account_disabled: 'Account disabled by an operator',
  account_enabled: 'Account enabled by an operator',
  passkey_refused: 'A passkey was refused: it may have been copied',
};

/** What happened, in words; a kind without words is shown as it is written. */
export function eventWords(kind: string): string {
  return words[kind] ?? kind.replaceAll('_', ' ');
}

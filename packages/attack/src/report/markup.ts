/** Text inside HTML or XML, in an attribute too; what XML cannot hold becomes U+FFFD. */
export function escaped(text: string): string {
  const marks: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return visible(text).replace(/[&<>"']/g, (mark) => marks[mark] ?? mark);
}

/** Text without what a terminal would obey or XML cannot hold: each such character becomes U+FFFD. */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\ufffe\uffff]/gu, (mark) => (mark === '\n' || mark === '\t' ? mark : '\ufffd'));
}

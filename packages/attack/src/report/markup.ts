/** Text inside HTML or XML, in an attribute too; what XML cannot hold becomes U+FFFD. */
export function escaped(text: string): string {
  const marks: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\ufffe\uffff]/gu, (mark) => (mark === '\n' || mark === '\t' ? mark : '\ufffd'))
    .replace(/[&<>"']/g, (mark) => marks[mark] ?? mark);
}

const list = document.querySelector('#codes');
const buttons = document.querySelector('#keep-codes');
const status = document.querySelector('#status');
/** To what they belong, in words, and what a file of them is called. */
const { title, file } = list.dataset;

/** As a person keeps them. */
function asText() {
  const codes = Array.from(list.querySelectorAll('code'), (code) => code.textContent);
  return [title, 'Each works once, together with this name.', '', ...codes, ''].join('\n');
}

async function copy() {
  try {
    await globalThis.navigator.clipboard.writeText(asText());
    status.textContent = 'Copied, together with the name. Paste them where only you can read.';
  } catch {
    globalThis.getSelection().selectAllChildren(list);
    status.textContent = 'This browser lets no page copy. They are selected now: copy them yourself.';
  }
}

/** From the memory of this page: no address holds a code, and nothing is asked of the server. */
function save() {
  const href = globalThis.URL.createObjectURL(new globalThis.Blob([asText()], { type: 'text/plain' }));
  Object.assign(document.createElement('a'), { href, download: file }).click();
  globalThis.addEventListener('pagehide', () => globalThis.URL.revokeObjectURL(href), { once: true });
  status.textContent = `Saved as ${file}. Keep it where only you can read.`;
}

buttons.hidden = false;
document.querySelector('#copy-codes').addEventListener('click', () => void copy());
document.querySelector('#save-codes').addEventListener('click', save);

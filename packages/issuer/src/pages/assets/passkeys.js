import { ask, explain, webauthn } from './ask.js';

const form = document.querySelector('#add-passkey');
const button = form.querySelector('button');
const status = document.querySelector('#status');
const { base } = form.dataset;
const name = form.elements.namedItem('name');
/** Where a name waits while its person proves to be there. */
const typed = 'symbolon-passkey-name';

async function add() {
  button.disabled = true;
  status.textContent = 'Waiting for your device…';
  try {
    const { options } = await ask(`${base}/account/passkeys/options`, {});
    const response = await webauthn.startRegistration({ optionsJSON: options });
    const { location } = await ask(`${base}/account/passkeys`, { name: name.value, response });
    globalThis.location.assign(location);
  } catch (error) {
    if (error?.code === 'presence_required') {
      status.textContent = 'Your passkey is asked for once more first…';
      globalThis.sessionStorage.setItem(typed, name.value);
      globalThis.location.assign(`${base}/presence?return_to=${encodeURIComponent(`${base}/account`)}`);
      return;
    }
    status.textContent = explain(error);
    button.disabled = false;
    button.focus();
  }
}

if (webauthn?.browserSupportsWebAuthn()) {
  form.hidden = false;
  const kept = globalThis.sessionStorage.getItem(typed);
  if (kept !== null) {
    globalThis.sessionStorage.removeItem(typed);
    name.value = kept;
    button.focus();
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void add();
  });
}

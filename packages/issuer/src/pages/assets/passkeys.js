import { ask, explain, webauthn } from './ask.js';

const form = document.querySelector('#add-passkey');
const button = form.querySelector('button');
const status = document.querySelector('#status');
const { base } = form.dataset;

async function add() {
  button.disabled = true;
  status.textContent = 'Waiting for your device…';
  try {
    const { options } = await ask(`${base}/account/passkeys/options`, {});
    const response = await webauthn.startRegistration({ optionsJSON: options });
    const name = form.elements.namedItem('name').value;
    const { location } = await ask(`${base}/account/passkeys`, { name, response });
    globalThis.location.assign(location);
  } catch (error) {
    if (error?.code === 'presence_required') {
      status.textContent = 'Your passkey is asked for once more first…';
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
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void add();
  });
}

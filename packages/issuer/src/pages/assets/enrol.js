import { ask, explain, webauthn } from './ask.js';

const form = document.querySelector('#enrol');
const button = document.querySelector('#make-passkey');
const status = document.querySelector('#status');
const { base } = form.dataset;
const { pathname, search, hash } = globalThis.location;
// A recovery code is used up by now: if this page is loaded again, the code must still be there.
const code = hash.slice(1) || (history.state?.code ?? '');

async function enrol() {
  button.disabled = true;
  status.textContent = 'Waiting for your device…';
  try {
    const { options } = await ask(`${base}/enrol/options`, { code });
    const response = await webauthn.startRegistration({ optionsJSON: options });
    status.textContent = 'Keeping your passkey…';
    const name = form.elements.namedItem('name').value;
    const { location } = await ask(`${base}/enrol/verify`, { code, name, response });
    globalThis.location.replace(location);
  } catch (error) {
    status.textContent = explain(error);
    button.disabled = false;
    button.focus();
  }
}

if (code === '') {
  status.textContent = 'This address is not complete: open the whole link that you were given, once.';
} else if (!webauthn?.browserSupportsWebAuthn()) {
  status.textContent = 'This browser has no passkeys. Open this address, as it is now, in another one.';
} else {
  // Read and kept beside the address, it is not copied along with it, nor shown to who looks on.
  history.replaceState({ code }, '', pathname + search);
  button.disabled = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void enrol();
  });
}

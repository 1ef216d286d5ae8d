import { ask, explain, webauthn } from './ask.js';

const form = document.querySelector('#enrol');
const button = document.querySelector('#make-passkey');
const status = document.querySelector('#status');
const { base } = form.dataset;
const code = globalThis.location.hash.slice(1);
// The code has been read: it shall not stay in the history, nor be copied along with the address.
history.replaceState(null, '', globalThis.location.pathname);

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
  status.textContent = 'This browser has no passkeys. Open the link in another one.';
} else {
  button.disabled = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void enrol();
  });
}

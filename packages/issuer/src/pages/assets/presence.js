import { ask, explain, webauthn } from './ask.js';

const place = document.querySelector('#passkey');
const button = document.querySelector('#use-passkey');
const status = document.querySelector('#status');
const { base, returnTo } = place.dataset;

async function prove() {
  button.disabled = true;
  status.textContent = 'Waiting for your passkey…';
  try {
    const { options } = await ask(`${base}/presence/options`, {});
    const response = await webauthn.startAuthentication({ optionsJSON: options });
    status.textContent = 'Thank you. Going on…';
    const { location } = await ask(`${base}/presence/verify`, { response, return_to: returnTo });
    globalThis.location.replace(location);
  } catch (error) {
    status.textContent = explain(error);
    button.disabled = false;
    button.focus();
  }
}

if (webauthn?.browserSupportsWebAuthn()) {
  button.hidden = false;
  button.addEventListener('click', () => void prove());
} else {
  status.textContent = 'This browser has no passkeys. Open this page in the browser you signed in with.';
}

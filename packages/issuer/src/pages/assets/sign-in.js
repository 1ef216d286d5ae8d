import { ask, explain, webauthn } from './ask.js';

const place = document.querySelector('#passkey');
const button = document.querySelector('#use-passkey');
const status = document.querySelector('#status');
const { base, returnTo } = place.dataset;

async function signIn() {
  button.disabled = true;
  status.textContent = 'Waiting for your passkey…';
  try {
    const { options } = await ask(`${base}/sign-in/options`, {});
    const response = await webauthn.startAuthentication({ optionsJSON: options });
    status.textContent = 'Signing you in…';
    const { location } = await ask(`${base}/sign-in/verify`, { response, return_to: returnTo });
    globalThis.location.replace(location);
  } catch (error) {
    status.textContent = explain(error);
    button.disabled = false;
    button.focus();
  }
}

if (webauthn?.browserSupportsWebAuthn()) {
  button.hidden = false;
  button.addEventListener('click', () => void signIn());
} else {
  status.textContent = 'This browser has no passkeys. Use a recovery code, or another browser.';
}

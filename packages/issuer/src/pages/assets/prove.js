import { ask, explain, webauthn } from './ask.js';

const place = document.querySelector('#passkey');
const button = document.querySelector('#use-passkey');
const status = document.querySelector('#status');
/** What was typed before, if anything was: it goes back to its form, in no address. */
const typed = document.querySelector('#typed');
/** Where it is proved, and this page's words for what comes then, or for a browser that cannot. */
const { at, returnTo, proved, unable } = place.dataset;

async function prove() {
  button.disabled = true;
  status.textContent = 'Waiting for your passkey…';
  try {
    const { options } = await ask(`${at}/options`, {});
    const response = await webauthn.startAuthentication({ optionsJSON: options });
    status.textContent = proved;
    const { location } = await ask(`${at}/verify`, { response, return_to: returnTo });
    if (typed === null) globalThis.location.replace(location);
    else typed.submit();
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
  status.textContent = unable;
}

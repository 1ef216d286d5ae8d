/**
 * Reads the page again every few seconds and puts its live parts in place. It rests while nobody can see the page, and
 * after ten minutes without a hand on it: asking keeps a session alive, which an empty chair must not.
 */
const every = 5000;
const restAfter = 10 * 60 * 1000;
const parts = ['live', 'live-guards'];
let touched = performance.now();
let failed = 0;
let last = new Date();

for (const event of ['pointerdown', 'pointermove', 'keydown', 'scroll']) {
  document.addEventListener(event, () => (touched = performance.now()), { passive: true });
}

async function renew() {
  if (document.hidden || performance.now() - touched > restAfter) return;
  const response = await fetch(globalThis.location.href, {
    headers: { accept: 'text/html' },
    redirect: 'error',
  });
  if (!response.ok) throw new Error('unexpected answer');
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
  for (const id of parts) {
    const [old, next] = [document.getElementById(id), fresh.getElementById(id)];
    // What has the focus stays, or a keyboard would lose its place.
    if (old !== null && next !== null && !old.contains(document.activeElement)) old.replaceWith(next);
  }
}

/** Old figures must not pass for new ones: the session may be over, or the issuer down. */
async function look() {
  try {
    await renew();
    [failed, last] = [0, new Date()];
    document.getElementById('not-live')?.remove();
  } catch {
    failed += 1;
    if (failed === 2) tell();
  }
}

function tell() {
  const said = document.createElement('p');
  said.id = 'not-live';
  said.setAttribute('role', 'status');
  said.className = 'notice warn';
  document.getElementById('live')?.before(said);
  said.textContent = `Not live since ${last.toLocaleTimeString()}: load this page again.`;
}

setInterval(() => void look(), every);

/**
 * Reads the page again every few seconds and puts its live parts in place. It rests while nobody can see the page, and
 * after ten minutes without a hand on it: asking keeps a session alive, which an empty chair must not.
 */
const every = 5000;
const restAfter = 10 * 60 * 1000;
const parts = ['live', 'live-guards'];
let touched = performance.now();

for (const event of ['pointerdown', 'pointermove', 'keydown', 'scroll']) {
  document.addEventListener(event, () => (touched = performance.now()), { passive: true });
}

async function renew() {
  if (document.hidden || performance.now() - touched > restAfter) return;
  const response = await fetch(globalThis.location.href, {
    headers: { accept: 'text/html' },
    redirect: 'error',
  });
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
  for (const id of parts) {
    const [old, next] = [document.getElementById(id), fresh.getElementById(id)];
    // What has the focus stays, or a keyboard would lose its place.
    if (old !== null && next !== null && !old.contains(document.activeElement)) old.replaceWith(next);
  }
}

setInterval(() => void renew().catch(() => undefined), every);

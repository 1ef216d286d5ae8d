import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** What the pages load, by name. Answers 404 for anything else. */
export type Assets = (request: Request, name: string) => Response;

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};
const own = [
  'style.css',
  'icon.svg',
  'prove.js',
  'enrol.js',
  'passkeys.js',
  'ask.js',
  'live.js',
  'form-post.js',
  'codes.js',
];

/**
 * Reads the style sheet, the scripts and the WebAuthn library, once, at the start: a missing file stops it there.
 *
 * Answers carry an ETag and are asked for again, so that a new version is never mixed with an old one.
 */
export async function openAssets(): Promise<Assets> {
  const folder = new URL('../../src/pages/assets/', import.meta.url);
  const library = new URL('../dist/bundle/index.umd.min.js', import.meta.resolve('@simplewebauthn/browser'));
  const places = [
    ...own.map((name) => [name, new URL(name, folder)] as const),
    ['webauthn.js', library] as const,
  ];
  const files = new Map(
    await Promise.all(places.map(async ([name, place]) => [name, await readAsset(name, place)] as const)),
  );
  return (request, name) => {
    const file = files.get(name);
    if (file === undefined) return new Response(null, { status: 404 });
    const { body, headers } = file;
    const known = request.headers.get('if-none-match') === headers.etag;
    return known ? new Response(null, { status: 304, headers }) : new Response(body, { headers });
  };
}

async function readAsset(
  name: string,
  place: URL,
): Promise<{
  body: Uint8Array<ArrayBuffer>;
  headers: { etag: string; 'content-type': string; 'cache-control': string };
}> {
  const body = new Uint8Array(await readFile(fileURLToPath(place)));
  const etag = `"${hash('sha256', body, 'base64url').slice(0, 22)}"`;
  const type = types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
  return {
    body,
    headers: { etag, 'content-type': type, 'cache-control': 'public, max-age=0, must-revalidate' },
  };
}

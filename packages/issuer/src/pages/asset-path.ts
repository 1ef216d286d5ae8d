import type { Site } from './site.ts';

/** Where a page finds a style sheet, a script or a picture of its own. */
export function assetPath(site: Site, name: string): string {
  return `${site.base}/assets/${name}`;
}

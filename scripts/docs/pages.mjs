// Which files of the repository are pages of the site, and where.
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Where the repository is on the web: for links to files that are no pages. */
export const FORGE = 'https://github.com/sealroom/sealroom/blob/main/';

/**
 * The page of a file, as a path in the site with `.md`.
 *
 * @param {string} path from the root of the repository
 * @returns {string | null} null if the file is no page
 */
export function pageOf(path) {
  const notebook = /^(notebooks\/.+)\.ipynb$/.exec(path)?.[1];
  if (notebook !== undefined) return `${notebook}.md`;
  const document = /^docs\/(.+)\.md$/.exec(path)?.[1];
  return document === undefined ? null : `${document.replace(/(^|\/)README$/, '$1index')}.md`;
}

/**
 * The page of the API reference that describes a file of the public API, as a path in the site.
 *
 * @param {string} path from the root of the repository
 * @returns {string | null} null if the file is no entry point of the package
 */
export function referenceOf(path) {
  if (path === 'src/index.ts') return 'api/modules/sealroom.html';
  const name = /^src\/public\/(.+)\.ts$/.exec(path)?.[1];
  return name === undefined ? null : `api/modules/sealroom_${name}.html`;
}

/**
 * The file that a page was made from: the other way round than {@link pageOf}.
 *
 * @param {string} page
 */
export function sourceOf(page) {
  if (page.startsWith('notebooks/')) return page.replace(/\.md$/, '.ipynb');
  return `docs/${page.replace(/(^|\/)index\.md$/, '$1README.md')}`;
}

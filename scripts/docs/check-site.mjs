// Reads the finished site as a browser would: every link leads to a page, a heading or a file, and nothing is loaded from elsewhere.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';

/** Elements that load what they name. */
const LOADED = /<(?:script|img|iframe|source|link)\b[^>]*?\s(?:src|href)="([^"]+)"/g;
const LINK = /<a\b[^>]*?\shref="([^"]*)"/g;
const IDENTIFIER = /\sid="([^"]+)"/g;
const REMOTE = /^(https?:)?\/\//;

/**
 * What is wrong in a site.
 *
 * @param {string} folder
 * @returns {string[]} one line for each fault, none if there is none
 */
export function checkSite(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
  /** @type {Map<string, { html: string, identifiers: Set<string> }>} */
  const pages = new Map();
  for (const file of files.filter((name) => name.endsWith('.html'))) {
    const html = readFileSync(join(folder, file), 'utf8');
    pages.set(file, { html, identifiers: new Set([...html.matchAll(IDENTIFIER)].map(([, id = '']) => decode(id))) });
  }
  return [
    ...[...pages].flatMap(([file, { html }]) => [
      ...faults(html, LINK, (href) => brokenLink(file, href)).map((fault) => `${file}: ${fault}`),
      ...faults(html, LOADED, (path) => (REMOTE.test(path) ? 'is loaded from elsewhere' : null)).map(
        (fault) => `${file}: ${fault}`,
      ),
    ]),
    ...files
      .filter((file) => file.endsWith('.css'))
      .filter((file) => /(@import|url\()\s*['"]?(https?:)?\/\//.test(readFileSync(join(folder, file), 'utf8')))
      .map((file) => `${file}: loads from elsewhere`),
  ];

  /** @param {string} file @param {string} href */
  function brokenLink(file, href) {
    if (/^([a-z]+:|\/\/)/i.test(href)) return null;
    const [path = '', anchor = ''] = decode(href).split('#');
    const from = path.startsWith('/') ? '' : posix.dirname(file);
    const place = path === '' ? file : posix.join(from, path.replace(/^\//, ''));
    const target = place === '.' || place.endsWith('/') ? posix.join(place, 'index.html') : place;
    if (!existsSync(join(folder, target))) return 'leads nowhere';
    const page = pages.get(target);
    return anchor === '' || page === undefined || page.identifiers.has(anchor) ? null : 'leads to no heading';
  }
}

/** @param {string} html @param {RegExp} pattern @param {(target: string) => string | null} judge */
function faults(html, pattern, judge) {
  const targets = new Set([...html.matchAll(pattern)].map(([, target = '']) => target));
  return [...targets].flatMap((target) => {
    const fault = judge(target);
    return fault === null ? [] : [`${target} ${fault}`];
  });
}

/** @param {string} text as it is in an attribute of HTML */
function decode(text) {
  const plain = text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&');
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

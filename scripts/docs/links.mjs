// Links of the documents, which lead to files of the repository, as links of the site.
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { FORGE, pageOf, referenceOf, ROOT, sourceOf } from './pages.mjs';

/**
 * @typedef {import('vitepress').MarkdownRenderer} MarkdownRenderer
 * @typedef {Parameters<Parameters<MarkdownRenderer['core']['ruler']['push']>[1]>[0]} State
 * @typedef {State['tokens'][number]} Token
 */

/** A file that a document names in a code span, such as `docs/keys.md`. */
const NAMED_DOCUMENT = /^docs\/[\w./-]+\.md$/;

/**
 * Makes a reader of Markdown send links to pages, to the API reference, or to the repository on the web. A document that is named in a
 * code span becomes a link as well.
 *
 * @param {MarkdownRenderer} markdown
 */
export function linkPages(markdown) {
  markdown.core.ruler.push('link_pages', (state) => {
    const page = String(state.env.relativePath);
    for (const block of state.tokens) {
      if (block.type !== 'inline' || block.children === null) continue;
      for (const token of block.children) {
        const href = token.type === 'link_open' ? token.attrGet('href') : null;
        if (href !== null) token.attrSet('href', resolveLink(page, href));
      }
      block.children = linkNamed(block.children, page, state.Token);
    }
  });
}

/**
 * Where a link of a page leads in the site.
 *
 * @param {string} page
 * @param {string} href as the document has it
 * @returns {string}
 * @throws {Error} if the repository has no such file
 */
export function resolveLink(page, href) {
  if (/^([a-z]+:|#)/.test(href)) return href;
  const [path = '', anchor] = href.split('#');
  const source = sourceOf(page);
  const target = posix.join(posix.dirname(source), path);
  if (!existsSync(join(ROOT, target))) throw new Error(`${source} links to ${target}, which is not there`);
  const hash = anchor === undefined ? '' : `#${anchor}`;
  const inside = pageOf(target) ?? referenceOf(target);
  return inside === null ? `${FORGE}${target}${hash}` : posix.relative(posix.dirname(page), inside) + hash;
}

/**
 * @param {Token[]} tokens
 * @param {string} page
 * @param {State['Token']} TokenType
 */
function linkNamed(tokens, page, TokenType) {
  let isInLink = false;
  return tokens.flatMap((token) => {
    if (token.type === 'link_open') isInLink = true;
    if (token.type === 'link_close') isInLink = false;
    if (isInLink || token.type !== 'code_inline' || !NAMED_DOCUMENT.test(token.content)) return [token];
    const open = new TokenType('link_open', 'a', 1);
    const from = posix.dirname(sourceOf(page));
    open.attrSet('href', resolveLink(page, posix.relative(from, token.content)));
    return [open, token, new TokenType('link_close', 'a', -1)];
  });
}

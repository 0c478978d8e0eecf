import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkSite } from '../../scripts/docs/check-site.mjs';
import { resolveLink } from '../../scripts/docs/links.mjs';
import { pageOfNotebook } from '../../scripts/docs/notebooks.mjs';
import { pageOf, sourceOf } from '../../scripts/docs/pages.mjs';
import { sidebar } from '../../scripts/docs/stage.mjs';
import { listFiles, readText } from './repository.ts';

/** What is wrong in a site of some pages. */
function faultsOf(pages: Readonly<Record<string, string>>): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'sealroom-site-'));
  try {
    for (const [name, text] of Object.entries(pages)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return checkSite(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the check of the site', () => {
  test('accepts pages, headings, files and other servers as targets of links', () => {
    expect(
      faultsOf({
        'index.html':
          '<a href="/a.html#x">a</a><a href="a/">a</a><a href="#y">y</a><p id="y"><a href="https://x.y/">x</a>',
        'a.html': '<h2 id="x">x</h2><a href="./a/index.html">a</a><img src="/p.svg">',
        'a/index.html': '<a href="../a.html">a</a>',
        'p.svg': '<svg/>',
      }),
    ).toEqual([]);
  });

  test.each([
    ['a page that is not there', '<a href="b.html">b</a>', 'index.html: b.html leads nowhere'],
    ['a heading that is not there', '<a href="#b">b</a>', 'index.html: #b leads to no heading'],
    [
      'a script of another server',
      '<script src="https://cdn.x/a.js"></script>',
      'index.html: https://cdn.x/a.js is loaded from elsewhere',
    ],
    [
      'a font of another server',
      '<link rel="stylesheet" href="//fonts.x/a.css">',
      'index.html: //fonts.x/a.css is loaded from elsewhere',
    ],
  ])('finds %s', (_what, html, fault) => {
    expect(faultsOf({ 'index.html': html })).toEqual([fault]);
  });

  test('finds what a style sheet loads', () => {
    expect(faultsOf({ 'a.css': '@font-face { src: url("https://fonts.x/a.woff2") }' })).toEqual([
      'a.css: loads from elsewhere',
    ]);
  });
});

describe('links of documents', () => {
  test.each([
    ['keys.md', 'rotation.md#when-a-member-leaves', 'rotation.md#when-a-member-leaves'],
    ['decisions/001-runtime-dependencies.md', '../keys.md', '../keys.md'],
    ['keys.md', '../notebooks/first-collaboration.ipynb', 'notebooks/first-collaboration.md'],
    ['api.md', '../src/public/crypto.ts', 'api/modules/sealroom_crypto.html'],
    ['api.md', '../src/index.ts', 'api/modules/sealroom.html'],
    ['keys.md', '../SECURITY.md', 'https://github.com/sealroom/sealroom/blob/main/SECURITY.md'],
    ['keys.md', 'https://age-encryption.org/v1', 'https://age-encryption.org/v1'],
  ])('of %s: %s leads to %s', (page, href, target) => {
    expect(resolveLink(page, href)).toBe(target);
  });

  test('to a file that is not there fail', () => {
    expect(() => resolveLink('keys.md', 'kyes.md')).toThrow('docs/keys.md links to docs/kyes.md, which is not there');
  });
});

test('every document and notebook has a page of its own, and is found again from it', () => {
  const files = listFiles().filter((file) => /^docs\/.*\.md$|^notebooks\/.*\.ipynb$/.test(file));
  const pages = files.map((file) => pageOf(file) ?? '');
  expect(new Set(pages).size).toBe(files.length);
  expect(pages.map(sourceOf)).toEqual(files);
});

test('the menu has every document of docs/README.md, and every notebook', () => {
  const links = sidebar().flatMap(({ items }) => items);
  const notebooks = listFiles('notebooks').filter((file) => file.endsWith('.ipynb'));
  const entries = readText('docs/README.md').match(/^- \[/gm) ?? [];
  expect(links).toHaveLength(entries.length + notebooks.length);
});

describe('a notebook as a page', () => {
  const page = pageOfNotebook(
    JSON.stringify({
      metadata: { language_info: { name: 'python' } },
      cells: [
        { cell_type: 'markdown', source: ['# Title\n', 'words'] },
        {
          cell_type: 'code',
          source: 'print(1)',
          outputs: [
            { output_type: 'stream', text: ['1 < 2\n'] },
            { output_type: 'display_data', data: { 'text/plain': 'x', 'text/html': '<script>x</script>' } },
          ],
        },
      ],
    }),
  );

  test('has its words and its code in their order', () => {
    expect(page).toMatch(
      /^# Title\nwords\n\n```python\nprint\(1\)\n```\n\n<div class="answer" v-html="answers\[0\]" \/>/,
    );
  });

  test('has its answers as texts that end no script', () => {
    expect(page.split('<script setup>')[1]).toBe(
      '\nconst answers = ["\\u003cpre>1 &lt; 2\\n\\u003c/pre>","\\u003cscript>x\\u003c/script>"];\n</script>\n',
    );
  });
});

test('no document has HTML outside of code, which forges drop', () => {
  const tagged = listFiles('docs')
    .filter((file) => file.endsWith('.md'))
    .filter((file) =>
      /<\/?[a-z][^\n]*?>/i.test(
        readText(file)
          .replaceAll(/^ *(```|~~~)[^]*?^ *\1/gm, '')
          .replaceAll(/(`+)[^]*?[^`]\1(?!`)/g, ''),
      ),
    );
  expect(tagged).toEqual([]);
});

// The site of the documents: one page for each file that `npm run docs` has staged.
import { slug } from 'github-slugger';
import { defineConfig } from 'vitepress';
import { linkPages } from '../links.mjs';
import { OUTPUT, sidebar, STAGE } from '../stage.mjs';

const menu = sidebar();

export default defineConfig({
  lang: 'en',
  title: 'sealroom',
  description: 'Encrypt tables, join them without the key, decrypt the result.',
  srcDir: STAGE,
  outDir: OUTPUT,
  cacheDir: `${STAGE}/.cache`,
  // typedoc makes these pages after the others; check-site.mjs follows every link in the end.
  ignoreDeadLinks: [/(^|\/)api\//],
  markdown: {
    // The anchors of forges: a link leads to the same heading here and there.
    anchor: { slugify: slug },
    config: linkPages,
  },
  themeConfig: {
    // The first two of the first steps.
    nav: [...(menu[0]?.items.slice(0, 2) ?? []), { text: 'API reference', link: '/api/index.html', target: '_self' }],
    sidebar: menu,
    outline: [2, 3],
    search: { provider: 'local' },
  },
});

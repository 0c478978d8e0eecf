// Puts together what the site is made of: documents as they are, and notebooks as Markdown.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { pageOfNotebook } from './notebooks.mjs';
import { pageOf, ROOT } from './pages.mjs';

export const STAGE = join(ROOT, 'out', 'docs');
export const OUTPUT = join(ROOT, 'site');

/** @param {string} folder */
function filesOf(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('.ipynb_checkpoints'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort();
}

const notebooks = () => filesOf('notebooks').filter((path) => path.endsWith('.ipynb'));

/** Writes the pages to `STAGE`. Pictures keep their places beside them. */
export function stage() {
  rmSync(STAGE, { recursive: true, force: true });
  for (const path of [...filesOf('docs'), ...notebooks()]) {
    const page = pageOf(path);
    const target = join(STAGE, page ?? path.replace(/^docs\//, ''));
    mkdirSync(dirname(target), { recursive: true });
    if (path.endsWith('.ipynb')) writeFileSync(target, pageOfNotebook(readFileSync(join(ROOT, path), 'utf8')));
    else cpSync(join(ROOT, path), target);
  }
}

/**
 * The menu: the headings and entries of docs/README.md in their order, then the notebooks by their titles.
 *
 * @returns {{ text: string, collapsed?: boolean, items: { text: string, link: string }[] }[]}
 */
export function sidebar() {
  const sections = readFileSync(join(ROOT, 'docs', 'README.md'), 'utf8')
    .split(/^## /m)
    .slice(1);
  const ofDocuments = sections.map((section) => {
    const [title = ''] = section.split('\n');
    const entries = [...section.matchAll(/^- \[([^\]]+)\]\(([^)#]+\.md)\)/gm)];
    return { text: title, items: entries.map(([, text = '', path = '']) => ({ text, link: linkTo(`docs/${path}`) })) };
  });
  const ofNotebooks = notebooks().map((path) => ({ text: titleOf(path), link: linkTo(path) }));
  return [...ofDocuments, { text: 'Notebooks', items: ofNotebooks }];
}

/** @param {string} path */
function linkTo(path) {
  return `/${(pageOf(path) ?? path).replace(/(index)?\.md$/, '')}`;
}

/** @param {string} path a notebook */
function titleOf(path) {
  const page = pageOfNotebook(readFileSync(join(ROOT, path), 'utf8'));
  return /^# (.+)$/m.exec(page)?.[1] ?? path;
}

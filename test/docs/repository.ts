import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, '..', '..');

/** Folders that others fill: packages, builds, output of programs. */
const FOREIGN = new Set(['.git', '.cache', 'node_modules', 'dist', 'out', 'site', '.ipynb_checkpoints']);

/** What the build writes between the sources. */
const GENERATED = /(^|\/)binary\.ts$/;

/** The files of the repository, as paths from its root with `/`, without what is generated. */
export function listFiles(folder = ''): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return FOREIGN.has(entry.name) ? [] : listFiles(path);
    return entry.isFile() && !GENERATED.test(path) ? [path] : [];
  });
}

/** The text of a file of the repository. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Whether the repository has a file or a folder of this path. */
export function isThere(path: string): boolean {
  return existsSync(join(ROOT, path));
}

/** The code spans of a Markdown text, without its code blocks. */
export function codeSpans(markdown: string): readonly string[] {
  return [...withoutBlocks(markdown).matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
}

/** The targets of the links of a Markdown text that lead into the repository. */
export function localLinks(markdown: string): readonly string[] {
  return [
    ...withoutBlocks(markdown)
      .replaceAll(/`[^`\n]+`/g, '')
      .matchAll(/\]\(([^()\s]+)\)/g),
  ]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors of a Markdown text's headings, as forges make them. */
export function anchorsOf(markdown: string): readonly string[] {
  return [...withoutBlocks(markdown).matchAll(/^#{1,6} (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutBlocks(markdown: string): string {
  return markdown.replaceAll(/^(```|~~~)[^]*?^\1/gm, '');
}

import { dirname, posix } from 'node:path';
import { expect, test } from 'vitest';
import { isThere, listFiles, readText } from '../docs/repository.ts';

/** What a person wrote: vectors and what programs made from them are not. */
const WRITTEN = /(\.(ts|mjs|js|py|go|vp|md|ya?ml|ipynb)|\.ci\/run|(^|\/)(tsconfig|package|knip)[\w.]*\.json)$/;

/** These tests plant mentions of documents that do not exist. */
const PLANTING = ['test/tooling/cited-documents.test.ts', 'test/docs/site.test.ts'];

/** Names of Markdown files in a text, without those in addresses of the web and in forms such as `docs/<name>.md`. */
function mentions(text: string): readonly string[] {
  const local = text.replaceAll(/\bhttps?:\/\/[^\s)>"'`]+/g, '').replaceAll(/[\w./-]*[<$*][^\s`]*\.md\b/g, '');
  return [...local.matchAll(/(?<![\w./-])(?:\.{1,2}\/)*\w[\w./-]*\.md\b/g)].map((match) => match[0]);
}

/** A document is named from the root, or from the folder that the mention is in. */
function resolves(mention: string, file: string): boolean {
  return isThere(mention) || isThere(posix.join(dirname(file), mention));
}

test('no comment, rule, script or document cites a document that is not in the repository', () => {
  const lost = listFiles()
    .filter((file) => WRITTEN.test(file) && !file.startsWith('test/vectors/') && !PLANTING.includes(file))
    .flatMap((file) =>
      mentions(readText(file))
        .filter((mention) => !resolves(mention, file))
        .map((mention) => `${file}: ${mention}`),
    );
  expect(lost).toEqual([]);
});

test.each([
  ['// as notes.md 4.2 says', ['notes.md']],
  ['see `docs/lost.md`, and https://example.org/far/away.md', ['docs/lost.md']],
  ['docs/<name>.md, docs/*.md and ${ROOT}/docs/lost.md', []],
  ['[up](../README.md)', ['../README.md']],
])('finds the documents in %j', (text, found) => {
  expect(mentions(text)).toEqual(found);
});

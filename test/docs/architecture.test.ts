import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LAYERS } from '../../.dependency-cruiser.mjs';
import { codeSpans, isThere, readText, ROOT } from './repository.ts';

const TEXT = readText('docs/code/architecture.md');

/** The text under a heading of the second or third level. */
function section(title: string): string {
  const text = TEXT.split(/^###? /m).find((part) => part.startsWith(`${title}\n`));
  if (text === undefined) throw new Error(`docs/code/architecture.md has no section ${title}`);
  return text;
}

/** The rows of the first table in a text, as cells. */
function rowsOf(text: string): readonly (readonly string[])[] {
  return [...text.matchAll(/^\|(.+)\|$/gm)]
    .map((match) => (match[1] ?? '').split('|').map((cell) => cell.trim()))
    .slice(2);
}

test('the layer table is that of the build: folders in their order, and what each may import', () => {
  const table = rowsOf(section('Layers')).map(([folder = '', imports = '']) => [
    codeSpans(folder)[0],
    codeSpans(imports),
  ]);
  expect(table).toEqual(Object.entries(LAYERS));
});

test('the tree names every folder of src/, and none that is not there', () => {
  const tree = /```\n([^]*?)```/.exec(section('The tree'))?.[1] ?? '';
  const named = [...tree.matchAll(/^ {2}([a-z-]+)\//gm)].map((match) => match[1]);
  const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
  expect([...named].sort()).toEqual(folders.sort());
});

describe.each(['A row', 'A query', 'A secret', 'A result'])('the walk: %s', (title) => {
  const files = codeSpans(section(title)).filter((span) => /^(src|cli)\/.*\.ts$/.test(span));

  test('names the files on its way, and all of them are there', () => {
    expect(files.length).toBeGreaterThan(5);
    expect(files.filter((file) => !isThere(file))).toEqual([]);
  });
});

describe.each(['docs/code/architecture.md', 'docs/code/conventions.md', 'docs/code/debugging.md', 'CONTRIBUTING.md'])(
  '%s',
  (document) => {
    test('names only files that are there', () => {
      const paths = codeSpans(readText(document)).filter((span) =>
        /^(src|cli|test|docs|scripts|samples|bench)\/[\w./-]+\.(ts|mjs|md)$/.test(span),
      );
      expect(paths.filter((path) => !isThere(path))).toEqual([]);
    });

    test('names only scripts that package.json has', () => {
      const { scripts } = JSON.parse(readText('package.json')) as {
        readonly scripts: Readonly<Record<string, string>>;
      };
      const named = [...readText(document).matchAll(/npm run (?:-s )?([\w:-]+)/g)].map((match) => match[1] ?? '');
      expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    });
  },
);

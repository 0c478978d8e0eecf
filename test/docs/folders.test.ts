import { dirname, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeSpans, isThere, listFiles, readText } from './repository.ts';

const FILES = listFiles();

/** A folder with more files than this has a README that says where to begin. */
const FILES_WITHOUT_README = 5;

const MAX_LINES = 30;

/** Data of other programs, whose folders have no order to explain, and folders whose README is for users. */
const EXEMPT = /^(\.|python|test\/vectors(\/.*)?)$/;

/** Indexes: as long as what they list. */
const INDEXES = ['docs/README.md', 'docs/decisions/README.md'];

const FOLDERS = [...new Set(FILES.map((file) => dirname(file)))].filter((folder) => !EXEMPT.test(folder)).sort();
const READMES = FILES.filter((file) => posix.basename(file) === 'README.md' && !EXEMPT.test(dirname(file)));

/** What looks like the path of a source, a script or a document, or of a folder. */
const PATH = /^[\w.@-]+(\/[\w.@-]+)*(\.(ts|mjs|js|py|go|vp|md)|\/)$/;

/** Whether a README may mean something by a path: from the root, or somewhere in its own folder. */
function isKnown(path: string, folder: string): boolean {
  if (isThere(path) || isThere(posix.join(folder, path))) return true;
  const inFolder = FILES.filter((file) => file.startsWith(`${folder}/`)).map((file) => file.slice(folder.length));
  return inFolder.some((file) => (path.endsWith('/') ? file.includes(`/${path}`) : file.endsWith(`/${path}`)));
}

test(`every folder of more than ${String(FILES_WITHOUT_README)} files has a README.md`, () => {
  const missing = FOLDERS.filter((folder) => {
    const own = FILES.filter((file) => dirname(file) === folder && posix.basename(file) !== 'README.md');
    return own.length > FILES_WITHOUT_README && !READMES.includes(`${folder}/README.md`);
  });
  expect(missing).toEqual([]);
});

describe('the README of a folder', () => {
  test.each(READMES.filter((file) => !INDEXES.includes(file)))(`%s has at most ${String(MAX_LINES)} lines`, (file) => {
    expect(readText(file).trimEnd().split('\n').length).toBeLessThanOrEqual(MAX_LINES);
  });

  test.each(READMES)('%s names only files and folders that are there', (file) => {
    const named = codeSpans(readText(file)).filter((span) => PATH.test(span));
    expect(named.filter((path) => !isKnown(path, dirname(file)))).toEqual([]);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** What reads, or makes and removes whole directories; everything else of `node:fs` makes or changes files. */
const HARMLESS = [
  'FileHandle',
  'closeSync',
  'createReadStream',
  'existsSync',
  'lstat',
  'mkdir',
  'open',
  'openSync',
  'readFile',
  'readFileSync',
  'readdir',
  'realpath',
  'rm',
  'stat',
];

/** Who opens a file in another way than for reading or makes a folder, and why it need not be there whole or not at all. */
const REASONS: Readonly<Record<string, string>> = {
  'src/audit/create-log.ts': 'records are appended, and count once a checkpoint is signed over them; and its lock',
  'src/audit/log-file.ts': 'the lock of a log, which stays empty',
  'src/clean-rooms/results.ts': 'a download in a temporary folder, which is removed once it is decrypted',
  'src/custody/directory-lock.ts': 'the lock of a home, which stays empty',
  'src/engine/data-link.ts': 'a folder for a socket, which is gone once both ends are connected',
  'src/room/room-files.ts': 'the lock of a room, which stays empty',
};

/** How a source file writes by itself: what it imports, and how it opens files. */
function writesIn(text: string): readonly string[] {
  const imports = [...text.matchAll(/import (?:type )?([^;]*?) from '(?:node:)?fs(?:\/promises)?'/gs)].flatMap(
    ([, names = '']) => {
      const listed = /^\{(.*)\}$/s.exec(names)?.[1];
      if (listed === undefined) return [names];
      const each = listed.split(',').map((name) => name.trim().replace(/^type /, ''));
      return each.filter((name) => name !== '' && !HARMLESS.includes(name));
    },
  );
  const isImported = /from '(?:node:)?fs(?:\/promises)?'/.test(text);
  const opened = isImported ? [...text.matchAll(/(?<![.#\w])open(?:Sync)?\([^;]*?'(r\+|w\+?|wx\+?|a\+?|ax\+?)'/g)] : [];
  const loaded = [...text.matchAll(/import\('(?:node:)?fs/g)];
  return [...imports, ...opened.map(([, flags = '']) => `open ${flags}`), ...loaded.map(() => 'import()')];
}

function sources(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name).replaceAll('\\', '/'));
}

test('files are written in src/files only', () => {
  const found: Record<string, readonly string[]> = {};
  for (const file of [...sources('src'), ...sources('cli')]) {
    if (file.startsWith('src/files/')) continue;
    const writes = writesIn(readFileSync(file, 'utf8'));
    if (writes.length > 0) found[file] = writes;
  }
  expect(Object.keys(found).sort()).toEqual(Object.keys(REASONS).sort());
  expect(
    Object.values(found)
      .flat()
      .filter((write) => !write.startsWith('open ') && write !== 'mkdtemp'),
  ).toEqual([]);
});

test.each([
  [`import { readFile, rename } from 'node:fs/promises';`, 'rename'],
  [`import {\n  type FileHandle,\n  writeFileSync,\n} from 'node:fs';`, 'writeFileSync'],
  [`import * as fs from 'fs';`, '* as fs'],
  [`import { open } from 'node:fs/promises';\nconst file = await open(join(a, b), 'wx', 0o600);`, 'open wx'],
  [`import { openSync } from 'node:fs';\nconst file = openSync(path, 'w');`, 'open w'],
  [`const { cp } = await import('node:fs/promises');`, 'import()'],
])('a writer would be found: %j', (text, write) => {
  expect(writesIn(text)).toEqual([write]);
});

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RENAMED } from '#cli/grammar/old-spellings';

/** Folders whose texts are read and copied by people. */
const FOLDERS = ['docs', 'samples', 'notebooks', 'README.md', 'SECURITY.md', 'CONTRIBUTING.md'];

function filesBelow(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path).flatMap((name) => filesBelow(join(path, name)));
}

/** The command lines of a text: from the words of a command to the end of the line or of the code in it. */
function linesOf(text: string, command: string): string[] {
  return [...text.matchAll(new RegExp(`(?:sealroom|^|\`)\\s*${command} ([^\`\\n#|]*)`, 'gm'))].map(
    ([, line = '']) => line,
  );
}

test.each(Object.entries(RENAMED))('%s is written with the names that its options have now', (command, renamed) => {
  const files = FOLDERS.flatMap(filesBelow).filter((file) => /\.(md|ts|sh|ipynb|ya?ml|json)$/.test(file));
  const found = files.flatMap((file) =>
    linesOf(readFileSync(file, 'utf8'), command).flatMap((line) =>
      line
        .split(/\s+/)
        .filter((word) => Object.hasOwn(renamed, word.split('=', 1)[0] ?? ''))
        .map((word) => `${file}: ${command} ${word}`),
    ),
  );
  expect(found).toEqual([]);
});

test('the check finds an old spelling', () => {
  expect(linesOf('Run `collab sign m.yaml --key a` or\nsealroom collab sign b -k c # x', 'collab sign')).toEqual([
    'm.yaml --key a',
    'b -k c ',
  ]);
});

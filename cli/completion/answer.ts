import { readFile } from 'node:fs/promises';
import { completeWords } from './complete.ts';
import type { ReferenceCommand } from './reference.ts';

/** All commands as data, which the build writes: to load their modules takes longer than somebody waits for a word. */
const REFERENCE = new URL('./reference.json', import.meta.url);

/** Answers a completion script: one word a line, with a tab and what it means, or `:files` or `:directories`. */
export async function answerCompletion(cwd: string, words: readonly string[]): Promise<string> {
  const root = JSON.parse(await readFile(REFERENCE, 'utf8')) as ReferenceCommand;
  const completion = completeWords(root, words);
  switch (completion.kind) {
    case 'files':
    case 'directories':
      return `:${completion.kind}\n`;
    case 'words':
      return completion.words.map(([word, describe]) => `${word}\t${describe}\n`).join('');
    case 'names': {
      // Loaded only where a name is wanted: reading manifests takes a parser.
      const { readNames } = await import('./names.ts');
      const current = words.at(-1) ?? '';
      const names = (await readNames(cwd, words, completion.of)).map((name) => completion.prefix + name);
      return names
        .filter((name) => name.startsWith(current))
        .map((name) => `${name}\t\n`)
        .join('');
    }
  }
}

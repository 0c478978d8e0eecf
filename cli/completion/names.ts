import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/** The manifest that the words of a command line name; `undefined` if they name none. */
function manifestOf(words: readonly string[]): string | undefined {
  const at = words.indexOf('--manifest');
  const joined = words.find((word) => word.startsWith('--manifest='));
  if (at >= 0) return words[at + 1];
  return joined?.slice('--manifest='.length) ?? words.find((word) => /\.(ya?ml|json)$/.test(word));
}

/** The ids and names in the manifest that the words name, in its order; none if there is no manifest that can be read. */
export async function readNames(
  cwd: string,
  words: readonly string[],
  of: 'members' | 'tables' | 'templates',
): Promise<readonly string[]> {
  const file = manifestOf(words);
  if (file === undefined) return [];
  try {
    const { parseManifest } = await import('../../src/collab/index.ts');
    const { members, tables, templates } = parseManifest(await readFile(resolve(cwd, file), 'utf8'));
    switch (of) {
      case 'members':
        return members.map(({ id }) => id);
      case 'tables':
        return tables.map(({ name }) => name);
      case 'templates':
        return templates.map(({ id }) => id);
    }
  } catch {
    // Nobody reads an error in the middle of a word: there is nothing to offer.
    return [];
  }
}

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import process from 'node:process';

/** The manifest that the words of a command line name; `undefined` if they name none. */
function manifestOf(words: readonly string[]): string | undefined {
  const at = words.indexOf('--manifest');
  const joined = words.find((word) => word.startsWith('--manifest='));
  if (at >= 0) return words[at + 1];
  return joined?.slice('--manifest='.length) ?? words.find((word) => /\.(ya?ml|json)$/.test(word));
}

/** The manifest of the project file that is in use; `undefined` if it names none. */
async function manifestOfProject(cwd: string): Promise<string | undefined> {
  const { findProject } = await import('../../src/project/index.ts');
  return (await findProject(cwd, process.env)).project?.values.manifest;
}

/**
 * The ids and names in the manifest that the words name, or else the project file, in its order; none if there is no manifest that can
 * be read.
 */
export async function readNames(
  cwd: string,
  words: readonly string[],
  of: 'members' | 'tables' | 'templates',
): Promise<readonly string[]> {
  try {
    const file = manifestOf(words) ?? (await manifestOfProject(cwd));
    if (file === undefined) return [];
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

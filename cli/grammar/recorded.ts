import { readFile } from 'node:fs/promises';
import type { CommandDeclaration } from './declarations.ts';

/** What the build writes down of all commands. */
const FILE = new URL('./declarations.json', import.meta.url);

/**
 * What the commands of the first level declare, by their names. The build has written it down, because to ask the commands themselves
 * loads all that they need to run: help, and a mistake among the arguments, need none of it.
 */
export async function readDeclarations(): Promise<Readonly<Record<string, CommandDeclaration>>> {
  return JSON.parse(await readFile(FILE, 'utf8')) as Readonly<Record<string, CommandDeclaration>>;
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileExists, writeWholeFile } from '../../files/index.ts';
import {
  draftProject,
  insertProjectTable,
  type Project,
  PROJECT_FILE,
  type ProjectTable,
  type ProjectValues,
} from '../../project/index.ts';

/**
 * Writes the project file of a directory, unless it has one.
 *
 * @param directory absolute path
 * @param values absolute paths
 * @returns the absolute path, and whether it was written
 * @throws {SealroomError} IO_WRITE
 */
export async function startProject(
  directory: string,
  values: ProjectValues,
): Promise<{ readonly file: string; readonly isNew: boolean }> {
  const file = join(directory, PROJECT_FILE);
  if (await fileExists(file)) return { file, isNew: false };
  await writeWholeFile(file, draftProject(file, values), { overwrite: false });
  return { file, isNew: true };
}

/**
 * Writes the files of a table into a project file.
 *
 * @param table absolute paths
 * @throws {SealroomError} IO_WRITE
 */
export async function noteProjectTable({ file }: Project, name: string, table: ProjectTable): Promise<void> {
  const text = await readFile(file, 'utf8');
  await writeWholeFile(file, insertProjectTable(text, file, name, table), { overwrite: true });
}

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SealroomError, systemReason } from '../../errors/index.ts';
import type { FoundProvenance } from '../../tabular/index.ts';

/** A table and its origin. */
export interface ProtectedTable {
  /** Absolute. */
  readonly file: string;
  /** `null` if it is unknown. */
  readonly origin: FoundProvenance | null;
}

/**
 * Finds the named tables, and all tables with a known origin in a directory and below.
 *
 * @throws {SealroomError} IO_READ; as `readProvenance`.
 */
export async function findTables(
  directory: string | null,
  files: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly ProtectedTable[]> {
  if (directory === null && files.length === 0) return [];
  // Loaded here, because most actions on keys read no table.
  const { readProvenance } = await import('../../tabular/index.ts');
  const found = directory === null ? [] : await listTables(directory);
  const read = async (file: string): Promise<ProtectedTable> => ({
    file,
    origin: await readProvenance(file, { signal }),
  });
  const tables: ProtectedTable[] = [];
  for (const file of files) tables.push(await read(file));
  for (const file of found.filter((each) => !files.includes(each))) {
    const table = await read(file);
    if (table.origin !== null) tables.push(table);
  }
  return tables;
}

async function listTables(directory: string): Promise<readonly string[]> {
  const { formatOf } = await import('../../tabular/index.ts');
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && formatOf(entry.name) !== null)
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    throw new SealroomError('IO_READ', `cannot read: ${systemReason(error)}`, {
      where: { file: directory },
      cause: error,
    });
  }
}

import { readFile } from 'node:fs/promises';
import { companionOf, readFailure, signaturePath } from '../files/index.ts';
import type { TableInput } from '../tabular/index.ts';
import type { TableSignature } from './table-signature.ts';

/**
 * Reads the signature beside a table; `null` if there is none, or the table is not a file. The table is not yet compared with it:
 * `checkedTable` does.
 *
 * @throws {SealroomError} FORMAT_SIGNATURE as `parseTableSignature`; IO_READ.
 */
export async function readTableSignature(input: TableInput): Promise<TableSignature | null> {
  if (input.kind !== 'file') return null;
  const file = await companionOf(input.path, signaturePath);
  const text = await readIfThere(file);
  if (text === null) return null;
  // Most tables have none, and loading what reads it takes longer than encrypting a small table.
  const { parseTableSignature } = await import('./parse-table-signature.ts');
  return parseTableSignature(text, file);
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw readFailure(error, file);
  }
}

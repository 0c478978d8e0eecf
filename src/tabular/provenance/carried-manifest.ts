import { formatOf } from '../input-output.ts';
import { TABLE_KEYS } from './place.ts';

/** What a protected table says of the manifest that it was encrypted under. Nothing of it is authenticated: the manifest is signed. */
export interface CarriedTable {
  /** Name of the table in the manifest. */
  readonly table: string;
  /** Text of the manifest. */
  readonly manifest: string;
}

/** The metadata of a Parquet file that is a table of a manifest. */
export function metadataOfTable({ table, manifest }: CarriedTable): ReadonlyMap<string, string> {
  return new Map([
    [TABLE_KEYS.table, table],
    [TABLE_KEYS.manifest, manifest],
  ]);
}

/**
 * Reads which table of which manifest a Parquet file is; `null` if it does not say so, or has another format.
 *
 * @param path absolute path
 * @throws {SealroomError} IO_READ, DATA_CORRUPT if it cannot be read.
 */
export async function readCarriedTable(path: string): Promise<CarriedTable | null> {
  if (formatOf(path) !== 'parquet') return null;
  const { readKeyValue } = await import('../parquet/read.ts');
  const table = await readKeyValue(path, path, TABLE_KEYS.table);
  const manifest = await readKeyValue(path, path, TABLE_KEYS.manifest);
  return table === null || manifest === null ? null : { table, manifest };
}

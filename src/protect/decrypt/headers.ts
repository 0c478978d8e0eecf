import { SealroomError } from '../../errors/index.ts';
import type { Field } from '../../columns/index.ts';
import type { TableFormat, TableReader } from '../../tabular/index.ts';

/**
 * Refuses a table with a blank header.
 *
 * @throws {SealroomError} DATA_HEADER naming the place of the first one.
 */
export function requireHeaders(reader: TableReader): void {
  const blank = reader.fields.findIndex((field) => field.name.trim() === '');
  if (blank === -1) return;
  throw new SealroomError('DATA_HEADER', `column ${String(blank + 1)} has a blank header`, {
    where: { file: reader.name },
  });
}

/**
 * The headers of the decrypted table: those of the input. Only in Parquet, whose readers ignore the case of headers, a
 * repeated one gets a number.
 */
//= format F-68
export function headersOf(fields: readonly Field[], outputFormat: TableFormat): readonly string[] {
  const headers = fields.map((field) => field.name);
  if (outputFormat !== 'parquet') return headers;
  const given = new Set(headers.map((header) => header.toLowerCase()));
  const taken = new Set<string>();
  return headers.map((header) => {
    let name = header;
    for (let count = 1; taken.has(name.toLowerCase()); count++) {
      const candidate = `${header}_${String(count)}`;
      if (!given.has(candidate.toLowerCase())) name = candidate;
    }
    taken.add(name.toLowerCase());
    return name;
  });
}

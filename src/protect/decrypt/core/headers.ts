import type { ColumnSource, Field } from '../../../columns/index.ts';
import { SealroomError } from '../../../errors/index.ts';

/**
 * Refuses a table with a blank header.
 *
 * @throws {SealroomError} DATA_HEADER naming the place of the first one.
 */
export function requireHeaders({ name, fields }: Pick<ColumnSource, 'name' | 'fields'>): void {
  const blank = fields.findIndex((field) => field.name.trim() === '');
  if (blank === -1) return;
  throw new SealroomError('DATA_HEADER', `column ${String(blank + 1)} has a blank header`, {
    where: { file: name },
  });
}

/**
 * The headers of a table for Parquet, whose readers ignore the case of headers: a repeated one gets a number.
 */
//= format F-68
export function distinctHeaders(fields: readonly Field[]): readonly string[] {
  const headers = fields.map((field) => field.name);
  const given = new Set(headers.map((header) => header.toLowerCase()));
  const taken = new Set<string>();
  return headers.map((header) => {
    let distinct = header;
    for (let count = 1; taken.has(distinct.toLowerCase()); count++) {
      const candidate = `${header}_${String(count)}`;
      if (!given.has(candidate.toLowerCase())) distinct = candidate;
    }
    taken.add(distinct.toLowerCase());
    return distinct;
  });
}

import { countOf, SealroomError } from '../../../errors/index.ts';
import { normaliseHeader, type TableSchema } from '../../../schema/index.ts';
import type { ColumnSource } from '../../../columns/index.ts';
import type { TableIndex } from './column-index.ts';

/** What is known of a table before it is read. */
type HeadedTable = Pick<ColumnSource, 'name' | 'fields'>;

/** Most columns of a source table. */
const MAX_SOURCE_COLUMNS = 10_000;

/**
 * Refuses a schema without header row for a table that has names for its columns.
 *
 * @throws {SealroomError} DATA_COLUMN.
 */
//= format F-71
export function requireFormatOf(
  schema: TableSchema,
  { name, format }: { readonly name: string; readonly format: string },
): void {
  if (schema.headerRow || format === 'csv') return;
  throw new SealroomError('DATA_COLUMN', `a schema with \`headerRow\` false needs a CSV file, got ${format}`, {
    where: { file: name },
    hint: 'name the source columns in a schema with `headerRow` true',
  });
}

/**
 * For each column of the schema, the index of its source column in the table.
 *
 * @throws {SealroomError} DATA_HEADER if two headers of the table are equal once normalised, or a source column is missing and a header
 *   is blank; DATA_COLUMN if a source column is missing without that, or a schema without header row does not fit the table.
 */
export function matchSources(schema: TableSchema, table: HeadedTable): readonly TableIndex[] {
  const where = { file: table.name };
  if (table.fields.length > MAX_SOURCE_COLUMNS) {
    //= format F-53
    throw new SealroomError(
      'DATA_COLUMN',
      `expected at most ${String(MAX_SOURCE_COLUMNS)} columns, got ${String(table.fields.length)}`,
      { where },
    );
  }
  return schema.headerRow ? matchHeaders(schema, table) : matchPositions(schema, table);
}

//= format F-67
function matchHeaders(schema: TableSchema, table: HeadedTable): readonly TableIndex[] {
  const where = { file: table.name };
  const indexes = new Map<string, TableIndex>();
  table.fields.forEach((field, index) => {
    const header = normaliseHeader(field.name);
    const first = indexes.get(header);
    if (first !== undefined && header !== '') {
      throw new SealroomError(
        'DATA_HEADER',
        `columns ${String(first + 1)} and ${String(index + 1)} have the same header \`${header}\``,
        { where, hint: 'headers are compared trimmed and in lower case; rename one of them' },
      );
    }
    indexes.set(header, index);
  });
  const missing = new Set<string>();
  const sources = schema.columns.map((column) => {
    const index = indexes.get(column.sourceHeader);
    if (index === undefined) missing.add(column.sourceHeader);
    return index ?? 0;
  });
  if (missing.size > 0) {
    const names = [...missing].map((name) => `\`${name}\``).join(', ');
    const blank = table.fields.findIndex((field) => normaliseHeader(field.name) === '');
    if (blank !== -1) {
      throw new SealroomError(
        'DATA_HEADER',
        `column ${String(blank + 1)} has a blank header, and there is no ${names}`,
        {
          where,
          hint: `give every column that the schema names a header; the columns are ${listHeaders(table)}`,
        },
      );
    }
    throw new SealroomError('DATA_COLUMN', `the table has no column ${names}, which the schema names as a source`, {
      where,
      hint: `its columns are ${listHeaders(table)}`,
    });
  }
  return sources;
}

//= format F-71
function matchPositions(schema: TableSchema, table: HeadedTable): readonly TableIndex[] {
  const where = { file: table.name };
  if (schema.sourceCount !== table.fields.length) {
    throw new SealroomError(
      'DATA_COLUMN',
      `expected ${countOf(schema.sourceCount ?? 0, 'column')} as in the schema, got ${String(table.fields.length)}`,
      { where, hint: 'a schema without header row has one entry per column of the file; `[]` skips one' },
    );
  }
  return schema.columns.map((column) => column.sourceIndex ?? 0);
}

function listHeaders(table: HeadedTable): string {
  const shown = table.fields.slice(0, 12).map((field) => `\`${field.name}\``);
  if (table.fields.length > shown.length) shown.push(`and ${String(table.fields.length - shown.length)} more`);
  return shown.join(', ');
}

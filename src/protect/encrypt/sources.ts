import { SealroomError } from '../../errors/index.ts';
import { normaliseHeader, type TableSchema } from '../../schema/index.ts';
import type { TableReader } from '../../tabular/index.ts';

/** Most columns of a source table. */
const MAX_SOURCE_COLUMNS = 10_000;

/**
 * For each column of the schema, the index of its source column in the table.
 *
 * @throws {SealroomError} DATA_HEADER if two headers of the table are equal once normalised; DATA_COLUMN if a source
 *   column is missing, or a schema without header row does not fit the table.
 */
export function matchSources(schema: TableSchema, reader: TableReader): readonly number[] {
  const where = { file: reader.name };
  if (reader.fields.length > MAX_SOURCE_COLUMNS) {
    //= format F-53
    throw new SealroomError(
      'DATA_COLUMN',
      `expected at most ${String(MAX_SOURCE_COLUMNS)} columns, got ${String(reader.fields.length)}`,
      { where },
    );
  }
  return schema.headerRow ? matchHeaders(schema, reader) : matchPositions(schema, reader);
}

//= format F-67
function matchHeaders(schema: TableSchema, reader: TableReader): readonly number[] {
  const where = { file: reader.name };
  const indexes = new Map<string, number>();
  reader.fields.forEach((field, index) => {
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
    throw new SealroomError('DATA_COLUMN', `the table has no column ${names}, which the schema names as a source`, {
      where,
      hint: `its columns are ${listHeaders(reader)}`,
    });
  }
  return sources;
}

//= format F-71
function matchPositions(schema: TableSchema, reader: TableReader): readonly number[] {
  const where = { file: reader.name };
  if (reader.format !== 'csv') {
    throw new SealroomError('DATA_COLUMN', `a schema with \`headerRow\` false needs a CSV file, got ${reader.format}`, {
      where,
      hint: 'name the source columns in a schema with `headerRow` true',
    });
  }
  if (schema.sourceCount !== reader.fields.length) {
    throw new SealroomError(
      'DATA_COLUMN',
      `expected ${String(schema.sourceCount)} columns as in the schema, got ${String(reader.fields.length)}`,
      { where, hint: 'a schema without header row has one entry per column of the file; `[]` skips one' },
    );
  }
  return schema.columns.map((column) => column.sourceIndex ?? 0);
}

function listHeaders(reader: TableReader): string {
  const shown = reader.fields.slice(0, 12).map((field) => `\`${field.name}\``);
  if (reader.fields.length > shown.length) shown.push(`and ${String(reader.fields.length - shown.length)} more`);
  return shown.join(', ');
}

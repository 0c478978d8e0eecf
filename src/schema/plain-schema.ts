import { NO_NORMALISATION } from '../normalise/index.ts';
import type { ColumnSchema } from './column.ts';
import { type Header, legalHeader, unusedHeader } from './header.ts';
import { createTableSchema, type TableSchema } from './table-schema.ts';

/** A column of a table whose values were normalised: one for each way in which a schema uses a column of its input. */
export interface NormalisedSource {
  /** Legal for C3R; the header of the input where that is possible. */
  readonly header: Header;
  /** The first column of the schema that uses it; its source and its normalisation are those of all others. */
  readonly column: ColumnSchema;
}

/** A schema without normalisation, and the table that it is for. */
export interface PlainSchema {
  /** Gives the same cells, with the same headers. C3R reads it. */
  readonly schema: TableSchema;
  /** The columns of its input, in the order in which the schema first uses them. */
  readonly sources: readonly NormalisedSource[];
}

function keyOf({ sourceHeader, normalise, nulls }: ColumnSchema): string {
  return JSON.stringify([sourceHeader, normalise, nulls]);
}

/** Takes the normalisation out of a schema: its input then has to be a table with normalised columns. */
export function toPlainSchema(schema: TableSchema): PlainSchema {
  const sources = new Map<string, NormalisedSource>();
  const used = new Set<string>();
  const columns = schema.columns.map((column): ColumnSchema => {
    const key = keyOf(column);
    const header = sources.get(key)?.header ?? unusedHeader(legalHeader(column.sourceHeader), used);
    used.add(header);
    if (!sources.has(key)) sources.set(key, Object.freeze({ header, column }));
    return Object.freeze({ ...column, ...NO_NORMALISATION, sourceHeader: header, sourceIndex: null });
  });
  return Object.freeze({
    schema: createTableSchema({ headerRow: true, sourceCount: sources.size, columns }),
    sources: Object.freeze([...sources.values()]),
  });
}

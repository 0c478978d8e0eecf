import { quoteForMessage, SealroomError } from '../errors/index.ts';
import type { ColumnKind } from './column-kind.ts';
import type { SourceHeader } from './header.ts';
import { normaliseHeader, parseSourceHeader, positionalHeader } from './header.ts';

/** The content of a column as far as its type tells; `other` if the type does not tell. */
export type SourceContent = 'text' | 'integer' | 'number' | 'date' | 'boolean' | 'uuid' | 'other';

/** A column of the input, as a table reader describes it. */
export interface SourceField {
  /** The header in the file; ignored in a table without header row. */
  readonly name: string;
  readonly content: SourceContent;
  /** The kinds of target columns that the type allows; empty for a type that cannot even be passed through. */
  readonly kinds: readonly ColumnKind[];
}

/** A column that a schema can name as a source. */
export interface SourceColumn extends SourceField {
  /** 0-based place in the file. */
  readonly index: number;
  readonly header: SourceHeader;
}

/** A column that no schema can use: it has no header, or its type allows no target column. */
export interface UnusableColumn {
  /** 0-based place in the file. */
  readonly index: number;
  readonly name: string;
  /** Why not, as the end of a message. */
  readonly reason: string;
}

/** The columns of a table for which a schema is proposed. */
export interface SourceTable {
  readonly headerRow: boolean;
  /** Number of columns in the file, usable or not. */
  readonly sourceCount: number;
  readonly columns: readonly SourceColumn[];
  readonly unusable: readonly UnusableColumn[];
}

function refuseTwins(columns: readonly SourceColumn[]): void {
  const indexByHeader = new Map<string, number>();
  for (const { header, index } of columns) {
    const first = indexByHeader.get(header);
    if (first !== undefined) {
      const places = `columns ${String(first + 1)} and ${String(index + 1)}`;
      throw new SealroomError('DATA_HEADER', `${places} have the same header ${quoteForMessage(header)}`, {
        hint: 'headers are compared trimmed and in lower case; rename one of the columns',
      });
    }
    indexByHeader.set(header, index);
  }
}

function findReason(field: SourceField, headerRow: boolean): string | null {
  if (field.kinds.length === 0) return 'its type cannot be carried';
  return headerRow && normaliseHeader(field.name) === '' ? 'it has no header' : null;
}

/**
 * The columns of a table with the headers by which a schema refers to them.
 *
 * @throws {SealroomError} DATA_HEADER if two headers are the same, or if no column can be used.
 */
//= format F-67
export function readSourceTable(fields: readonly SourceField[], headerRow: boolean): SourceTable {
  const columns: SourceColumn[] = [];
  const unusable: UnusableColumn[] = [];
  fields.forEach((field, index) => {
    const reason = findReason(field, headerRow);
    if (reason !== null) unusable.push({ index, name: field.name, reason });
    else columns.push({ ...field, index, header: headerRow ? parseSourceHeader(field.name) : positionalHeader(index) });
  });
  const [first] = unusable;
  if (columns.length === 0) {
    const why = first === undefined ? '' : ` (column ${String(first.index + 1)}: ${first.reason})`;
    throw new SealroomError('DATA_HEADER', `the table has no column that a schema can use${why}`, {
      hint: 'if it has no header row, say so',
    });
  }
  refuseTwins(columns);
  return Object.freeze({ headerRow, sourceCount: fields.length, columns, unusable });
}

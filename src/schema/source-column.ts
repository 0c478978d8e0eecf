import { quoteForMessage, SealroomError } from '../errors/index.ts';
import type { ColumnKind } from './column-kind.ts';
import type { Header } from './header.ts';
import { findHeaderProblem, normaliseHeader, parseHeader, positionalHeader } from './header.ts';

/** What a column's values are, as far as its type tells. `other` is any type that tells nothing. */
export type SourceContent = 'text' | 'integer' | 'number' | 'date' | 'boolean' | 'other';

/** A column of the input, as a reader of tables knows it. */
export interface SourceField {
  /** The header in the file; not looked at in a table without header row. */
  readonly name: string;
  readonly content: SourceContent;
  /** The kinds of target columns that the column's type allows; none for a type that cannot even be passed through. */
  readonly kinds: readonly ColumnKind[];
}

/** A column that a schema can name as a source. */
export interface SourceColumn extends SourceField {
  /** 0-based place in the file. */
  readonly index: number;
  readonly header: Header;
}

/** A column that no schema can use: its header breaks the naming rule, or its type allows no kind of target column. */
export interface UnusableColumn {
  /** 0-based place in the file. */
  readonly index: number;
  readonly name: string;
  /** `expected …, got …` */
  readonly reason: string;
}

/** The columns of a table that a schema is proposed for. */
export interface SourceTable {
  readonly headerRow: boolean;
  /** How many columns the file has, usable or not. */
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
      throw new SealroomError('DATA_HEADER', `header ${quoteForMessage(header)} expected once, got it in ${places}`, {
        hint: 'headers are compared in lower case and without blanks around them; rename one of the columns',
      });
    }
    indexByHeader.set(header, index);
  }
}

function findReason(field: SourceField, headerRow: boolean): string | null {
  if (field.kinds.length === 0) return 'expected a type of single values, got a nested one';
  return headerRow ? findHeaderProblem(normaliseHeader(field.name)) : null;
}

/**
 * The columns of a table under the headers that a schema names them by.
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
    else columns.push({ ...field, index, header: headerRow ? parseHeader(field.name) : positionalHeader(index) });
  });
  const [first] = unusable;
  if (columns.length === 0) {
    const got = first === undefined ? 'none' : `none: the first ${first.reason}`;
    throw new SealroomError('DATA_HEADER', `the table expected at least one column that a schema can use, got ${got}`, {
      hint: 'if its first row holds data and no headers, say so',
    });
  }
  refuseTwins(columns);
  return Object.freeze({ headerRow, sourceCount: fields.length, columns, unusable });
}

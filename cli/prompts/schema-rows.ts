import { escapeUnprintable, SealroomError } from '../../src/errors/index.ts';
import {
  type ColumnKind,
  type ColumnSchema,
  createTableSchema,
  type Header,
  legalHeader,
  type Pad,
  type SourceColumn,
  type SourceTable,
  suffixedHeader,
  type TableSchema,
  unusedHeader,
} from '../../src/schema/index.ts';
import { alignTable, cutText } from '../output/report-table.ts';

/** A row of the editor: a target column, or a source column that has none. */
export interface EditorRow {
  readonly column: SourceColumn;
  /** `null` if the source column is left out. */
  readonly target: ColumnSchema | null;
}

/** The padding of a new sealed column. */
const NEW_PAD: Pad = { kind: 'max', lengthBytes: 0 };

/** The rows for a schema of a table: each source column with its targets, in file order. */
export function editorRowsOf(table: SourceTable, schema: TableSchema | null): readonly EditorRow[] {
  return table.columns.flatMap((column): readonly EditorRow[] => {
    const targets = schema?.columns.filter((target) =>
      table.headerRow ? target.sourceHeader === column.header : target.sourceIndex === column.index,
    );
    return targets === undefined || targets.length === 0
      ? [{ column, target: null }]
      : targets.map((target) => ({ column, target }));
  });
}

/** The schema of the rows; `null` if there is no target column. */
export function schemaOf(table: SourceTable, rows: readonly EditorRow[]): TableSchema | null {
  const columns = rows.flatMap(({ target }) => target ?? []);
  const { headerRow, sourceCount } = table;
  return columns.length === 0 ? null : createTableSchema({ headerRow, sourceCount, columns });
}

/** The target headers of all rows but one. */
export function usedHeaders(rows: readonly EditorRow[], except: EditorRow | null): ReadonlySet<string> {
  return new Set(rows.flatMap((row) => (row === except || row.target === null ? [] : [row.target.targetHeader])));
}

/** The kinds that a column can have. The safest comes first, because a terminal preselects it. */
export function kindsOf(column: SourceColumn, allowCleartext: boolean): readonly ColumnKind[] {
  const order: readonly ColumnKind[] = ['sealed', 'fingerprint', 'cleartext'];
  return order.filter((kind) => column.kinds.includes(kind) && (kind !== 'cleartext' || allowCleartext));
}

/** A target of another kind; a header that was proposed for the old kind becomes that of the new one. */
export function withKind(row: EditorRow, kind: ColumnKind, used: ReadonlySet<string>): ColumnSchema {
  const { column, target } = row;
  const proposal = legalHeader(column.header);
  const isProposed = target === null || target.targetHeader === suffixedHeader(proposal, target.kind);
  const targetHeader = isProposed ? unusedHeader(suffixedHeader(proposal, kind), used) : target.targetHeader;
  const { normalise, nulls } = target ?? { normalise: [], nulls: [] };
  const sourceIndex = target?.sourceIndex ?? null;
  const names = { sourceHeader: column.header, sourceIndex, targetHeader, normalise, nulls };
  const pad = target?.kind === 'sealed' ? target.pad : NEW_PAD;
  return kind === 'sealed' ? { kind, ...names, pad } : { kind, ...names };
}

/** A first or further target of a column. */
export function newTarget(
  column: SourceColumn,
  kind: ColumnKind,
  table: SourceTable,
  used: ReadonlySet<string>,
): ColumnSchema {
  const target = withKind({ column, target: null }, kind, used);
  return { ...target, sourceIndex: table.headerRow ? null : column.index };
}

/** A target with another header. */
export function withHeader(target: ColumnSchema, targetHeader: Header): ColumnSchema {
  return { ...target, targetHeader };
}

function describePad(target: ColumnSchema): string {
  if (target.kind !== 'sealed') return '';
  return target.pad.kind === 'none' ? 'none' : `${target.pad.kind} ${String(target.pad.lengthBytes)}`;
}

function describeValues({ normalise, nulls }: ColumnSchema): string {
  return [...normalise, ...(nulls.length === 0 ? [] : [`nulls: ${nulls.join(' ')}`])].join(', ');
}

/** What is known of a source column. */
export interface ColumnNote {
  /** What it holds, in a word or two. */
  readonly what: string;
  readonly warnings: readonly string[];
}

/** The widths of kinds, pads and counts of warnings, and of what is between columns. */
const FIXED_WIDTH = 37;
const MIN_TEXT_WIDTH = 30;

/**
 * The rows as lines of an aligned table, of which the first has the headings. Headers and steps are cut so that a row is one
 * line of `width` characters.
 */
export function formatRows(
  rows: readonly EditorRow[],
  notes: ReadonlyMap<SourceColumn, ColumnNote>,
  width: number,
): readonly string[] {
  const room = Math.max(width - FIXED_WIDTH, MIN_TEXT_WIDTH);
  const cut = (text: string, share: number): string => cutText(escapeUnprintable(text), Math.floor(room * share));
  const texts = rows.map(({ column, target }) => [
    cut(column.header, 0.3),
    ...(target === null
      ? ['left out', '', '', '']
      : [target.kind, cut(target.targetHeader, 0.4), describePad(target), cut(describeValues(target), 0.3)]),
    String(notes.get(column)?.warnings.length ?? 0).replace(/^0$/u, ''),
  ]);
  return alignTable(['column', 'kind', 'target', 'pad', 'normalise', 'warnings'], texts, 'left');
}

/** The row that a user's number stands for; rows count from 1. @throws {SealroomError} USAGE_OPTION if there is none. */
export function rowAt(rows: readonly EditorRow[], key: string): EditorRow {
  const row = rows[Number(key) - 1];
  if (row === undefined) throw new SealroomError('USAGE_OPTION', `there is no row ${key}`);
  return row;
}

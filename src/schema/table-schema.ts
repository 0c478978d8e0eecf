import { describeValue, isRecord, quoteForMessage, SealroomError } from '../errors/index.ts';
import { isNormalised, printNormalisation } from '../normalise/index.ts';
import type { ColumnPlace, ColumnSchema } from './column.ts';
import { readColumnSchema } from './column.ts';
import type { SourceHeader } from './header.ts';
import { hintAtCapitals, readJson } from './json.ts';
import { MAX_TARGET_COLUMNS } from './limits.ts';
import type { Pad } from './pad.ts';
import { ProblemCollector } from './problem-collector.ts';

/** The columns of an encrypted table, in order, and how each is made. Deeply frozen. */
export interface TableSchema {
  /** Whether the input names its columns. */
  readonly headerRow: boolean;
  /** How many columns an input without header row must have; `null` for an input with one. */
  readonly sourceCount: number | null;
  /** 1 to 1600 columns with different target headers, in output order. */
  readonly columns: readonly ColumnSchema[];
}

/** An entry of `columns`, taken out of the nested arrays of a schema without header row. */
interface Entry extends ColumnPlace {
  readonly value: unknown;
}

//= format F-70
function listMappedEntries(columns: readonly unknown[]): readonly Entry[] {
  return columns.map((value, index) => ({ value, label: `column ${String(index + 1)}`, sourceIndex: null }));
}

//= format F-71
function listPositionalEntries(columns: readonly unknown[], problems: ProblemCollector): readonly Entry[] {
  return columns.flatMap((targets, sourceIndex) => {
    const label = `column ${String(sourceIndex + 1)}`;
    if (targets === null) return [];
    if (!Array.isArray(targets)) {
      problems.add(
        `${label}: expected an array of target columns, got ${describeValue(targets)}`,
        'with `"headerRow": false`, `columns` holds one array for each column of the input',
      );
      return [];
    }
    return targets.map((value: unknown, target) => ({
      value,
      label: targets.length === 1 ? label : `${label}, target ${String(target + 1)}`,
      sourceIndex,
    }));
  });
}

/** A column and its label in messages. */
interface LabelledColumn {
  readonly label: string;
  readonly column: ColumnSchema;
}

/** Reports problems of the columns as a whole: none, too many, or a target header used twice. */
//= format F-54
//= format F-64
function checkTargets(targets: readonly LabelledColumn[], problems: ProblemCollector): void {
  if (targets.length === 0 && problems.count === 0) {
    problems.add('`columns` has no target column');
  }
  if (targets.length > MAX_TARGET_COLUMNS) {
    problems.add(
      `\`columns\`: expected at most ${String(MAX_TARGET_COLUMNS)} target columns, got ${String(targets.length)}`,
    );
  }
  const labelsByHeader = new Map<string, string[]>();
  for (const { label, column } of targets) {
    const labels = labelsByHeader.get(column.targetHeader);
    if (labels === undefined) labelsByHeader.set(column.targetHeader, [label]);
    else labels.push(label);
  }
  for (const [header, labels] of labelsByHeader) {
    if (labels.length < 2) continue;
    problems.add(
      `${labels.join(' and ')} have the same target header ${quoteForMessage(header)}`,
      'target headers are compared in lower case; give each column its own `targetHeader`',
    );
  }
}

function readEntries(entries: readonly Entry[], problems: ProblemCollector): readonly ColumnSchema[] {
  const found = entries.flatMap((entry) => {
    const column = readColumnSchema(entry.value, entry, problems);
    return column === null ? [] : [{ label: entry.label, column }];
  });
  checkTargets(found, problems);
  return found.map(({ column }) => column);
}

/** The value of `headerRow`. If it is not a boolean, guesses it from the columns, so that parsing can go on. */
function readHeaderRow(root: Readonly<Record<string, unknown>>, problems: ProblemCollector): boolean {
  const headerRow = root['headerRow'];
  if (typeof headerRow === 'boolean') return headerRow;
  problems.add(
    `\`headerRow\`: expected true or false, got ${describeValue(headerRow)}`,
    hintAtCapitals(root, 'headerRow'),
  );
  return !(Array.isArray(root['columns']) && root['columns'].some((column) => Array.isArray(column)));
}

function readRoot(root: Readonly<Record<string, unknown>>, problems: ProblemCollector): TableSchema {
  const headerRow = readHeaderRow(root, problems);
  const given = root['columns'];
  if (!Array.isArray(given)) {
    problems.add(`\`columns\`: expected an array, got ${describeValue(given)}`, hintAtCapitals(root, 'columns'));
  }
  const columns: readonly unknown[] = Array.isArray(given) ? given : [];
  const entries = headerRow ? listMappedEntries(columns) : listPositionalEntries(columns, problems);
  const sourceCount = headerRow ? null : columns.length;
  return Object.freeze({ headerRow, sourceCount, columns: Object.freeze(readEntries(entries, problems)) });
}

function readRootObject(text: string, file: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const root = readJson(text);
    if (isRecord(root)) return root;
    if (root === null) throw new SealroomError('SCHEMA_SYNTAX', 'the table schema file is empty');
    throw new SealroomError('SCHEMA_SYNTAX', `the table schema: expected an object, got ${describeValue(root)}`);
  } catch (error) {
    throw error instanceof SealroomError ? error.at({ file }) : error;
  }
}

/**
 * Parses the JSON text of a table schema, as written by hand, by C3R or by {@link printTableSchema}: comments, single
 * quotes and a byte order mark are accepted, unknown keys are ignored, and the last of repeated keys counts.
 *
 * All problems are found: the error is the first of them, its hint lists the others, {@link listProblems} returns them.
 * Stricter than C3R, see `parsePad`.
 *
 * @throws {SealroomError} SCHEMA_SYNTAX if the text is empty or not JSON.
 * @throws {SealroomError} SCHEMA_INVALID if a property is missing, misplaced or invalid, if there are no columns or too
 *   many, or if two have the same target header.
 * @throws {SealroomError} SCHEMA_HEADER if a header breaks the naming rule.
 *
 * @example
 * ```ts
 * import { parseTableSchema } from 'sealroom/schema';
 *
 * const schema = parseTableSchema(`{
 *   "headerRow": true,
 *   "columns": [{ "sourceHeader": "email", "targetHeader": "person", "type": "fingerprint" }]
 * }`);
 * console.log(schema.columns.map(({ targetHeader, kind }) => `${targetHeader}: ${kind}`).join()); // person: fingerprint
 * ```
 */
//= format F-69
export function parseTableSchema(text: string, place: { readonly file?: string | undefined } = {}): TableSchema {
  const { file } = place;
  const problems = new ProblemCollector();
  const schema = readRoot(readRootObject(text, file), problems);
  problems.throwIfAny(file);
  return schema;
}

/** The arguments of {@link createTableSchema}. */
export interface TableSchemaParts {
  readonly headerRow: boolean;
  /** Number of columns in the input; used only for an input without header row. */
  readonly sourceCount: number;
  readonly columns: readonly ColumnSchema[];
}

/**
 * Creates a table schema from parsed columns. The columns of an input without header row are put in source order.
 *
 * @throws {SealroomError} SCHEMA_INVALID if there are no columns or too many, if two have the same target header, or if a
 *   source index is missing, given needlessly, or not below `sourceCount`.
 */
export function createTableSchema(parts: TableSchemaParts): TableSchema {
  const sourceCount = parts.headerRow ? null : parts.sourceCount;
  const problems = new ProblemCollector();
  const labelled = parts.columns.map((column, index) => ({ label: `column ${String(index + 1)}`, column }));
  for (const { label, column } of labelled) {
    const index = column.sourceIndex;
    const isFit = sourceCount === null ? index === null : index !== null && index >= 0 && index < sourceCount;
    const expected = sourceCount === null ? 'no source index' : `a source index below ${String(sourceCount)}`;
    if (!isFit) problems.add(`${label}: expected ${expected}, got ${describeValue(index)}`);
  }
  checkTargets(labelled, problems);
  problems.throwIfAny(undefined);
  const columns = parts.columns.toSorted((a, b) => (a.sourceIndex ?? 0) - (b.sourceIndex ?? 0));
  return Object.freeze({ headerRow: parts.headerRow, sourceCount, columns: Object.freeze(columns) });
}

/** Returns the `COMMENT` of a column, a key that every reader ignores. */
export type DescribeColumn = (column: ColumnSchema) => string | undefined;

function writePad(pad: Pad): object {
  // Upper case: kept for compatibility with C3R, whose own files use it.
  const type = pad.kind.toUpperCase();
  return pad.kind === 'none' ? { type } : { type, length: pad.lengthBytes };
}

/** The source in JSON: a text wherever C3R can follow, so an object only for a column that is normalised. */
//= format F-101
function writeSource(column: ColumnSchema): object {
  if (!isNormalised(column)) return column.sourceIndex === null ? { sourceHeader: column.sourceHeader } : {};
  const name = column.sourceIndex === null ? { name: column.sourceHeader } : {};
  return { sourceHeader: { ...name, ...printNormalisation(column) } };
}

function writeColumn(column: ColumnSchema, comment: string | undefined): object {
  return {
    ...(comment === undefined ? {} : { COMMENT: comment }),
    type: column.kind,
    ...(column.kind === 'sealed' ? { pad: writePad(column.pad) } : {}),
    ...writeSource(column),
    targetHeader: column.targetHeader,
  };
}

/**
 * The JSON text of a table schema, in the form that C3R writes: indented by two, no line break at the end.
 *
 * {@link parseTableSchema} reads it back to an equal schema.
 */
export function printTableSchema(schema: TableSchema, describe: DescribeColumn = () => undefined): string {
  const write = (column: ColumnSchema): object => writeColumn(column, describe(column));
  const { columns, headerRow, sourceCount } = schema;
  const written =
    sourceCount === null
      ? columns.map(write)
      : Array.from({ length: sourceCount }, (_, index) =>
          columns.filter((column) => column.sourceIndex === index).map(write),
        );
  return JSON.stringify({ columns: written, headerRow }, null, 2);
}

/** The source headers that a schema uses, each once, in order of first use. */
export function sourceHeadersOf(schema: TableSchema): readonly SourceHeader[] {
  return [...new Set(schema.columns.map((column) => column.sourceHeader))];
}

function describeSource(column: ColumnSchema): string {
  const steps = [...column.normalise, ...(column.nulls.length === 0 ? [] : ['nulls'])];
  return steps.length === 0 ? column.sourceHeader : `${column.sourceHeader} (${steps.join(', ')})`;
}

/** One line for people and test vectors: `alpha (email) -> alpha_fingerprint fingerprint, beta -> beta cleartext`. */
export function describeTableSchema(schema: TableSchema): string {
  return schema.columns
    .map((column) => `${describeSource(column)} -> ${column.targetHeader} ${column.kind}`)
    .join(', ');
}

import type { ColumnType } from '../columns/index.ts';
import { didYouMean, joinProblems, quoteForMessage, SealroomError } from '../errors/index.ts';
import { type ColumnSchema, normaliseHeader, type TableSchema } from '../schema/index.ts';
import { convertColumn } from './conversion.ts';
import type { Manifest } from './manifest.ts';
import type { ManifestColumn } from './manifest-column.ts';
import { columnsOfRule } from './rules/columns-of-rule.ts';
import type { ManifestTable } from './table.ts';

// What a room asks of the table that is loaded, and so what its owner can find out before the table leaves.

/**
 * The columns of a table that are loaded into the room, in the manifest's order: those that its analysis rule names, or all of
 * them under a custom rule, which names none. None without a rule.
 */
export function columnsInRoom({ columns, rule }: ManifestTable): readonly ManifestColumn[] {
  if (rule === null) return Object.freeze([]);
  const named = columnsOfRule(rule);
  return Object.freeze(columns.filter(({ name }) => named?.includes(name) ?? true));
}

/** The table with a name. @throws {SealroomError} USAGE_OPTION if the manifest has no such table. */
export function requireTable({ tables }: Pick<Manifest, 'tables'>, name: string): ManifestTable {
  const table = tables.find((candidate) => candidate.name === name);
  if (table !== undefined) return table;
  const names = tables.map((candidate) => candidate.name);
  const others = names.length === 0 ? 'it has no tables' : `its tables are ${names.join(', ')}`;
  throw new SealroomError('USAGE_OPTION', `the manifest has no table ${quoteForMessage(name)}`, {
    hint: didYouMean(name, names) ?? others,
  });
}

/** The table with a name, which can be loaded. @throws {SealroomError} USAGE_OPTION as {@link requireTable}, or if it has no rule. */
export function requireLoadable(manifest: Pick<Manifest, 'tables'>, name: string): ManifestTable {
  const table = requireTable(manifest, name);
  if (table.rule !== null) return table;
  throw new SealroomError('USAGE_OPTION', `the table ${quoteForMessage(table.name)} has no analysis rule`, {
    hint: 'without one no query can use it; ask its owner to add a rule to the manifest, which all members then sign',
  });
}

/** A column of a table in the manifest, and what has its name elsewhere. */
export interface MatchedColumn<Source> {
  readonly column: ManifestColumn;
  readonly source: Source;
}

/** The columns that were looked for by name. Names are compared in lower case and without blanks around them. */
export interface ColumnMatch<Source> {
  readonly found: readonly MatchedColumn<Source>[];
  readonly missing: readonly string[];
  /** Names that more than one source has. */
  readonly repeated: readonly string[];
}

/** Finds the columns of a table in a list of what has names: the fields of a file, or the target columns of a schema. */
export function matchColumns<Source>(
  wanted: readonly ManifestColumn[],
  sources: readonly Source[],
  nameOf: (source: Source) => string,
): ColumnMatch<Source> {
  const found: MatchedColumn<Source>[] = [];
  const missing: string[] = [];
  const repeated: string[] = [];
  for (const column of wanted) {
    const [source, ...others] = sources.filter((each) => normaliseHeader(nameOf(each)) === column.name);
    if (source === undefined) missing.push(column.name);
    else if (others.length > 0) repeated.push(column.name);
    else found.push({ column, source });
  }
  return { found, missing, repeated };
}

/**
 * Refuses a schema of which the room would refuse the table: columns are missing, protected otherwise, or of types that do not become
 * those of the manifest.
 *
 * @param typeOf the type that the source of a target column has in the file; `null` if it is not known
 * @throws {SealroomError} DATA_COLUMN, RULE_PROTECTION, DATA_TYPE, with every problem.
 */
export function requireFit(
  table: ManifestTable,
  schema: TableSchema,
  where: { readonly file?: string | undefined },
  typeOf: (column: ColumnSchema) => ColumnType | null,
): void {
  const problems = listMisfits(table, schema, typeOf).map((problem) => problem.at(where));
  const [first, ...rest] = problems;
  if (first !== undefined) throw joinProblems(first, rest);
}

/** What is wrong with a schema for a table, in the manifest's order; empty if the table fits. */
export function listMisfits(
  table: ManifestTable,
  schema: TableSchema,
  typeOf: (column: ColumnSchema) => ColumnType | null,
): readonly SealroomError[] {
  const { found, missing } = matchColumns(columnsInRoom(table), schema.columns, ({ targetHeader }) => targetHeader);
  const targets = schema.columns.map(({ targetHeader }) => targetHeader);
  const lacking = missing.map((name) => {
    const made = targets.map(quoteForMessage).join(', ');
    return new SealroomError(
      'DATA_COLUMN',
      `the schema makes no column ${quoteForMessage(name)}, which the rule of ${quoteForMessage(table.name)} names`,
      {
        hint: didYouMean(name, targets) ?? `it makes ${made}; correct \`targetHeader\` in the schema, or the manifest`,
      },
    );
  });
  return [...lacking, ...found.flatMap(({ column, source }) => misfitOf(column, source, typeOf(source)))];
}

function misfitOf(
  { name, protection, type }: ManifestColumn,
  column: ColumnSchema,
  source: ColumnType | null,
): readonly SealroomError[] {
  if (column.kind !== protection) {
    const message = `column ${quoteForMessage(name)}: the manifest has it ${protection}, the schema makes it ${column.kind}`;
    return [
      new SealroomError('RULE_PROTECTION', message, {
        hint: 'correct `type` in the schema, or `protection` in the manifest, which all members then sign',
      }),
    ];
  }
  if (protection !== 'cleartext' || source === null) return [];
  try {
    convertColumn(name, type, source);
    return [];
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    return [error.at({ column: column.sourceHeader })];
  }
}

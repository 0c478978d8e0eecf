import { type Document, isMap, isSeq } from 'yaml';
import { didYouMean, quoteForMessage, SealroomError } from '../errors/index.ts';
import { parseNormalisation } from '../normalise/index.ts';
import { familyOf } from './column-type.ts';
import { addItem, editManifest, type ManifestDocument, onOneLine } from './edit.ts';
import type { ManifestColumn } from './manifest-column.ts';
import { type NormalisationPin, pinOf } from './normalisation.ts';
import type { ManifestTable } from './table.ts';
import { AGGREGATE_FUNCTIONS, type AggregateFunction } from './rules/columns.ts';

/** A column of a table that is being added; the members that a manifest may leave out are left out. */
export type DraftColumn = Pick<ManifestColumn, 'name' | 'protection' | 'type'> &
  Partial<Readonly<Record<'normalise' | 'nulls', readonly string[]>>>;

/** An aggregate that may be taken of a column. */
export interface Measure {
  readonly function: AggregateFunction;
  readonly column: string;
}

/** What the owner of a table allows, as far as it was said; the rest follows from the kinds of the columns. */
export interface RuleDraft {
  readonly kind: 'aggregation' | 'list' | 'custom';
  /** The minimum of persons behind each row of an answer. */
  readonly min?: number | undefined;
  readonly joins?: readonly string[] | undefined;
  readonly dimensions?: readonly string[] | undefined;
  readonly measures?: readonly Measure[] | undefined;
  /** Whether a query may also sum or average columns of other members' tables; default: no. */
  readonly foreignMeasures?: boolean | undefined;
  /** Columns that a list rule shows. */
  readonly shown?: readonly string[] | undefined;
  /** Templates that a custom rule allows. */
  readonly templates?: readonly string[] | undefined;
}

/** A table to add to a manifest. */
export interface TableDraft {
  readonly name: string;
  /** Id of a member. */
  readonly owner: string;
  readonly columns: readonly DraftColumn[];
  readonly rule: RuleDraft;
  /** Whether the table counts only where it is joined with one of the member that asks. */
  readonly joinRequired: boolean;
}

/** Parses `SUM(amount)`. @throws {SealroomError} USAGE_OPTION if it is no aggregate of a column. */
export function parseMeasure(text: string): Measure {
  const [, name = '', column = ''] = /^\s*([A-Za-z_ ]+?)\s*\(\s*(.+?)\s*\)\s*$/.exec(text) ?? [];
  const written = name.toUpperCase().replace(/ /g, '_');
  const found = AGGREGATE_FUNCTIONS.find((each) => each === written);
  if (found !== undefined) return { function: found, column };
  throw new SealroomError('USAGE_OPTION', `${quoteForMessage(text)} is no aggregate of a column`, {
    hint:
      didYouMean(written, AGGREGATE_FUNCTIONS) ?? `write SUM(amount); aggregates are ${AGGREGATE_FUNCTIONS.join(', ')}`,
  });
}

/**
 * Adds a table with its analysis rule to the text of a manifest, or puts it in the place of one of that name. All members must sign it
 * again.
 *
 * @param text a valid manifest
 * @throws {SealroomError} USAGE_OPTION if the rule cannot be made of these columns; MANIFEST_* as `editManifest`.
 */
export function insertTable(text: string, table: TableDraft): string {
  return editManifest(text, (document, { tables, normalisation }) => {
    pinNormalisation(document, normalisation, table);
    const node = document.createNode(entryOf(table, joinableWith(table, tables)));
    compact(node);
    const index = tables.findIndex(({ name }: ManifestTable) => name === table.name);
    if (index < 0) addItem(document, ['tables'], node);
    else document.setIn(['tables', index], node);
  });
}

/** The fingerprint columns of other members' tables. A column of the same name can be joined with them, and so identifies persons for both. */
function joinableWith({ owner }: TableDraft, tables: readonly ManifestTable[]): ReadonlySet<string> {
  const others = tables.filter((table) => table.owner !== owner);
  return new Set(
    others.flatMap(({ columns }) =>
      columns.flatMap(({ name, protection }) => (protection === 'fingerprint' ? [name] : [])),
    ),
  );
}

/** Pins the versions by which values are normalised, where the table is the first one that needs them. */
function pinNormalisation(document: ManifestDocument, pinned: NormalisationPin | null, { columns }: TableDraft): void {
  const needed = pinOf(columns.map((column) => parseNormalisation(column)));
  if (needed === null) return;
  if (pinned === null) {
    const { unicode, phones } = needed;
    const node = document.createNode(phones === null ? { unicode } : { unicode, phones });
    onOneLine(node);
    document.set('normalisation', node);
  } else if (pinned.phones === null && needed.phones !== null)
    document.setIn(['normalisation', 'phones'], needed.phones);
}

/** Puts on one line what is read on one: a column, an aggregate, a list of names. */
function compact(node: ReturnType<Document['createNode']>): void {
  if (isSeq(node)) {
    for (const item of node.items) {
      if (isMap(item)) onOneLine(item);
    }
    if (node.items.every((item) => !isMap(item))) onOneLine(node);
    return;
  }
  if (!isMap<unknown, ReturnType<Document['createNode']>>(node)) return;
  for (const { value } of node.items) if (value !== null) compact(value);
}

function entryOf({ name, owner, columns, rule, joinRequired }: TableDraft, joinable: ReadonlySet<string>): object {
  const fingerprints = columns.flatMap((column) => (column.protection === 'fingerprint' ? [column.name] : []));
  const persons = [...fingerprints.filter((column) => joinable.has(column)), ...fingerprints];
  const policy = { v1: { [rule.kind]: policyOf(name, columns, rule, { joinRequired, persons }) } };
  return { name, owner, columns, analysisRule: { type: rule.kind.toUpperCase(), policy } };
}

function policyOf(
  table: string,
  columns: readonly DraftColumn[],
  rule: RuleDraft,
  { joinRequired, persons }: { readonly joinRequired: boolean; readonly persons: readonly string[] },
): object {
  const named = (protection: DraftColumn['protection']): readonly string[] =>
    columns.flatMap((column) => (column.protection === protection ? [column.name] : []));
  const fingerprints = named('fingerprint');
  switch (rule.kind) {
    case 'aggregation': {
      const measures = rule.measures ?? measuresOf(columns);
      const joinColumns = rule.joins ?? fingerprints;
      return {
        aggregateColumns: groupMeasures(measures),
        joinColumns,
        ...(joinRequired ? { joinRequired: 'QUERY_RUNNER' } : {}),
        dimensionColumns: rule.dimensions ?? dimensionsOf(columns),
        scalarFunctions: [],
        outputConstraints: [constraintOf(table, rule, [...(rule.joins ?? []), ...persons])],
        'x-foreignMeasures': rule.foreignMeasures === true ? 'allow' : 'deny',
      };
    }
    case 'list':
      return {
        joinColumns: rule.joins ?? fingerprints,
        listColumns: rule.shown ?? [...named('sealed'), ...named('cleartext')],
      };
    case 'custom':
      return {
        allowedAnalyses: rule.templates ?? [],
        ...(rule.min === undefined ? {} : { 'x-outputConstraints': [constraintOf(table, rule, persons)] }),
      };
  }
}

/** The minimum of persons in a row: different values of the first of the columns that identify them. */
function constraintOf(table: string, { min }: RuleDraft, [columnName]: readonly string[]): object {
  if (min === undefined) {
    throw new SealroomError('USAGE_OPTION', '`--rule aggregation` needs `--min`', {
      hint: 'such as `--min 20`: an answer has only rows that at least 20 persons are behind',
    });
  }
  if (columnName !== undefined) return { columnName, minimum: min, type: 'COUNT_DISTINCT' };
  throw new SealroomError(
    'USAGE_OPTION',
    `${quoteForMessage(table)} has no fingerprint column whose values \`--min\` could count`,
    {
      hint: 'make the column that identifies persons a fingerprint column in the schema, or name a column with `--join`',
    },
  );
}

function dimensionsOf(columns: readonly DraftColumn[]): readonly string[] {
  return columns.flatMap(({ name, protection, type }) =>
    protection === 'cleartext' && familyOf(type) !== 'number' ? [name] : [],
  );
}

/** Counting persons, and the sum and the average of numbers. */
function measuresOf(columns: readonly DraftColumn[]): readonly Measure[] {
  return columns.flatMap(({ name, protection, type }): readonly Measure[] => {
    if (protection === 'fingerprint') return [{ function: 'COUNT_DISTINCT', column: name }];
    if (protection !== 'cleartext' || familyOf(type) !== 'number') return [];
    return [
      { function: 'SUM', column: name },
      { function: 'AVG', column: name },
    ];
  });
}

function groupMeasures(measures: readonly Measure[]): readonly object[] {
  const functions = [...new Set(measures.map((measure) => measure.function))];
  return functions.map((aggregate) => {
    const columnNames = measures.flatMap((measure) => (measure.function === aggregate ? [measure.column] : []));
    return { columnNames, function: aggregate };
  });
}

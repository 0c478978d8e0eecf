import type { Conversion } from '../../collab/index.ts';
import type { Field } from '../../columns/index.ts';
import { quoteIdentifier, quoteText } from '../../engine/index.ts';
import { createSalt } from '../../platform/index.ts';
import type { ColumnKind } from '../../schema/index.ts';
import { restOf } from './fingerprints.ts';

/** The maximum number of parts that a table is split into at once, as a power of two. */
const SPLIT_BITS = 5;

/** The random number by which rows are ordered. */
export const POSITION: Field = { name: 'position', type: { kind: 'bigint' } };

/** The row's number in the file, from 1; only where rows are staged. */
export const ROW: Field = { name: 'row', type: { kind: 'bigint' } };

/** The SQL name of a column of the input. */
export function inputColumn(index: number): string {
  return `c${String(index)}`;
}

/** The SQL name of the column of the input that has the second halves of fingerprints. */
export function inputRest(index: number): string {
  return `${inputColumn(index)}_rest`;
}

/** A column that is loaded. */
export interface RoomColumn {
  /** The name in the room. */
  readonly name: string;
  readonly protection: ColumnKind;
  /** Of the column of the input to that of the room. */
  readonly conversion: Conversion;
}

/** What a load writes, and where. */
export interface LoadingTarget {
  /** The file of the snapshot. */
  readonly path: string;
  readonly owner: string;
  readonly table: string;
  readonly columns: readonly RoomColumn[];
  /** Sets of columns of which no two rows may have the same values, other than null. */
  readonly keys: readonly (readonly string[])[];
  readonly allowDuplicates: boolean;
}

/**
 * What a query over the rows of a load reports, as rows of `found`, `place`, `first` and `again`: the number of rows; the rows of a column's
 * most frequent value; and what is to be refused, with the first rows of the file that have it if they are known.
 */
export type Found = 'rows' | 'most' | 'value' | 'collision' | 'duplicate' | 'key';

/** Rows that are searched: a table, and the names of its columns as SQL. */
interface Searched {
  readonly table: string;
  readonly value: (index: number) => string;
  readonly rest: (index: number) => string;
}

/** Prints the statements of a load. */
export class LoadingSql {
  readonly #target: LoadingTarget;

  constructor(target: LoadingTarget) {
    this.#target = target;
  }

  /**
   * Writes the snapshot in one statement, in the order of the random numbers, and then searches it. It fails at a value that a column's
   * type does not have; what is to be refused otherwise is reported without rows of the file, which nothing knows any more.
   */
  printDirect(): string {
    const { columns } = this.#target;
    const checked = ({ isRefused, value }: Conversion): string =>
      isRefused === null ? value : `CASE WHEN ${isRefused} THEN error('refused') ELSE ${value} END`;
    const written: Searched = {
      table: this.#table,
      value: (index) => quoteIdentifier(columns[index]?.name ?? ''),
      rest: (index) => quoteIdentifier(restOf(columns[index]?.name ?? '')),
    };
    return [
      ...this.#printTarget(`SELECT ${this.#values(checked)} FROM $input ORDER BY position`),
      'DETACH snapshot',
      // What is searched is what the file has.
      `ATTACH ${quoteText(this.#target.path)} AS snapshot (READ_ONLY)`,
      [...this.#facts(written), ...this.#repeatedKeys(written, '0')].join(' UNION ALL '),
    ].join(';\n');
  }

  /** Stages the rows in their order, and searches them. */
  printStaging(file: string): string {
    const { columns, allowDuplicates } = this.#target;
    const staged: Searched = {
      table: 'staging.rows',
      value: (index) => columns[index]?.conversion.value ?? 'NULL',
      rest: inputRest,
    };
    const refused = columns.flatMap(({ conversion: { isRefused } }, index) =>
      isRefused === null
        ? []
        : [`SELECT 'value', ${String(index)}, min(row), NULL FROM staging.rows WHERE ${isRefused} HAVING count(*) > 0`],
    );
    const prints = columns.flatMap(({ protection }, index) => (protection === 'fingerprint' ? [index] : []));
    return [
      attachStaging(file),
      'CREATE TABLE staging.rows AS SELECT * FROM $input',
      [
        ...this.#facts(staged),
        ...refused,
        ...prints.map((index) => printCollision(index)),
        ...(allowDuplicates ? [] : prints.map((index) => printRepeated('duplicate', index, [inputColumn(index)]))),
        ...this.#repeatedKeys(staged, 'row'),
      ].join(' UNION ALL '),
    ].join(';\n');
  }

  /**
   * Writes the staged rows in the order of their random numbers to the snapshot, so that no trace of the old order is in it.
   *
   * The engine sorts any number of rows, but only if some thousands of them fit into its memory. Long rows are sorted in 2^`bits`
   * parts, by the lowest bits of their random numbers.
   */
  printWriting(file: string, bits: number): string {
    const selected = `SELECT ${this.#values(({ value }) => value)} FROM`;
    const inserts = printParts(
      'staging.rows',
      0,
      bits,
      (rows) => `INSERT INTO ${this.#table} ${selected} ${rows} ORDER BY position`,
    );
    return [
      attachStaging(file),
      ...this.#printTarget(`${selected} staging.rows LIMIT 0`),
      ...inserts,
      // Writes what is still in the engine's log next to the file.
      'DETACH snapshot',
    ].join(';\n');
  }

  get #table(): string {
    return `snapshot.${quoteIdentifier(this.#target.owner)}.${quoteIdentifier(this.#target.table)}`;
  }

  /** Creates the snapshot with its only table. */
  #printTarget(query: string): readonly string[] {
    return [
      `ATTACH ${quoteText(this.#target.path)} AS snapshot`,
      `CREATE SCHEMA snapshot.${quoteIdentifier(this.#target.owner)}`,
      `CREATE TABLE ${this.#table} AS ${query}`,
      // Others get the snapshot's hash: without something random in it, a table of a few rows could be found by trying.
      `COMMENT ON TABLE ${this.#table} IS ${quoteText(createSalt())}`,
    ];
  }

  /** The values of all columns in the room, the second halves of fingerprints behind the first. */
  #values(print: (conversion: Conversion) => string): string {
    const values = this.#target.columns.flatMap(({ name, protection, conversion }, index) => {
      const value = `${print(conversion)} AS ${quoteIdentifier(name)}`;
      return protection === 'fingerprint'
        ? [value, `${inputRest(index)} AS ${quoteIdentifier(restOf(name))}`]
        : [value];
    });
    return values.join(', ');
  }

  /** The number of rows, and of those of the most frequent value of each column that joins may compare. */
  #facts(rows: Searched): readonly string[] {
    const most = this.#target.columns.flatMap(({ protection }, index) => {
      if (protection === 'sealed') return [];
      const value = rows.value(index);
      const isPrint = protection === 'fingerprint';
      const differs = isPrint ? `min(${rows.rest(index)}) <> max(${rows.rest(index)})` : 'false';
      const counts =
        `SELECT count(*) AS rows, ${differs} AS differs FROM ${rows.table} WHERE ${value} IS NOT NULL ` +
        `GROUP BY ${value}`;
      return [`SELECT 'most', ${String(index)}, coalesce(max(rows), 0), count_if(differs) FROM (${counts})`];
    });
    const total = `SELECT 'rows' AS found, 0 AS place, count(*) AS first, NULL::BIGINT AS again FROM ${rows.table}`;
    return [total, ...most];
  }

  /** Searches rows for repeated keys; `row` is what tells a row's number. */
  #repeatedKeys(rows: Searched, row: string): readonly string[] {
    return this.#target.keys.map((key, place) => {
      const values = key.map((name) => rows.value(this.#target.columns.findIndex((column) => column.name === name)));
      return printRepeated('key', place, values, rows.table, row);
    });
  }
}

function attachStaging(file: string): string {
  return `ATTACH ${quoteText(file)} AS staging`;
}

/** Finds the first two rows that have the same values. */
function printRepeated(
  found: Found,
  place: number,
  values: readonly string[],
  table = 'staging.rows',
  row = 'row',
): string {
  const present = values.map((value) => `${value} IS NOT NULL`).join(' AND ');
  const pairs =
    `SELECT min(${row}) AS first, max(${row}) AS again FROM ${table} WHERE ${present} ` +
    `GROUP BY ${values.join(', ')} HAVING count(*) > 1`;
  return `SELECT '${found}', ${String(place)}, min(first), arg_min(again, first) FROM (${pairs}) HAVING count(*) > 0`;
}

/** Finds two rows with fingerprints of which only the first half is the same. */
function printCollision(index: number): string {
  const rest = inputRest(index);
  const pairs =
    `SELECT arg_min(row, ${rest}) AS low, arg_max(row, ${rest}) AS high FROM staging.rows ` +
    `WHERE ${rest} IS NOT NULL GROUP BY ${inputColumn(index)} HAVING min(${rest}) <> max(${rest})`;
  const rows = `SELECT least(low, high) AS first, greatest(low, high) AS again FROM (${pairs})`;
  return `SELECT 'collision', ${String(index)}, min(first), arg_min(again, first) FROM (${rows}) HAVING count(*) > 0`;
}

/**
 * Statements that process the rows of a table in 2^`bits` parts, one after the other. A table is read once for each part that is
 * made of it, so many parts are made in several steps: the number of readings grows with the logarithm of the number of parts.
 * Writing the tables in between costs as much as several readings, so few parts are made in one step.
 *
 * @param shift the bits of the rows' random numbers that selected this table
 * @param print makes a statement from the text that follows FROM
 */
function printParts(table: string, shift: number, bits: number, print: (rows: string) => string): readonly string[] {
  const own = Math.ceil(bits / Math.max(1, Math.ceil(bits / SPLIT_BITS)));
  const parts = Array.from(
    { length: 2 ** own },
    (_, part) => `${table} WHERE (position >> ${String(shift)}) & ${String(2 ** own - 1)} = ${String(part)}`,
  );
  if (own === bits) return parts.map(print);
  const smaller = `staging.rows_${String(shift)}`;
  return parts.flatMap((rows) => [
    `CREATE TABLE ${smaller} AS SELECT * FROM ${rows}`,
    ...printParts(smaller, shift + own, bits - own, print),
    `DROP TABLE ${smaller}`,
  ]);
}

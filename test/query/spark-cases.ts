import { type DuckDBConnection, DuckDBInstance, DuckDBTypeId } from '@duckdb/node-api';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifest } from 'sealroom/collab';
import { type CheckContext, checkQuery, QueryParser } from 'sealroom/query';

const VECTORS = join(import.meta.dirname, '../vectors');

type Value = string | null;

/** A case: an expression for each row of a table, or a whole query. */
export interface SparkCase {
  readonly topic: string;
  readonly expression?: string;
  readonly of?: string;
  readonly sql?: string;
  /** The names of Spark's types: of the expression, or of the outputs. */
  readonly type: string | readonly string[] | null;
  readonly rows?: readonly (Value | readonly Value[])[];
  /** Spark's error, instead of rows. */
  readonly fails?: string;
  /** Indices of the rows, from 0, that are different here. */
  readonly differs?: readonly number[];
  /** Why the answer is different here, or `refused: …`; `null` if it is the same. */
  readonly known: string | null;
}

interface SparkFile {
  readonly recordedWith: string;
  readonly tables: Readonly<
    Record<string, { readonly columns: Readonly<Record<string, string>>; readonly rows: readonly (readonly Value[])[] }>
  >;
  readonly cases: readonly SparkCase[];
}

/** Recorded answers of Spark, from a file to which `test/integration/spark/record.py` adds. */
function readAnswers(file: string): SparkFile {
  return JSON.parse(readFileSync(join(VECTORS, file), 'utf8')) as SparkFile;
}

/** What Spark answers to single expressions and forms. */
export const SPARK = readAnswers('spark-meaning.json');

/** What Spark answers to random queries over two small tables, as `test/query/model` makes them. */
export const SPARK_QUERIES = readAnswers('spark-queries.json');

/** Columns of persons, which a collaboration has as fingerprints. */
const PERSONS: readonly string[] = ['person', 'phone'];

/** The words of a case, to be found in a message. */
export function nameOf({ expression, of, sql }: SparkCase): string {
  return sql ?? `${String(expression)} of ${String(of)}`;
}

/** What sealroom made of a case. */
export type SparkOutcome =
  | { readonly kind: 'refused'; readonly codes: readonly string[] }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly unknown[])[]; readonly families: readonly string[] };

function manifestOf({ tables }: SparkFile): CheckContext['manifest'] {
  const rule = { v1: { custom: { allowedAnalyses: ['ANY_QUERY'], allowedAnalysisProviders: ['brand'] } } };
  return parseManifest(
    JSON.stringify({
      version: 1,
      id: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b34',
      name: 'What Spark means',
      settings: {
        allowCleartext: true,
        allowDuplicates: true,
        allowJoinsOnColumnsWithDifferentNames: false,
        preserveNulls: true,
      },
      members: [
        {
          id: 'brand',
          displayName: 'Brand',
          abilities: ['CAN_QUERY', 'CAN_RECEIVE_RESULTS'],
          payer: true,
          publicKeys: {},
        },
      ],
      tables: Object.entries(tables).map(([name, { columns }]) => ({
        name,
        owner: 'brand',
        columns: Object.entries(columns).map(([column, type]) => ({
          name: column,
          protection: PERSONS.includes(column) ? 'fingerprint' : 'cleartext',
          type,
        })),
        analysisRule: { type: 'CUSTOM', policy: rule },
      })),
    }),
  );
}

const FAMILIES: ReadonlyMap<DuckDBTypeId, string> = new Map([
  [DuckDBTypeId.VARCHAR, 'text'],
  [DuckDBTypeId.DATE, 'date'],
  [DuckDBTypeId.TIMESTAMP, 'timestamp'],
  [DuckDBTypeId.BOOLEAN, 'boolean'],
  [DuckDBTypeId.DOUBLE, 'double'],
  [DuckDBTypeId.FLOAT, 'double'],
]);

/** The tables of the file in an engine, and a collaboration in which all of them answer any query. */
export class SparkRoom {
  readonly #parser: QueryParser;
  readonly #data: DuckDBConnection;
  readonly context: CheckContext;

  private constructor(parser: QueryParser, data: DuckDBConnection, file: SparkFile) {
    this.#parser = parser;
    this.#data = data;
    this.context = { manifest: manifestOf(file), member: 'brand', receivers: ['brand'] };
  }

  static async open(file: SparkFile): Promise<SparkRoom> {
    const data = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
    await data.run("CREATE SCHEMA brand; SET TimeZone = 'UTC'");
    const print = (value: Value): string => (value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`);
    for (const [name, { columns, rows }] of Object.entries(file.tables)) {
      const types = Object.entries(columns).map(([column, type]) => `"${column}" ${type}`);
      await data.run(`CREATE TABLE brand."${name}" (${types.join(', ')})`);
      const values = rows.map((row) => `(${row.map(print).join(', ')})`);
      await data.run(`INSERT INTO brand."${name}" VALUES ${values.join(', ')}`);
    }
    return new SparkRoom(await QueryParser.open(), data, file);
  }

  /** The answer to a case, by the text that Spark was asked. */
  async answer({ expression, of, sql }: SparkCase): Promise<SparkOutcome> {
    const text = sql ?? `SELECT id, (${String(expression)}) AS r FROM ${String(of)} ORDER BY id`;
    const verdict = checkQuery(await this.#parser.parse(text, 'spark'), this.context);
    if (!verdict.allowed) return { kind: 'refused', codes: verdict.findings.map(({ code }) => code) };
    const reader = await this.#data.runAndReadAll(verdict.statement.sql);
    const skipped = sql === undefined ? 1 : 0;
    return {
      kind: 'rows',
      rows: reader.getRowsJson().map((row) => row.slice(skipped)),
      families: reader
        .columnTypes()
        .slice(skipped)
        .map(({ typeId }) => FAMILIES.get(typeId) ?? 'exact'),
    };
  }

  close(): void {
    this.#parser.close();
    this.#data.closeSync();
  }
}

function familyOf(type: string): string {
  if (type === 'string' || type.startsWith('varchar') || type.startsWith('char')) return 'text';
  if (type === 'double' || type === 'float') return 'double';
  if (type.startsWith('timestamp')) return 'timestamp';
  return ['date', 'boolean'].includes(type) ? type : 'exact';
}

const isNumber = (family: string): boolean => family === 'double' || family === 'exact';

/** A number with 9 digits, or, if both are exact, all of its digits. */
function digitsOf(value: string, isExact: boolean): string {
  if (!isExact) return Number.isFinite(Number(value)) ? String(Number(Number(value).toPrecision(9)) + 0) : value;
  return value.includes('.') ? value.replace(/\.?0+$/, '') : value;
}

function textOf(found: unknown): string {
  return typeof found === 'string' ? found : JSON.stringify(found);
}

function isSame(recorded: Value, found: unknown, recordedFamily: string, family: string): boolean {
  if (recorded === null || found === null) return recorded === found;
  if (isNumber(recordedFamily) !== isNumber(family)) return false;
  if (!isNumber(family)) return recordedFamily === family && recorded === textOf(found);
  const isExact = family === 'exact' && recordedFamily === 'exact';
  return digitsOf(recorded, isExact) === digitsOf(textOf(found), isExact);
}

/** The indices of the rows in which an answer is not Spark's. */
export function differencesOf(each: SparkCase, outcome: Extract<SparkOutcome, { kind: 'rows' }>): readonly number[] {
  const types = typeof each.type === 'string' ? [each.type] : (each.type ?? []);
  const recorded = each.rows ?? [];
  const length = Math.max(recorded.length, outcome.rows.length);
  return Array.from({ length }, (_, index) => index).filter((index) => {
    const [row, found] = [recorded[index], outcome.rows[index]];
    if (row === undefined || found === undefined) return true;
    const values: readonly Value[] = Array.isArray(row) ? row : [row as Value];
    return !values.every((value, at) =>
      isSame(value, found[at] ?? null, familyOf(types[at] ?? ''), outcome.families[at] ?? ''),
    );
  });
}

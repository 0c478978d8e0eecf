import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';

/** What to generate. */
export interface BenchTableOptions {
  /** 0 or more. */
  readonly rows: number;
  readonly format: 'csv' | 'parquet';
  /** Overwritten if it exists. */
  readonly path: string;
  /** Equal seeds give equal rows; 1 if left out. */
  readonly seed?: number;
}

/**
 * Writes the benchmark's table: `id` (20 characters, unique), `email`, `amount` (two decimals), `note` (30 characters; of
 * 100 notes 5 contain a quote, 5 a comma, 5 a line break, 5 accented letters) and `category` (8 values), all text, about 97
 * bytes a row in CSV. Rows are made by DuckDB's `hash`, whose values are fixed within a DuckDB version, and are streamed
 * to disk in row order. Does not promise equal bytes across DuckDB versions.
 */
export async function generateBenchTable({ rows, format, path, seed = 1 }: BenchTableOptions): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run(
      `COPY (${selectRows(rows, seed)}) TO '${path.replaceAll("'", "''")}' (${FORMAT_OPTIONS[format]})`,
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/**
 * A text that two tables have in common if they hold the same rows in these columns, in any order. Values are compared as
 * text. The format is what the file's extension says: `.parquet`, or else CSV with a header.
 */
export async function fingerprintOfTable(path: string, columns: readonly string[]): Promise<string> {
  const file = `'${path.replaceAll("'", "''")}'`;
  // One thread: the parallel reader can lose its place among line breaks inside quotes.
  const source = path.endsWith('.parquet')
    ? `read_parquet(${file})`
    : `read_csv(${file}, header = true, all_varchar = true, parallel = false, delim = ',', quote = '"', escape = '"')`;
  const row = columns.map((column) => `"${column}"::VARCHAR`).join(', ');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(`SELECT count(*), sum(hash(${row})::HUGEINT) FROM ${source}`);
    return reader.getRows().join();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const FORMAT_OPTIONS: Record<BenchTableOptions['format'], string> = {
  csv: 'FORMAT csv, HEADER true',
  parquet: 'FORMAT parquet',
};

const GIVEN_NAMES = ['anna', 'bjorn', 'chiara', 'dilan', 'elif', 'francois', 'greta', 'hugo', 'ines', 'jiri'];
const FAMILY_NAMES = [
  'ahlberg',
  'brandao',
  'celik',
  'dvorak',
  'engel',
  'fournier',
  'gomez',
  'hoang',
  'ilves',
  'jansen',
];
const CATEGORIES = ['collision', 'parking', 'glass', 'hail', 'theft', 'wildlife', 'fire', 'water'];

/** 30 characters each, none beginning or ending with a blank; `########` becomes eight hexadecimal digits. */
const PLAIN_NOTES = [
  'estimate ######## received now',
  'photos of ######## on the file',
  'called the garage ref ########',
  'file ######## closed by letter',
];
const SPECIAL_NOTES = [
  'said "no way" see ref ########',
  'paint, labour, parts: ########',
  'first line ref\\nsecond ########',
  'Témoin à Müllersbrück ########',
];

function selectRows(rows: number, seed: number): string {
  if (!Number.isSafeInteger(rows) || rows < 0)
    throw new RangeError(`rows expected a whole number, got ${String(rows)}`);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed expected a whole number, got ${String(seed)}`);
  // Every draw takes other bits of the row's hash `h`; `n` is the row number.
  return `
    SELECT
      format('{:08x}{:012x}', n, h & 281474976710655) AS id,
      concat(${pick(GIVEN_NAMES, 0)}, '.', ${pick(FAMILY_NAMES, 8)}, (h >> 16) % 1000000, '@example.org') AS email,
      format('{}.{:02d}', (h >> 20) % 20000, (h >> 36) % 100) AS amount,
      replace(
        CASE WHEN (h >> 44) % 100 < 20 THEN ${pick(SPECIAL_NOTES, 52)} ELSE ${pick(PLAIN_NOTES, 52)} END,
        '########', format('{:08x}', (h >> 24) & 4294967295)
      ) AS note,
      ${pick(CATEGORIES, 56)} AS category
    FROM (SELECT range AS n, hash(range, ${String(seed)}) AS h FROM range(${String(rows)}))`;
}

/** An SQL expression that picks one of the texts by the bits of `h` from `shift` upwards. */
function pick(texts: readonly string[], shift: number): string {
  const literals = texts.map((text) => `e'${text}'`).join(', ');
  return `[${literals}][1 + ((h >> ${String(shift)}) % ${String(texts.length)})::INTEGER]`;
}

// npx tsx bench/generate.ts --rows 1000000 --format csv --path bench.csv
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string' },
      format: { type: 'string' },
      path: { type: 'string' },
      seed: { type: 'string' },
    },
  });
  const { rows = '1000000', format = 'csv', path = `bench.${format}`, seed = '1' } = values;
  if (format !== 'csv' && format !== 'parquet') throw new RangeError('--format expected csv or parquet');
  await generateBenchTable({ rows: Number(rows), format, path, seed: Number(seed) });
}

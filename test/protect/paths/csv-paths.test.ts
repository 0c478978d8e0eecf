import { readFile } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import type { DecryptOptions, EncryptOptions, KernelName } from 'sealroom';
import { afterAll, expect, test } from 'vitest';
import { quotePath, quoteText } from '#src/engine/sql';
import { SealroomError } from '#src/errors/sealroom-error';
import { isTableKernel } from '#src/protect/machine/machine';
import { RUNNABLE_KERNELS } from '../../support/kernels.ts';
import { runs } from '../../support/runs.ts';
import { Bench, schemaOf, settingsOf, textCell } from '../../support/tables.ts';
import { parseCsv } from '../../conformance/kit/csv-text.ts';
import { SEED } from '../../tabular/support.ts';
import { type CsvFile, csvFiles, FAULTS } from './csv-files.ts';

// The same files through the fast path and the ordinary one, which kernels without a machine take, and through DuckDB.

const duckDb = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await duckDb.connect();

afterAll(() => {
  connection.closeSync();
  duckDb.closeSync();
});

/** The rows of a regular CSV file with headers as DuckDB reads them, sorted. It does not tell nulls from empty texts. */
async function rowsInDuckDb(path: string, columns: number, delimiter = ','): Promise<string[]> {
  const types = Array.from({ length: columns }, (_, column) => `c${String(column)}: 'VARCHAR'`).join(', ');
  const scan =
    `read_csv(${quotePath(path)}, auto_detect=false, header=true, columns={${types}}, delim=${quoteText(delimiter)}, ` +
    `quote='"', escape='"', parallel=false, max_line_size=4194304)`;
  const { rows } = await connection
    .runAndReadAll(`SELECT * FROM ${scan}`)
    .then((reader) => ({ rows: reader.getRows() }));
  return rows.map((row) => JSON.stringify(row.map((value) => value ?? ''))).sort();
}

function sortedRows(rows: readonly (readonly (string | null)[])[]): string[] {
  return rows.map((row) => JSON.stringify(row.map((value) => value ?? ''))).sort();
}

const FAST_KERNELS = RUNNABLE_KERNELS.filter(isTableKernel);
const ORDINARY_KERNEL: KernelName = 'node';

/** An error as a user meets it. */
function failureOf(error: unknown): Pick<SealroomError, 'code' | 'message' | 'where' | 'hint'> {
  if (!(error instanceof SealroomError)) throw error;
  const { code, message, where, hint } = error;
  return { code, message, where, hint };
}

/** How often a path was taken, and to what end. */
class Tally {
  opened = 0;
  refused = 0;
  left = 0;
  inDuckDb = 0;

  note(outcome: { readonly slowReason: string | null } | { readonly code: string }): void {
    if ('code' in outcome) this.refused++;
    else if (outcome.slowReason !== null) this.left++;
    else this.opened++;
  }
}

const READING = fc.record({
  csvInputNull: fc.constantFrom(undefined, undefined, '', '""', 'NULL', ['NULL', '']),
  csvOutputNull: fc.constantFrom(undefined, undefined, 'NULL'),
  threads: fc.constantFrom(1, 1, 1, 2),
  kernel: fc.constantFrom(...FAST_KERNELS),
});

/** What a summary says, but for what the path that was taken says of itself. */
function factsOf(summary: {
  readonly rows: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly warnings: readonly string[];
}): object {
  const { rows, inputBytes, outputBytes, warnings } = summary;
  return { rows, inputBytes, outputBytes, warnings };
}

test('encryption: the same rows and fingerprints, or the same refusal', async () => {
  await using bench = await Bench.start();
  const tally = new Tally();
  const protecting = fc.record({
    preserveNulls: fc.boolean(),
    allowDuplicates: fc.constantFrom(true, true, true, false),
    pad: fc.constantFrom('sealed', 'sealed', 'sealed max 3', 'sealed fixed 9'),
  });
  await fc.assert(
    fc.asyncProperty(
      csvFiles((value) => value),
      READING,
      protecting,
      async (file, reading, { pad, ...settings }) => {
        await bench.put('in.csv', file.bytes);
        const targets = Array.from({ length: file.columns }, (_, column) => {
          const name = String(column);
          return [`h${name}>c${name}:cleartext`, `h${name}>s${name}:${pad}`, `h${name}>f${name}:fingerprint`];
        });
        const schema = schemaOf(...targets.flat());
        const options: Partial<EncryptOptions> = {
          ...{ ...reading, csvDelimiter: file.delimiter, settings: settingsOf(settings) },
          overwrite: true,
        };
        const encrypt = async (name: string, kernel: KernelName) =>
          bench.encrypt('in.csv', name, schema, { ...options, kernel }).catch(failureOf);
        const fast = await encrypt('fast.csv', reading.kernel);
        const ordinary = await encrypt('ordinary.csv', ORDINARY_KERNEL);
        tally.note(fast);
        if ('code' in fast || 'code' in ordinary) {
          expect(fast).toEqual(ordinary);
          return;
        }
        expect(factsOf(fast)).toEqual(factsOf(ordinary));
        expect([fast.nulls, fast.columns]).toEqual([ordinary.nulls, ordinary.columns]);
        const rows = await openedRows(bench, 'fast.csv', settings.preserveNulls, reading.csvOutputNull);
        expect(rows).toEqual(await openedRows(bench, 'ordinary.csv', settings.preserveNulls, reading.csvOutputNull));
        if (file.values === null || reading.csvInputNull !== undefined || reading.csvOutputNull !== undefined) return;
        tally.inDuckDb++;
        const read = await rowsInDuckDb(bench.path('in.csv'), file.columns, file.delimiter);
        expect(read).toEqual(sortedRows(file.values));
        expect(sortedRows(rows.map(clearOf))).toEqual(read);
      },
    ),
    { seed: SEED, numRuns: runs(240) },
  );
  requireAll(tally, runs(240));
});

type Row = readonly (string | null)[];

/** The rows of a protected table, opened and in an order of their own. Fingerprints of nulls are random, unless nulls stay. */
async function openedRows(
  bench: Bench,
  name: string,
  keepsNulls: boolean,
  nullText: string | undefined,
): Promise<Row[]> {
  await bench.decrypt(name, 'opened.csv', { overwrite: true, csvInputNull: nullText });
  const rows = parseCsv(await bench.text('opened.csv'))
    .slice(1)
    .map(({ fields }): Row => {
      const values = fields.map(({ text, isQuoted }) => (text === '' && !isQuoted ? null : text));
      const isRandom = (column: number): boolean => !keepsNulls && column % 3 === 2 && values[column - 1] === null;
      return values.map((value, column) => (isRandom(column) ? 'random' : value));
    });
  return rows.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}

/** The cleartext columns of an opened row, and with them the sealed ones, which must be the same. */
function clearOf(row: Row): Row {
  const clear = row.filter((_, column) => column % 3 === 0);
  expect(row.filter((_, column) => column % 3 === 1)).toEqual(clear);
  return clear;
}

test('decryption: the same bytes, or the same refusal', async () => {
  await using bench = await Bench.start();
  const tally = new Tally();
  // Every other column is sealed.
  const files: fc.Arbitrary<CsvFile> = csvFiles(
    (value, column) => (column % 2 === 0 && value !== '' ? textCell(value) : value),
    [...FAULTS, 'forged cell', 'forged cell'],
  );
  await fc.assert(
    fc.asyncProperty(files, READING, async (file, reading) => {
      await bench.put('in.csv', file.bytes);
      const options: Partial<DecryptOptions> = { ...reading, csvDelimiter: file.delimiter, overwrite: true };
      const decrypt = async (name: string, kernel: KernelName) =>
        bench.decrypt('in.csv', name, { ...options, kernel }).catch(failureOf);
      const fast = await decrypt('fast.csv', reading.kernel);
      const ordinary = await decrypt('ordinary.csv', ORDINARY_KERNEL);
      tally.note(fast);
      if ('code' in fast || 'code' in ordinary) {
        expect(fast).toEqual(ordinary);
        return;
      }
      expect(factsOf(fast)).toEqual(factsOf(ordinary));
      expect([fast.openedCells, fast.unsealedCells]).toEqual([ordinary.openedCells, ordinary.unsealedCells]);
      expect(await readFile(bench.path('fast.csv'))).toEqual(await readFile(bench.path('ordinary.csv')));
      if (file.values === null || reading.csvInputNull !== undefined || reading.csvOutputNull !== undefined) return;
      tally.inDuckDb++;
      expect(await rowsInDuckDb(bench.path('fast.csv'), file.columns)).toEqual(sortedRows(file.values));
    }),
    { seed: SEED, numRuns: runs(320) },
  );
  requireAll(tally, runs(320));
});

/** Enough files took each path to mean something. */
function requireAll({ opened, refused, left, inDuckDb }: Tally, count: number): void {
  expect(opened).toBeGreaterThan(count / 4);
  expect(Math.min(refused, left, inDuckDb)).toBeGreaterThan(count / 32);
}

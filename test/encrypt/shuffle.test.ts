import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { binaryForm, lineForm, type RowForm } from '#src/encrypt/row-form';
import { RowShuffle } from '#src/encrypt/shuffle';
import { CsvSerialiser } from 'sealroom/tabular';
import type { Batch, Field } from 'sealroom/tabular';
import { afterAll, describe, expect, test } from 'vitest';
import { batchOf, failureOf, fixedColumn, SEED, textColumn, valuesOf } from '../tabular/support.ts';

/** So many that every part is small and soon spills: 1,024 parts of 128 KiB each. */
const HUGE = 1024 * (16 << 20);

const FIELDS: readonly Field[] = [
  { name: 's', type: { kind: 'string' } },
  { name: 'n', type: { kind: 'int' } },
];
const directory = mkdtempSync(join(tmpdir(), 'sealroom-test-'));

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

function numberOf(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes.toString('hex');
}

type Row = readonly [string | null, number | null];

function batchOfRows(rows: readonly Row[]): Batch {
  return batchOf(
    textColumn(rows.map(([text]) => text)),
    fixedColumn(
      4,
      rows.map(([, value]) => (value === null ? null : numberOf(value))),
    ),
  );
}

function rowsOf(batch: Batch): string[] {
  const columns = batch.columns.map(valuesOf);
  return Array.from({ length: batch.rows }, (_, row) => JSON.stringify(columns.map((column) => column[row])));
}

function linesOf(part: Uint8Array): string[] {
  return Buffer.from(part).toString('latin1').split('\n').slice(0, -1);
}

/** Shuffles batches and reads each output before the next one is asked for, as writers do. */
async function shuffle<Output>(
  form: RowForm<Output>,
  batches: readonly Batch[],
  read: (output: Output) => string[],
  expectedBytes = 1000,
): Promise<string[]> {
  const shuffled = new RowShuffle(form, { expectedBytes, tempDirectory: directory });
  const rows: string[] = [];
  try {
    for (const batch of batches) await shuffled.add(batch);
    for await (const { rows: count, output } of shuffled.output()) {
      const part = read(output);
      expect(part).toHaveLength(count);
      rows.push(...part);
    }
    expect(shuffled.rows).toBe(rows.length);
    return rows;
  } finally {
    await shuffled.close();
  }
}

const numbered = (count: number, start = 0): Batch =>
  batchOfRows(
    Array.from({ length: count }, (_, row): Row => {
      const value = start + row;
      return [value % 7 === 0 ? null : `text ${String(value)}`, value % 5 === 0 ? null : value];
    }),
  );

const lines = (): RowForm<Uint8Array> => lineForm(new CsvSerialiser(FIELDS.slice(0, 1), {}));
const textsOnly = (batch: Batch): Batch => ({ rows: batch.rows, columns: batch.columns.slice(0, 1) });

describe('F-58 the rows of the encrypted table are the rows of the source in another order', () => {
  test('as values of columns', async () => {
    const batches = [numbered(3000), numbered(0), numbered(5000, 3000)];
    const before = batches.flatMap(rowsOf);
    const after = await shuffle(binaryForm(FIELDS), batches, rowsOf);
    expect(after).not.toEqual(before);
    expect(after.sort()).toEqual(before.sort());
  });

  test('as lines of CSV', async () => {
    const batch = textsOnly(numbered(5000));
    const before = valuesOf(batch.columns[0] ?? textColumn([]));
    const after = await shuffle(lines(), [batch], linesOf);
    const expected = before.map((value) => (value === null ? '""' : `"${value}"`));
    // A record whose only field is null is written as `""`, since a blank line is no record.
    expect(after).not.toEqual(expected);
    expect(after.sort()).toEqual(expected.sort());
  });

  test('whatever the values are', async () => {
    const row = fc.tuple(
      fc.option(fc.string({ unit: 'binary', maxLength: 60 })),
      fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(row, { maxLength: 20 }), { maxLength: 4 }), async (parts) => {
        const batches = parts.map(batchOfRows);
        const after = await shuffle(binaryForm(FIELDS), batches, rowsOf);
        expect(after.sort()).toEqual(batches.flatMap(rowsOf).sort());
      }),
      { seed: SEED, numRuns: 150 },
    );
  });

  test('a table without rows', async () => {
    expect(await shuffle(binaryForm(FIELDS), [], rowsOf)).toEqual([]);
    expect(await shuffle(lines(), [textsOnly(numbered(0))], linesOf)).toEqual([]);
  });
});

// Pearson's statistic over all 24 orders of four rows. With 23 degrees of freedom it exceeds 95 with p < 1e-9.
test.each([
  ['one part', 1000],
  ['many parts', HUGE],
])('F-58 every order is equally likely, with %s', async (_, expectedBytes) => {
  const batch = batchOfRows(['a', 'b', 'c', 'd'].map((text): Row => [text, 0]));
  const counts = new Map<string, number>();
  const runs = expectedBytes === HUGE ? 480 : 4800;
  for (let run = 0; run < runs; run++) {
    const order = (await shuffle(binaryForm(FIELDS), [batch], rowsOf, expectedBytes)).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  const expected = runs / 24;
  const missing = (24 - counts.size) * expected;
  const statistic = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, missing);
  expect(counts.size).toBeLessThanOrEqual(24);
  expect(statistic).toBeLessThan(95);
});

// The first place that a row's number says is independent of where it comes out: the correlation of n pairs has a
// standard deviation of 1 / sqrt(n - 1), and exceeds seven of them with p < 1e-9.
test('F-58 the new order does not depend on the old one', async () => {
  const count = 4000;
  const batch = batchOfRows(Array.from({ length: count }, (_, row): Row => [String(row), row]));
  const order = (
    await shuffle(binaryForm(FIELDS), [batch], (output) => valuesOf(output.columns[0] ?? textColumn([])).map(String))
  ).map(Number);
  const mean = (count - 1) / 2;
  const covariance = order.reduce((sum, before, after) => sum + (before - mean) * (after - mean), 0);
  const variance = order.reduce((sum, before) => sum + (before - mean) ** 2, 0);
  expect(Math.abs(covariance / variance)).toBeLessThan(7 / Math.sqrt(count - 1));
});

describe('a table that outgrows its parts', () => {
  const wide = (count: number, start: number): Batch =>
    batchOfRows(
      Array.from({ length: count }, (_, row): Row => {
        const value = start + row;
        return [value % 9 === 0 ? null : String(value).padStart(40_000, '.'), value];
      }),
    );

  test('spills to one file and comes back whole', async () => {
    const batches = Array.from({ length: 12 }, (_, index) => wide(600, index * 600));
    const short = (batch: Batch): string[] => rowsOf(batch).map((row) => row.slice(-30));
    const after = await shuffle(binaryForm(FIELDS), batches, short, HUGE);
    const before = batches.flatMap(short);
    expect(after).not.toEqual(before);
    expect(after.sort()).toEqual(before.sort());
  });

  test('keeps the spill file without a name and frees it on close', async () => {
    const shuffled = new RowShuffle(binaryForm(FIELDS), { expectedBytes: HUGE, tempDirectory: directory });
    const long = 'x'.repeat(200_000);
    await shuffled.add(batchOfRows(Array.from({ length: 1500 }, (_, row): Row => [row % 2 === 0 ? long : 'y', row])));
    expect(readdirSync(directory)).toEqual([]);
    if (process.platform === 'linux') expect(countUnnamed()).toBe(1);
    await shuffled.close();
    if (process.platform === 'linux') expect(countUnnamed()).toBe(0);
    await shuffled.close();
  });

  test('takes rows that are larger than a part', async () => {
    const rows = Array.from({ length: 12 }, (_, row): Row => [String(row).padStart(300_000, '.'), null]);
    const after = await shuffle(
      binaryForm(FIELDS),
      rows.map((row) => batchOfRows([row])),
      rowsOf,
      HUGE,
    );
    expect(after.map((row) => row.length)).toEqual(Array(12).fill(300_000 + '["",null]'.length));
    expect(new Set(after.map((row) => row.slice(-12))).size).toBe(12);
  });

  test('says where it could not spill', async () => {
    const tempDirectory = join(directory, 'none');
    const shuffled = new RowShuffle(binaryForm(FIELDS), { expectedBytes: HUGE, tempDirectory });
    const long = 'x'.repeat(200_000);
    const rows = Array.from({ length: 1500 }, (): Row => [long, 1]);
    const error = await failureOf(shuffled.add(batchOfRows(rows)));
    expect(error).toMatchObject({ code: 'IO_WRITE', where: { file: tempDirectory } });
    expect(error.hint).toMatch(/--temp-dir/);
    await shuffled.close();
  });
});

/** Open files of this process that have no name any more and lie in the directory. */
function countUnnamed(): number {
  return readdirSync('/proc/self/fd').filter((name) => {
    try {
      const link = readlinkSync(`/proc/self/fd/${name}`);
      return link.startsWith(directory) && link.endsWith('(deleted)');
    } catch {
      return false;
    }
  }).length;
}

test('a batch that was given out is the caller’s to keep', async () => {
  const shuffled = new RowShuffle(binaryForm(FIELDS), { expectedBytes: 1000, tempDirectory: directory });
  for (let index = 0; index < 5; index++) await shuffled.add(numbered(2000, index * 2000));
  const kept: { batch: Batch; copy: string[] }[] = [];
  for await (const { output } of shuffled.output()) kept.push({ batch: output, copy: rowsOf(output) });
  expect(kept.length).toBeGreaterThan(1);
  for (const { batch, copy } of kept) expect(rowsOf(batch)).toEqual(copy);
  await shuffled.close();
});

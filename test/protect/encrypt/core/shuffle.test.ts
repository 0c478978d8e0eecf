import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { FRESH_MEMORY } from '#src/bytes/arena';
import { gatherColumns, rowStarts } from '#src/protect/encrypt/core/row-format';
import { SpillFile } from '#src/files/spill-file';
import { RowShuffle } from '#src/protect/encrypt/core/shuffle';
import type { Batch } from 'sealroom/tabular';
import { afterAll, describe, expect, test } from 'vitest';
import { batchOf, failureOf, fixedColumn, SEED, textColumn, valuesOf } from '../../../tabular/support.ts';
import { runs } from '../../../support/runs.ts';
import { unnamedFilesOf } from '../../../support/open-files.ts';

/** So many that every part is small and soon spills: 4,096 parts of 32 KiB each. */
const HUGE = 4096 * (2 << 20);

/** Byte strings, and values of four bytes. */
const WIDTHS = [null, 4];
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

/** Shuffles batches and reads each output before the next one is asked for. */
async function shuffle(
  batches: readonly Batch[],
  read: (output: Batch) => string[] = rowsOf,
  expectedBytes = 1000,
): Promise<string[]> {
  const shuffled = new RowShuffle({ expectedBytes, openSpill: () => SpillFile.open(directory) });
  const rows: string[] = [];
  try {
    for (const batch of batches) await shuffled.add(batch);
    for await (const { rows: count, bytes } of shuffled.output(500)) {
      const part = read(gatherColumns(bytes, rowStarts(bytes), WIDTHS, FRESH_MEMORY));
      expect(part).toHaveLength(count);
      expect(count).toBeLessThanOrEqual(500);
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

describe('F-58 the rows of the encrypted table are the rows of the source in another order', () => {
  test('all of them', async () => {
    const batches = [numbered(3000), numbered(0), numbered(5000, 3000)];
    const before = batches.flatMap(rowsOf);
    const after = await shuffle(batches);
    expect(after).not.toEqual(before);
    expect(after.sort()).toEqual(before.sort());
  });

  test('whatever the values are', async () => {
    const row = fc.tuple(
      fc.option(fc.string({ unit: 'binary', maxLength: 60 })),
      fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(row, { maxLength: 20 }), { maxLength: 4 }), async (parts) => {
        const batches = parts.map(batchOfRows);
        const after = await shuffle(batches);
        expect(after.sort()).toEqual(batches.flatMap(rowsOf).sort());
      }),
      { seed: SEED, numRuns: runs(150) },
    );
  });

  test('a table without rows', async () => {
    expect(await shuffle([])).toEqual([]);
    expect(await shuffle([numbered(0)])).toEqual([]);
  });
});

// Pearson's statistic over all 24 orders of four rows. With 23 degrees of freedom it exceeds 95 with p < 1e-9.
test.each([
  ['one part', 1000, 4800],
  ['more parts than rows', 16 * (2 << 20), 480],
])('F-58 every order is equally likely, with %s', async (_, expectedBytes, runs) => {
  const batch = batchOfRows(['a', 'b', 'c', 'd'].map((text): Row => [text, 0]));
  const counts = new Map<string, number>();
  for (let run = 0; run < runs; run++) {
    const order = (await shuffle([batch], rowsOf, expectedBytes)).join();
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
  const order = (await shuffle([batch], (output) => valuesOf(output.columns[0] ?? textColumn([])).map(String))).map(
    Number,
  );
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
        return [value % 9 === 0 ? null : String(value).padStart(70_000, '.'), value];
      }),
    );

  test('spills to one file and comes back whole', async () => {
    const batches = Array.from({ length: 4 }, (_, index) => wide(300, index * 300));
    const short = (batch: Batch): string[] => rowsOf(batch).map((row) => row.slice(-30));
    const after = await shuffle(batches, short, HUGE);
    const before = batches.flatMap(short);
    expect(after).not.toEqual(before);
    expect(after.sort()).toEqual(before.sort());
  });

  test('keeps the spill file without a name and frees it on close', async () => {
    const shuffled = new RowShuffle({ expectedBytes: HUGE, openSpill: () => SpillFile.open(directory) });
    const long = 'x'.repeat(200_000);
    await shuffled.add(batchOfRows(Array.from({ length: 600 }, (_, row): Row => [row % 2 === 0 ? long : 'y', row])));
    expect(readdirSync(directory)).toEqual([]);
    if (process.platform === 'linux') expect(unnamedFilesOf(directory)).toHaveLength(1);
    await shuffled.close();
    if (process.platform === 'linux') expect(unnamedFilesOf(directory)).toHaveLength(0);
    await shuffled.close();
  });

  test('takes rows that are larger than a part', async () => {
    const rows = Array.from({ length: 12 }, (_, row): Row => [String(row).padStart(300_000, '.'), null]);
    const after = await shuffle(
      rows.map((row) => batchOfRows([row])),
      rowsOf,
      HUGE,
    );
    expect(after.map((row) => row.length)).toEqual(Array(12).fill(300_000 + '["",null]'.length));
    expect(new Set(after.map((row) => row.slice(-12))).size).toBe(12);
  });

  test('takes single rows that are longer than what is read back at once', async () => {
    const long = 'y'.repeat(40 << 20);
    const lengths = (batch: Batch): string[] => rowsOf(batch).map((row) => String(row.length));
    const rows = await shuffle([batchOfRows([[long, 1]]), batchOfRows([['x', 2]])], lengths);
    expect(rows.map(Number).sort((one, other) => one - other)).toEqual([16, (40 << 20) + 15]);
  });

  test('says where it could not spill', async () => {
    const tempDirectory = join(directory, 'none');
    const shuffled = new RowShuffle({ expectedBytes: HUGE, openSpill: () => SpillFile.open(tempDirectory) });
    const long = 'x'.repeat(200_000);
    const rows = Array.from({ length: 300 }, (): Row => [long, 1]);
    const error = await failureOf(shuffled.add(batchOfRows(rows)));
    expect(error).toMatchObject({ code: 'IO_WRITE', where: { file: tempDirectory } });
    expect(error.hint).toMatch(/--temp-dir/);
    await shuffled.close();
  });
});

test('rows that were given out are the caller’s to keep', async () => {
  const shuffled = new RowShuffle({ expectedBytes: 1000, openSpill: () => SpillFile.open(directory) });
  for (let index = 0; index < 5; index++) await shuffled.add(numbered(2000, index * 2000));
  const kept: { bytes: Uint8Array; copy: Uint8Array }[] = [];
  for await (const { bytes } of shuffled.output(700)) kept.push({ bytes, copy: bytes.slice() });
  expect(kept.length).toBeGreaterThan(1);
  for (const { bytes, copy } of kept) expect(bytes).toEqual(copy);
  expect(new Set(kept.map(({ bytes }) => bytes.buffer)).size).toBe(kept.length);
  await shuffled.close();
});

test('no value can be read in the file that rows spill to', async () => {
  const shuffled = new RowShuffle({ expectedBytes: HUGE, openSpill: () => SpillFile.open(directory) });
  const marker = 'patient 4711 '.repeat(2000);
  await shuffled.add(batchOfRows(Array.from({ length: 6000 }, (_, row): Row => [marker, row])));
  if (process.platform === 'linux') {
    const spilled = spilledBytes();
    expect(spilled.length).toBeGreaterThan(1 << 20);
    expect(spilled.includes('patient')).toBe(false);
  }
  await shuffled.close();
});

/** What lies in the unnamed file of this process. */
function spilledBytes(): Buffer {
  const [path = ''] = unnamedFilesOf(directory);
  return readFileSync(path);
}

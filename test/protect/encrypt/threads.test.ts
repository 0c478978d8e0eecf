import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Bench, schemaOf } from '../../support/tables.ts';
import { failureOf } from '../../tabular/support.ts';

// The same tables with other numbers of threads: only the order of an encrypted table's rows may differ.

/** Four jobs for the threads, the last of them short. */
const ROWS = 120_000;
const SCHEMA = schemaOf('id:fingerprint', 'note:sealed fixed 24', 'id>plain:cleartext');

function csvOf(change: Readonly<Record<number, string>> = {}): string {
  const lines = Array.from({ length: ROWS }, (_, row) => change[row + 1] ?? `id${String(row)},note ${String(row)}`);
  return ['id,note', ...lines, ''].join('\n');
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each([1, 3])('with %s threads', (threads) => {
  test('a table comes back whole, and decryption keeps the order of its rows', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', csvOf());
    for (const to of ['csv', 'parquet']) {
      const sealed = await bench.encrypt('in.csv', `sealed.${to}`, SCHEMA, { threads });
      expect(sealed).toMatchObject({ rows: ROWS, threads });
      const opened = await bench.decrypt(`sealed.${to}`, `open.${to}`, { threads });
      expect(opened).toMatchObject({ rows: ROWS, openedCells: ROWS, threads });
      const before = await bench.columns(`sealed.${to}`);
      const after = await bench.columns(`open.${to}`);
      expect(after['plain']).toEqual(before['plain']);
      expect(after['note']).toEqual(after['plain']?.map((id) => `note ${(id ?? '').slice(2)}`));
      expect(new Set(after['plain']).size).toBe(ROWS);
      expect(after['plain']).not.toEqual(Array.from({ length: ROWS }, (_, row) => `id${String(row)}`));
    }
  });

  test('one value too long in the last row is the one error, with its row, and nothing is left', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', csvOf({ [ROWS]: 'id,a value that has no room in its pad' }));
    const error = await failureOf(bench.encrypt('in.csv', 'out.csv', SCHEMA, { threads }));
    expect(error).toMatchObject({
      code: 'DATA_LENGTH',
      where: { file: bench.path('in.csv'), column: 'note', row: ROWS },
    });
    expect(await bench.names()).toEqual(['in.csv', 'tmp']);
  });

  test('one changed cell in the last row is the one error, with its row, and nothing is left', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', csvOf());
    await bench.encrypt('in.csv', 'sealed.csv', SCHEMA, { threads });
    const lines = await bench.lines('sealed.csv');
    const last = lines.length - 1;
    lines[last] = (lines[last] ?? '').replace(/(02:enc:.{60})(.)/, (_, start: string, character: string) => {
      return start + (character === 'A' ? 'B' : 'A');
    });
    await bench.put('sealed.csv', `${lines.join('\n')}\n`);
    for (const to of ['csv', 'parquet']) {
      const error = await failureOf(bench.decrypt('sealed.csv', `open.${to}`, { threads }));
      const where = { file: bench.path('sealed.csv'), column: 'note', row: ROWS };
      expect(error).toMatchObject({ code: 'FORMAT_TAG', where });
    }
    expect(await bench.names()).toEqual(['in.csv', 'sealed.csv', 'tmp']);
  });
});

test('duplicates are found whatever the number of threads', async () => {
  await using bench = await Bench.start();
  await bench.put('in.csv', csvOf({ 7: 'twin,x', [ROWS]: 'twin,y' }));
  const settings = {
    allowCleartext: true,
    allowDuplicates: false,
    allowJoinsOnColumnsWithDifferentNames: true,
    preserveNulls: false,
  };
  for (const threads of [1, 2]) {
    const error = await failureOf(bench.encrypt('in.csv', 'out.csv', SCHEMA, { settings, threads }));
    expect(error).toMatchObject({ code: 'RULE_DUPLICATES', where: { column: 'id' } });
    expect(error.message).toContain(`rows 7 and ${String(ROWS)} hold the same value`);
  }
  expect(await bench.names()).toEqual(['in.csv', 'tmp']);
});

test.each(['encrypt', 'decrypt'] as const)(
  'a thread that dies during %s is an error and no short file',
  async (what) => {
    await using bench = await Bench.start();
    await bench.put('in.csv', csvOf());
    await bench.encrypt('in.csv', 'sealed.csv', SCHEMA);
    // A thread ends when it is given its first job.
    vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker) {
      this.terminate().catch(() => undefined);
    });
    const running =
      what === 'encrypt'
        ? bench.encrypt('in.csv', 'out.csv', SCHEMA, { threads: 2 })
        : bench.decrypt('sealed.csv', 'out.csv', { threads: 2 });
    expect(await failureOf(running)).toMatchObject({
      code: 'IO_ENGINE',
      message: 'a worker thread ended before its work was done',
    });
    expect(await bench.names()).toEqual(['in.csv', 'sealed.csv', 'tmp']);
  },
);

test.each([0, 1.5, 257, -1, Number.NaN])('%s threads are refused before anything is read', async (threads) => {
  await using bench = await Bench.start();
  for (const running of [
    bench.encrypt('none.csv', 'out.csv', SCHEMA, { threads }),
    bench.decrypt('none.csv', 'out.csv', { threads }),
  ]) {
    expect((await failureOf(running)).code).toBe('USAGE_OPTION');
  }
});

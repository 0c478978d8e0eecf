import fc from 'fast-check';
import { createKernel, encodeNull, encodePrefix, fingerprintKeyFromBytes, sealingRootFromBytes } from 'sealroom/crypto';
import { byteColumnOf, concatBytes, FRESH_MEMORY, valueAt } from '#src/bytes/index';
import { type Batch, type ColumnData, copyColumn } from '#src/columns/index';
import { PLACE_BYTES, withPlaces } from '#src/protect/encrypt/core/duplicates';
import type { ColumnTask } from '#src/protect/encrypt/core/protect-batch';
import { writeRows } from '#src/protect/encrypt/core/row-format';
import { createRowProtector } from '#src/protect/encrypt/row-protector';
import { describe, expect, test } from 'vitest';
import { RUNNABLE_KERNELS } from '../../support/kernels.ts';
import { runs } from '../../support/runs.ts';
import { batchOf, fixedColumn, hexOfInteger, SEED, textColumn, valuesOf } from '../../tabular/support.ts';
import { nonceOf } from './nonces.ts';

// What a thread makes of rows is, byte for byte, what a kernel makes of their columns in the order that they were given.

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
const STRING = { kind: 'string' } as const;
const LONGEST = 60;
const WIDTH = 4;

/** The stored columns: text, a number of four bytes, and bytes. */
interface Row {
  readonly text: string | null;
  readonly number: number | null;
  readonly bytes: Uint8Array | null;
}

const row: fc.Arbitrary<Row> = fc.record({
  text: fc.option(
    fc.oneof(
      fc.constantFrom('', '"', 'a,b\n'),
      fc.string({ maxLength: 15, unit: 'binary' }).filter((text) => Buffer.byteLength(text) <= LONGEST),
    ),
    { freq: 4 },
  ),
  number: fc.option(fc.nat(), { freq: 4 }),
  bytes: fc.option(fc.uint8Array({ maxLength: LONGEST }), { freq: 4 }),
});

function batchOfRows(rows: readonly Row[]): Batch {
  return batchOf(
    textColumn(rows.map(({ text }) => text)),
    fixedColumn(
      WIDTH,
      rows.map(({ number }) => (number === null ? null : hexOfInteger(BigInt(number), WIDTH))),
    ),
    textColumn(rows.map(({ bytes }) => bytes)),
  );
}

function tasksOf(keepsNulls: boolean): readonly ColumnTask[] {
  const sealing = { prefix: encodePrefix(STRING), nullEncoding: keepsNulls ? null : encodeNull(STRING) };
  const nulls = keepsNulls ? ('keep' as const) : ('random' as const);
  return [
    { kind: 'cleartext', stored: 1 },
    { kind: 'sealed', stored: 0, task: { targetHeader: 'padded', ...sealing } },
    { kind: 'fingerprint', stored: 0, task: { key: fingerprintKeyFromBytes(KEY), typeByte: 2, nulls } },
    { kind: 'cleartext', stored: 2 },
    { kind: 'sealed', stored: 2, task: { targetHeader: 'unpadded', ...sealing } },
  ];
}

const PADS = [null, LONGEST + 1, null, null, null];

/** Protects rows in one thread: copies of the batches, and the row of the table that each row of them is of. */
function protect(kernel: (typeof RUNNABLE_KERNELS)[number], rows: readonly Row[], tasks: readonly ColumnTask[]) {
  const stored = withPlaces(batchOfRows(rows), 0);
  const { bytes } = writeRows(stored, Int32Array.from(rows.keys()), FRESH_MEMORY);
  using root = sealingRootFromBytes(KEY);
  const protector = createRowProtector(kernel, {
    root,
    tasks,
    widths: [null, WIDTH, null, PLACE_BYTES],
    hasPlaces: true,
  });
  const made: { readonly batch: Batch; readonly fingerprints: ColumnData | undefined; readonly order: number[] }[] = [];
  for (const { batch, fingerprints } of protector.protect({ rows: rows.length, bytes }, PADS)) {
    const places = fingerprints?.columns.at(-1);
    if (places?.layout !== 'fixed') throw new Error('fingerprints without places');
    const view = new DataView(places.values.slice().buffer);
    made.push({
      batch: { rows: batch.rows, columns: batch.columns.map((column) => copyColumn(column)) },
      fingerprints: fingerprints?.columns[0],
      order: Array.from({ length: batch.rows }, (_, index) => Number(view.getBigInt64(index * PLACE_BYTES, true)) - 1),
    });
  }
  protector.close();
  return made;
}

/** What the kernel of the platform makes of rows under the nonces that their cells have. */
function expected(rows: readonly Row[], tasks: readonly ColumnTask[], cells: Batch): ColumnData[] {
  const kernel = createKernel('node');
  using root = sealingRootFromBytes(KEY);
  const nonces = concatBytes(
    rows.map((_, index) => {
      const sealed = cells.columns.flatMap((column, target) =>
        tasks[target]?.kind === 'sealed' && column.layout === 'bytes' ? (valueAt(column, index) ?? []) : [],
      );
      const all = sealed.map(nonceOf);
      for (const nonce of all) expect(nonce).toEqual(all[0]);
      return all[0] ?? new Uint8Array(32);
    }),
  );
  using keys = kernel.deriveRowKeys(root, nonces);
  const stored = batchOfRows(rows);
  return tasks.map((task, target): ColumnData => {
    const values = stored.columns[task.stored];
    if (values === undefined) throw new Error('a task without values');
    if (task.kind === 'cleartext') return values;
    if (values.layout !== 'bytes') throw new Error('values without canonical bytes');
    if (task.kind === 'sealed') {
      return {
        layout: 'bytes',
        ...kernel.sealColumn({ ...task.task, padTargetBytes: PADS[target] ?? null }, keys, values),
      };
    }
    const made = kernel.fingerprintColumn(task.task, values);
    const column = cells.columns[target];
    if (column?.layout !== 'bytes') throw new Error('fingerprints that are not text');
    // The fingerprints of nulls are random.
    const isNull = (index: number): boolean => valueAt(values, index) === null;
    const texts = rows.map((_, index) => (isNull(index) ? valueAt(column, index) : valueAt(made, index)));
    return { layout: 'bytes', ...byteColumnOf(texts) };
  });
}

describe.each(RUNNABLE_KERNELS)('rows in a thread with kernel %s', (kernel) => {
  test('become what another kernel makes of their columns', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), fc.boolean(), (rows, keepsNulls) => {
        const tasks = tasksOf(keepsNulls);
        const made = protect(kernel, rows, tasks);
        expect(made.flatMap(({ order }) => order).toSorted((a, b) => a - b)).toEqual([...rows.keys()]);
        for (const { batch, fingerprints, order } of made) {
          const own = order.map((place) => rows[place] ?? { text: null, number: null, bytes: null });
          const columns = expected(own, tasks, batch);
          expect(batch.columns.map(valuesOf)).toEqual(columns.map(valuesOf));
          expect(batch.columns.map(({ layout }) => layout)).toEqual(columns.map(({ layout }) => layout));
          expect(fingerprints).toEqual(batch.columns[2]);
        }
      }),
      { seed: SEED, numRuns: runs(100) },
    );
  });

  test('of which there are many have another nonce each, and another order', () => {
    const rows = Array.from({ length: 5000 }, (_, index): Row => ({ text: String(index), number: index, bytes: null }));
    const made = protect(kernel, rows, tasksOf(true));
    const nonces = made.flatMap(({ batch }) => {
      const [, cells] = batch.columns;
      if (cells?.layout !== 'bytes') throw new Error('cells that are not text');
      return Array.from({ length: batch.rows }, (_, index) =>
        Buffer.from(nonceOf(valueAt(cells, index) ?? new Uint8Array())).toString('hex'),
      );
    });
    expect(new Set(nonces).size).toBe(rows.length);
    const order = made.flatMap((batch) => batch.order);
    expect(order).not.toEqual([...rows.keys()]);
    expect(order.toSorted((a, b) => a - b)).toEqual([...rows.keys()]);
  });
});

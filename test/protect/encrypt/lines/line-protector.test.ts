import fc from 'fast-check';
import { createKernel, encodeNull, encodePrefix, fingerprintKeyFromBytes, sealingRootFromBytes } from 'sealroom/crypto';
import { byteColumnOf, concatBytes, decodeUtf8, encodeUtf8, FRESH_MEMORY, valueAt } from '#src/bytes/index';
import { type Batch, copyColumn, type Field } from '#src/columns/index';
import { withPlaces } from '#src/protect/encrypt/core/duplicates';
import type { ColumnTask } from '#src/protect/encrypt/core/protect-batch';
import { writeRows } from '#src/protect/encrypt/core/row-format';
import { LineProtector } from '#src/protect/encrypt/lines/line-protector';
import { CsvSerialiser, csvNullMarks } from '#src/tabular/csv/serialise';
import { describe, expect, test, vi } from 'vitest';
import { batchOf, SEED, textColumn } from '../../../tabular/support.ts';
import { runs } from '../../../support/runs.ts';
import { TableMachine } from '#src/protect/machine/machine';
import { createTestMachine } from '../../machine/twin.ts';
import { nonceOf } from '../nonces.ts';

// The lines that the machine makes of rows are those of the ordinary way, which is taken with another kernel.

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
const STRING = { kind: 'string' } as const;

type Value = string | null;

/** A target column: what is done to its values, and which stored column they are in. The first says which row it is. */
type Column =
  | { readonly kind: 'cleartext'; readonly stored: number }
  | { readonly kind: 'fingerprint'; readonly stored: number }
  | { readonly kind: 'sealed'; readonly stored: number; readonly header: string; readonly pad: number | null };

interface Table {
  readonly rows: readonly (readonly Value[])[];
  readonly columns: readonly Column[];
  readonly keepsNulls: boolean;
  readonly nullText: string | undefined;
}

/** Bytes of the longest value that is tried. */
const LONGEST = 200;

const value: fc.Arbitrary<Value> = fc.option(
  fc.oneof(
    fc.constantFrom('', ' ', '#', '"', 'a,b', 'line\nbreak', 'é'.repeat(20), 'x'.repeat(LONGEST)),
    fc.string({ maxLength: 40, unit: 'binary' }).filter((text) => Buffer.byteLength(text) <= LONGEST),
  ),
  { freq: 5 },
);

const table: fc.Arbitrary<Table> = fc
  .record({ stored: fc.integer({ min: 1, max: 4 }), keepsNulls: fc.boolean() })
  .chain(({ stored, keepsNulls }) => {
    const index = fc.nat({ max: stored - 1 });
    const header = fc.string({ minLength: 1, maxLength: 70 }).filter((text) => text.trim() !== '');
    const pad = fc.option(fc.integer({ min: LONGEST + 1, max: 400 }));
    return fc.record({
      rows: fc.array(fc.array(value, { minLength: stored, maxLength: stored }), { minLength: 1, maxLength: 70 }),
      columns: fc.array(
        fc.oneof(
          fc.record({ kind: fc.constant('cleartext' as const), stored: index }),
          fc.record({ kind: fc.constant('fingerprint' as const), stored: index }),
          fc.record({ kind: fc.constant('sealed' as const), stored: index, header, pad }),
        ),
        { minLength: 1, maxLength: 5 },
      ),
      keepsNulls: fc.constant(keepsNulls),
      nullText: fc.constantFrom(undefined, '', 'NULL', 'a b', '""', '  '),
    });
  });

function tasksOf({ columns, keepsNulls }: Table): { tasks: ColumnTask[]; pads: (number | null)[] } {
  const tasks = columns.map((column): ColumnTask => {
    if (column.kind === 'cleartext') return column;
    if (column.kind === 'fingerprint') {
      const nulls = keepsNulls ? ('keep' as const) : ('random' as const);
      return { ...column, task: { key: fingerprintKeyFromBytes(KEY), typeByte: 2, nulls } };
    }
    const nullEncoding = keepsNulls ? null : encodeNull(STRING);
    return {
      kind: 'sealed',
      stored: column.stored,
      task: { targetHeader: column.header, prefix: encodePrefix(STRING), nullEncoding },
    };
  });
  return { tasks, pads: columns.map((column) => (column.kind === 'sealed' ? column.pad : null)) };
}

function batchOfTable({ rows }: Table): Batch {
  const stored = rows[0]?.length ?? 0;
  return batchOf(...Array.from({ length: stored }, (_, index) => textColumn(rows.map((row) => row[index] ?? null))));
}

/** A table's rows as one part for a protector in a new machine. */
class Part implements Disposable {
  readonly machine: TableMachine;
  readonly protector: LineProtector;
  readonly #rows: number;
  readonly #bytes: Uint8Array;
  readonly #columns: number;

  constructor(given: Table, machine = createTestMachine()) {
    this.machine = machine;
    const { tasks, pads } = tasksOf(given);
    const batch = withPlaces(batchOfTable(given), 0);
    this.#rows = batch.rows;
    this.#bytes = writeRows(batch, Int32Array.from(given.rows.keys()), FRESH_MEMORY).bytes;
    this.#columns = tasks.length;
    using root = sealingRootFromBytes(KEY);
    this.protector = new LineProtector(this.machine, {
      root,
      tasks,
      pads,
      storedColumns: batch.columns.length - 1,
      headBytes: (batch.columns.length + 1) * 4,
      marks: csvNullMarks(given.nullText, tasks.length),
    });
  }

  /** Protects the part: its lines, the row of the table that each is of, and its columns. */
  protect(): { lines: Uint8Array; order: number[]; gathered: Batch[] } {
    const part = this.protector.open(this.#bytes.length, this.#rows, (target) => {
      target.set(this.#bytes);
    });
    const lines: Uint8Array[] = [];
    const order: number[] = [];
    const gathered: Batch[] = [];
    for (const made of this.protector.lines()) {
      const positions = made.positions();
      if (positions.layout !== 'fixed') throw new Error('positions without a width');
      const view = new DataView(positions.values.slice().buffer);
      for (let row = 0; row < made.rows; row++) order.push(Number(view.getBigInt64(row * 8, true)) - 1);
      const { rows, columns } = made.columns(Array.from({ length: this.#columns }, (_, index) => index));
      gathered.push({ rows, columns: columns.map((column) => copyColumn(column)) });
      lines.push(made.bytes().slice());
    }
    expect(part).toEqual({ rows: this.#rows, lineBytes: lines.reduce((sum, { length }) => sum + length, 0) });
    return { lines: concatBytes(lines), order, gathered };
  }

  [Symbol.dispose](): void {
    this.protector[Symbol.dispose]();
  }
}

function protectInMachine(given: Table): ReturnType<Part['protect']> {
  using part = new Part(given);
  return part.protect();
}

/** The lines of the ordinary way: rows in this order, under the nonces that the cells have. */
function protectOrdinarily(given: Table, order: readonly number[], gathered: Batch): Uint8Array {
  const kernel = createKernel('node');
  const { tasks, pads } = tasksOf(given);
  using root = sealingRootFromBytes(KEY);
  const nonces = concatBytes(
    order.map((_, row) => {
      const cells = gathered.columns.flatMap((column, index) => {
        if (tasks[index]?.kind !== 'sealed' || column.layout !== 'bytes') return [];
        return valueAt(column, row) ?? [];
      });
      const all = cells.map(nonceOf);
      // All cells of a row have one nonce.
      for (const nonce of all) expect(nonce).toEqual(all[0]);
      return all[0] ?? new Uint8Array(32);
    }),
  );
  using keys = kernel.deriveRowKeys(root, nonces);
  const columns = tasks.map((column, index): Batch['columns'][number] => {
    const texts = order.map((row) => given.rows[row]?.[column.stored] ?? null);
    const values = byteColumnOf(texts.map((text) => (text === null ? null : encodeUtf8(text))));
    if (column.kind === 'cleartext') return { layout: 'bytes', ...values };
    if (column.kind === 'sealed') {
      return {
        layout: 'bytes',
        ...kernel.sealColumn({ ...column.task, padTargetBytes: pads[index] ?? null }, keys, values),
      };
    }
    const made = kernel.fingerprintColumn(column.task, values);
    const machines = gathered.columns[index];
    if (machines?.layout !== 'bytes') throw new Error('a fingerprint column that is not text');
    const cells = texts.map((text, row) => (text === null ? valueAt(machines, row) : valueAt(made, row)));
    return { layout: 'bytes', ...byteColumnOf(cells) };
  });
  const fields = tasks.map((column, index): Field => {
    return { name: `c${String(index)}`, type: STRING, isPlain: column.kind !== 'cleartext' };
  });
  return new CsvSerialiser(fields, { nullText: given.nullText }).serialise({ rows: order.length, columns });
}

function joinBatches(batches: readonly Batch[]): Batch {
  const columns = (batches[0]?.columns ?? []).map((_, index) => {
    const cells = batches.flatMap(({ rows, columns: parts }) => {
      const part = parts[index];
      if (part?.layout !== 'bytes') throw new Error('a column that is not text');
      return Array.from({ length: rows }, (__, row) => valueAt(part, row));
    });
    return { layout: 'bytes' as const, ...byteColumnOf(cells) };
  });
  return { rows: batches.reduce((sum, { rows }) => sum + rows, 0), columns };
}

describe('a part', () => {
  test('becomes the lines that the ordinary way makes of its rows', () => {
    fc.assert(
      fc.property(table, (given) => {
        const { lines, order, gathered } = protectInMachine(given);
        expect(order.toSorted((a, b) => a - b)).toEqual([...given.rows.keys()]);
        const all = joinBatches(gathered);
        expect(decodeUtf8(lines)).toBe(decodeUtf8(protectOrdinarily(given, order, all)));
        expectFillers(given, order, all);
      }),
      { seed: SEED, numRuns: runs(150) },
    );
  });

  test('of more rows than there are slots has another nonce for each', () => {
    const rows = Array.from({ length: 5000 }, (_, row) => [String(row)]);
    const columns: Column[] = [{ kind: 'sealed', stored: 0, header: 'note', pad: null }];
    const given = { rows, columns, keepsNulls: false, nullText: undefined };
    const { lines, order, gathered } = protectInMachine(given);
    const all = joinBatches(gathered);
    expect(decodeUtf8(lines)).toBe(decodeUtf8(protectOrdinarily(given, order, all)));
    const [cells] = all.columns;
    if (cells?.layout !== 'bytes') throw new Error('cells that are not text');
    const nonces = order.map((_, row) => Buffer.from(nonceOf(valueAt(cells, row) ?? new Uint8Array())).toString('hex'));
    expect(new Set(nonces).size).toBe(rows.length);
  });

  test('F-93 has other nonces if another column is sealed in place of one, and the generator repeats itself', () => {
    const generator = vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation((array) => {
      if (array instanceof Uint8Array) array.fill(7);
      return array;
    });
    const nonceFor = (second: number): string => {
      const columns = [0, second].map((stored, index): Column => {
        return { kind: 'sealed', stored, header: `target ${String(index)}`, pad: null };
      });
      const { gathered } = protectInMachine({ rows: [['x', 'y']], columns, keepsNulls: false, nullText: undefined });
      const cells = gathered[0]?.columns[0];
      if (cells?.layout !== 'bytes') throw new Error('cells that are not text');
      return Buffer.from(nonceOf(valueAt(cells, 0) ?? new Uint8Array())).toString('hex');
    };
    try {
      expect(nonceFor(1)).toBe(nonceFor(1));
      expect(nonceFor(0)).not.toBe(nonceFor(1));
    } finally {
      generator.mockRestore();
    }
  });

  test('of few rows has each order about as often as any other', () => {
    const rows = ['a', 'b', 'c', 'd'].map((text) => [text]);
    const given: Table = { rows, columns: [{ kind: 'cleartext', stored: 0 }], keepsNulls: true, nullText: undefined };
    const tries = 24_000;
    const counts = new Map<string, number>();
    using part = new Part(given, new TableMachine());
    for (let index = 0; index < tries; index++) {
      const { order } = part.protect();
      const key = order.join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const expected = tries / 24;
    const orders = [...counts.values()];
    expect(orders.length).toBe(24);
    const chiSquare = orders.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 23 degrees of freedom: more than this once in a hundred million runs.
    expect(chiSquare).toBeLessThan(83);
  });
});

test('wiping a table leaves no byte of its keys, its values or its lines', () => {
  const rows = Array.from({ length: 3000 }, (_, row) => [row % 3 === 0 ? null : `value ${String(row)}`]);
  const columns: Column[] = [
    { kind: 'sealed', stored: 0, header: 'note', pad: LONGEST + 1 },
    { kind: 'fingerprint', stored: 0 },
    { kind: 'cleartext', stored: 0 },
  ];
  using part = new Part({ rows, columns, keepsNulls: false, nullText: undefined });
  part.protect();
  const { machine } = part;
  const slots = Buffer.from(machine.bytes.buffer).indexOf(Buffer.from(KEY));
  expect(slots).toBeGreaterThan(0);
  machine.wipe();
  // Constants of the module are before, and the slots of rows, which are all free, have -1.
  const left = Buffer.from(machine.bytes.buffer).subarray(4096);
  const others = left.filter((byte) => byte !== 0);
  expect(others.length).toBe(machine.slots * 4);
  expect(others.every((byte) => byte === 0xff)).toBe(true);
});

/** Nulls that are not kept become fingerprints that are all different. */
function expectFillers(given: Table, order: readonly number[], all: Batch): void {
  if (given.keepsNulls) return;
  const fillers = given.columns.flatMap((column, index) => {
    const cells = all.columns[index];
    if (column.kind !== 'fingerprint' || cells?.layout !== 'bytes') return [];
    return order.flatMap((row, at) =>
      given.rows[row]?.[column.stored] === null ? decodeUtf8(valueAt(cells, at) ?? new Uint8Array()) : [],
    );
  });
  for (const filler of fillers) expect(filler).toMatch(/^02:hmac:[A-Za-z0-9+/]{43}=$/);
  expect(new Set(fillers).size).toBe(fillers.length);
}

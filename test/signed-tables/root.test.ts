import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHashModule } from '#src/signed-tables/hash-module';
import { RowBag } from '#src/signed-tables/row-bag';
import { RowHasher } from '#src/signed-tables/row-hasher';
import { runs } from '../support/runs.ts';
import { SEED } from '../tabular/support.ts';
import { batchOf, rootOf, rootOfRows, type Rows, textFields } from './support.ts';

const MODULES = [
  ['vectors', createHashModule()],
  ['the runtime', null],
] as const;

/** The root of rows, added in parts. */
function rootBy(module: (typeof MODULES)[number][1], rows: Rows, columns: number, partRows = rows.length + 1): string {
  const fields = textFields(columns);
  const hasher = new RowHasher(
    fields.map(({ name }) => ({ name, type: 'string' })),
    fields,
    module,
  );
  const bag = new RowBag();
  for (let first = 0; first < rows.length; first += partRows) {
    bag.add(hasher.hash(batchOf(rows.slice(first, first + partRows), columns)));
  }
  return Buffer.from(bag.takeRoot(module)).toString('hex');
}

/** SHA-256 of `00`, `00 00000008 02:hmac:`, `01 00000000`, `00 00000000`. */
const LEAF = '7f3bfd6fb1a57167f01b0a3416976ab39ce05e7eb0d1dd01a0ff1d146de7dc24';

const COLUMNS = 3;
const cell = fc.oneof(
  { weight: 5, arbitrary: fc.string({ maxLength: 70 }) },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom('', '\0', 'a'.repeat(400)) },
);
const rowsOf = fc.array(fc.array(cell, { minLength: COLUMNS, maxLength: COLUMNS }), { maxLength: 40 });

describe.each(MODULES)('hashed by %s', (_, module) => {
  test('F-95, F-96 leaves and root are those of the clauses, whatever the lengths and however rows come', () => {
    fc.assert(
      fc.property(rowsOf, fc.integer({ min: 1, max: 9 }), (rows, part) => {
        expect(rootBy(module, rows, COLUMNS, part)).toBe(rootOfRows(rows));
      }),
      { seed: SEED, numRuns: runs(400) },
    );
  });

  test('F-95 every length of a row around the ends of blocks', () => {
    const rows = Array.from({ length: 300 }, (_, length) => ['x'.repeat(length)]);
    expect(rootBy(module, rows, 1)).toBe(rootOfRows(rows));
  });

  test('F-96 many rows, with many equal ones and with beginnings in common', () => {
    const rows = Array.from({ length: 5000 }, (_, row) => [String(row % 1700), row % 3 === 0 ? null : 'same']);
    expect(rootBy(module, rows, 2, 700)).toBe(rootOfRows(rows));
    const equal = Array.from({ length: 333 }, () => ['one']);
    expect(rootBy(module, equal, 1)).toBe(rootOfRows(equal));
  });

  test('F-96 hashes that begin alike are sorted by the rest', () => {
    const leaves = Array.from({ length: 100 }, (_, place) => {
      const hash = Buffer.alloc(32, 7);
      hash.writeUInt32BE((place * 37) % 100, place % 2 === 0 ? 8 : 28);
      return hash;
    });
    const bag = new RowBag();
    for (const leaf of leaves) bag.add(Uint8Array.from(leaf));
    expect(bag.rows).toBe(100);
    expect(Buffer.from(bag.takeRoot(module)).toString('hex')).toBe(rootOf(leaves));
  });

  test('F-95 a row that does not fit into the memory of the module', () => {
    const rows = [
      ['a', 'b'],
      ['x'.repeat(6 << 20), 'y'.repeat(1 << 20)],
      [null, ''],
    ];
    expect(rootBy(module, rows, 2)).toBe(rootOfRows(rows));
  });

  test('F-96 no rows', () => {
    expect(rootBy(module, [], 2)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});

test('F-96 the root does not depend on the order of the rows', () => {
  fc.assert(
    fc.property(
      rowsOf.chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length }))),
      ([rows, shuffled]) => {
        expect(rootBy(MODULES[0][1], shuffled, COLUMNS)).toBe(rootBy(MODULES[0][1], rows, COLUMNS));
      },
    ),
    { seed: SEED, numRuns: runs(400) },
  );
});

test('F-95, F-96 any one change of a cell, of a null, of the places of cells and of the rows changes the root', () => {
  const change = fc.record({
    kind: fc.constantFrom('cell', 'null', 'swap', 'drop', 'repeat', 'add'),
    row: fc.nat(),
    column: fc.nat(COLUMNS - 1),
    value: cell,
  });
  fc.assert(
    fc.property(rowsOf, change, (rows, { kind, row, column, value }) => {
      fc.pre(rows.length > 0);
      const at = row % rows.length;
      const changed = rows.map((cells) => [...cells]);
      const cells = changed[at] ?? [];
      const other = (column + 1) % COLUMNS;
      if (kind === 'cell') cells[column] = value;
      if (kind === 'null') cells[column] = cells[column] === null ? '' : null;
      if (kind === 'swap') [cells[column], cells[other]] = [cells[other] ?? null, cells[column] ?? null];
      if (kind === 'drop') changed.splice(at, 1);
      if (kind === 'repeat') changed.push(cells);
      if (kind === 'add') changed.push([value, null, 'new']);
      fc.pre(JSON.stringify([...changed].sort()) !== JSON.stringify([...rows].sort()));
      expect(rootBy(MODULES[0][1], changed, COLUMNS)).not.toBe(rootBy(MODULES[0][1], rows, COLUMNS));
    }),
    { seed: SEED, numRuns: runs(2000) },
  );
});

test('F-95 a fixed row has a fixed leaf, which is the root over it', () => {
  expect(rootBy(MODULES[0][1], [['02:hmac:', null, '']], 3)).toBe(LEAF);
});

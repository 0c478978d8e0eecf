import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deriveSealingRoot, parseSharedSecret } from 'sealroom';
import {
  type ClientType,
  type ClientValue,
  createKernel,
  encodeNull,
  encodeValue,
  parseCollaborationId,
  sealCell,
} from 'sealroom/crypto';
import { FRESH_MEMORY } from '#src/bytes/index';
import { type Batch, type ColumnData, copyColumn } from '#src/columns/index';
import { type ColumnMachine, Opener, type OpenerSetup } from '#src/protect/decrypt/core/opener';
import type { DecryptTarget } from '#src/protect/decrypt/core/targets';
import { MachineColumns } from '#src/protect/decrypt/machine-columns';
import { createTableMachine, isTableKernel, TableMachine } from '#src/protect/machine/machine';
import { ID, SECRET } from '../../support/cli.ts';
import { RUNNABLE_KERNELS } from '../../support/kernels.ts';
import { runs } from '../../support/runs.ts';
import { cellOf, textCell } from '../../support/tables.ts';
import { batchOf, SEED, textColumn, valuesOf } from '../../tabular/support.ts';
import { createTestMachine } from '../machine/twin.ts';

const SHARED_SECRET = parseSharedSecret(SECRET);
const ROOT = deriveSealingRoot(SHARED_SECRET, parseCollaborationId(ID));
const FOREIGN_ROOT = deriveSealingRoot(SHARED_SECRET, parseCollaborationId('00000000-1111-2222-3333-444444444444'));
const FOREIGN_CELL = sealCell(
  createKernel('node'),
  FOREIGN_ROOT,
  { targetHeader: 'a', padTargetBytes: null },
  { type: { kind: 'string' }, value: 'of another collaboration' },
);
const FINGERPRINT = `02:hmac:${Buffer.alloc(32, 7).toString('base64')}`;
const DAMAGED_CELL = textCell('damaged').replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));

type Cell = string | Uint8Array | null;

const TEXT = fc.string({
  unit: fc.constantFrom('a', '7', ' ', '\0', 'é', '🙂', '02:', 'hmac:', 'enc:', '01:enc:'),
  maxLength: 30,
});

/** Texts that begin or end inside a character, so that two of them may look like one. */
const BYTES = fc
  .array(fc.constantFrom(0x41, 0x80, 0xa9, 0xc3, 0xe2, 0x82, 0xac, 0xf0, 0xff), { minLength: 1, maxLength: 5 })
  .map((bytes) => Uint8Array.from(bytes));

const STRING = fc.oneof(
  { weight: 6, arbitrary: TEXT.map(textCell) },
  { weight: 1, arbitrary: fc.nat(9000).map((length) => textCell('x'.repeat(length))) },
  { weight: 1, arbitrary: fc.constant(cellOf('03')) },
  {
    weight: 1,
    arbitrary: TEXT.map((text) => cellOf(Buffer.concat([Buffer.of(2), Buffer.from(text)]), '01:enc:')),
  },
);

const TYPES: readonly (readonly [ClientType, readonly ClientValue[]])[] = [
  [{ kind: 'smallint' }, [0, -1, 32_767, -32_768]],
  [{ kind: 'int' }, [0, -1, 2 ** 31 - 1, -(2 ** 31)]],
  [{ kind: 'bigint' }, [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]],
  [{ kind: 'date' }, [0, 19_000, -1]],
  [{ kind: 'float' }, [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY]],
  [{ kind: 'double' }, [0, -0, 1.5e300, Number.NaN, Number.NEGATIVE_INFINITY]],
  [{ kind: 'boolean' }, [true, false]],
  [{ kind: 'timestamp', unit: 'ms', utc: true }, [0n, -1n, 10n ** 12n]],
  [{ kind: 'timestamp', unit: 'ns', utc: false }, [0n, -1n, 10n ** 18n]],
  [{ kind: 'decimal', precision: 10, scale: 2 }, ['0', '-1.25', '12345678.9']],
  [{ kind: 'char' }, ['', 'é']],
  [{ kind: 'varchar', maxLength: 3 }, ['', 'abc', '🙂']],
];

function typedCells([type, values]: (typeof TYPES)[number]): fc.Arbitrary<string> {
  return fc.constantFrom(
    ...values.map((value) => cellOf(encodeValue({ type, value }))),
    cellOf(encodeNull(type)),
    cellOf(encodeNull(type).subarray(0, 1)),
  );
}

const TYPED = fc.constantFrom(...TYPES).chain(typedCells);

/** Cells that have to be refused, or that the kernel looks at. */
const ODD: fc.Arbitrary<Cell> = fc.oneof(
  fc.constantFrom(
    ...[DAMAGED_CELL, FOREIGN_CELL, '02:enc:', '02:enc:no cell', textCell('short').slice(0, -1)],
    ...[textCell('of a later version').replace('02', '03'), 'xx:enc:AAAA', cellOf('ff00'), cellOf('')],
  ),
  // An integer of three bytes, a boolean that is neither, text that is not UTF-8.
  fc.constantFrom(cellOf('12000000'), cellOf('0602'), cellOf('02c3'), cellOf('1700')),
  BYTES,
);

const PLAIN: fc.Arbitrary<Cell> = fc.oneof(TEXT, fc.constantFrom('', FINGERPRINT, 'abchmac:', '02:hmac', '01:hmac:x'));

interface Column {
  readonly cells: readonly Cell[];
  readonly target: DecryptTarget;
}

function columnOf(rows: number): fc.Arbitrary<Column> {
  const cellsOf = (cell: fc.Arbitrary<Cell>, odd: number): fc.Arbitrary<Cell[]> =>
    fc.array(
      fc.oneof(
        { weight: 40, arbitrary: cell },
        { weight: 6, arbitrary: fc.constant(null) },
        { weight: odd, arbitrary: ODD },
      ),
      { minLength: rows, maxLength: rows },
    );
  const textKind = fc.constantFrom<DecryptTarget>(
    { mode: 'text', type: { kind: 'string' } },
    { mode: 'text', type: { kind: 'string' } },
    { mode: 'text', type: { kind: 'binary' } },
  );
  const texts = fc
    .tuple(fc.constantFrom(STRING, PLAIN, fc.oneof(STRING, TYPED, PLAIN)), fc.constantFrom(0, 0, 1))
    .chain(([cell, odd]) => fc.record({ cells: cellsOf(cell, odd), target: textKind }));
  const numbers = fc.tuple(fc.constantFrom(...TYPES.slice(0, 10)), fc.constantFrom(0, 0, 1)).chain(([typed, odd]) =>
    fc.record({
      cells: cellsOf(odd === 0 ? typedCells(typed) : fc.oneof(typedCells(typed), TYPED), odd),
      target: fc.constant({ mode: 'native' as const, type: typed[0] }).map((target) => target as DecryptTarget),
    }),
  );
  return fc.oneof(texts, numbers);
}

const TABLE = fc.integer({ min: 1, max: 24 }).chain((rows) => fc.array(columnOf(rows), { minLength: 1, maxLength: 4 }));

const RULES = fc.record({
  isUtf8: fc.boolean(),
  failOnFingerprintColumns: fc.constantFrom(false, false, true),
  isEmptyNull: fc.boolean(),
  lenientCells: fc.constantFrom(false, false, true),
  hasRoot: fc.constantFrom(true, true, true, false),
});

type Rules = typeof RULES extends fc.Arbitrary<infer Value> ? Value : never;

function setupOf(targets: readonly DecryptTarget[], rules: Omit<Rules, 'lenientCells' | 'hasRoot'>): OpenerSetup {
  const columns = targets.map((_, index) => `c${String(index)}`);
  return { targets, file: 'table', columns, declared: columns.map(() => false), ...rules };
}

/** What an opener makes of a batch: values and counts, or its error. */
function openWith(machine: ColumnMachine | null, batch: Batch, setup: OpenerSetup, rules: Rules): unknown {
  const keys = { kernel: createKernel('node'), root: rules.hasRoot ? ROOT : null, lenientCells: rules.lenientCells };
  const opener = new Opener(setup, keys, FRESH_MEMORY, machine);
  try {
    const opened = opener.open(batch, 100);
    return { values: opener.isMixed ? null : opened.columns.map(valuesOf), found: opener.found };
  } catch (error) {
    return error;
  }
}

/** A machine that counts the columns it has opened. */
class Counting implements ColumnMachine {
  readonly #machine: ColumnMachine;
  opened = 0;

  constructor(machine: ColumnMachine) {
    this.#machine = machine;
  }

  begin(batch: Batch): void {
    this.#machine.begin(batch);
  }

  open(...asked: Parameters<ColumnMachine['open']>): ReturnType<ColumnMachine['open']> {
    const opened = this.#machine.open(...asked);
    if (opened !== null) this.opened++;
    return opened;
  }
}

/** The same values behind others, as where columns share a buffer. */
function shifted(column: ColumnData): ColumnData {
  if (column.layout !== 'bytes') throw new Error('a column of fixed width');
  const bytes = Buffer.concat([Buffer.from('others'), column.bytes]);
  return { ...column, bytes, offsets: column.offsets.map((offset) => offset + 6) };
}

test('columns that the machine opens have the values, counts and errors of those that a kernel opens', () => {
  const machine = createTestMachine(1 << 18);
  let columns = 0;
  let opened = 0;
  fc.assert(
    fc.property(TABLE, RULES, fc.boolean(), (table, rules, isShifted) => {
      const cells = table.map((column) => textColumn(column.cells));
      const batch = batchOf(...(isShifted ? cells.map(shifted) : cells));
      const { lenientCells, hasRoot, ...others } = rules;
      const setup = setupOf(
        table.map(({ target }) => target),
        others,
      );
      const counting = new Counting(new MachineColumns(machine, hasRoot ? ROOT : null, lenientCells));
      expect(openWith(counting, batch, setup, rules)).toEqual(openWith(null, batch, setup, rules));
      columns += table.length;
      opened += counting.opened;
    }),
    { seed: SEED, numRuns: runs(400) },
  );
  expect(opened).toBeGreaterThan(columns / 4);
});

const TEXT_COLUMN: DecryptTarget = { mode: 'text', type: { kind: 'string' } };
const PLAIN_RULES = { isUtf8: false, failOnFingerprintColumns: false, isEmptyNull: false };

/** Opens columns of text, of which none is left to the kernel. */
function openTexts(machine: ColumnMachine, columns: readonly (readonly Cell[])[]): (string | null)[][] {
  const counting = new Counting(machine);
  const batch = batchOf(...columns.map((cells) => textColumn(cells)));
  const setup = setupOf(
    columns.map(() => TEXT_COLUMN),
    PLAIN_RULES,
  );
  const opener = new Opener(setup, { kernel: createKernel('noble'), root: ROOT }, FRESH_MEMORY, counting);
  const opened = opener.open(batch, 0).columns.map((column) => copyColumn(column));
  expect(counting.opened).toBe(columns.length);
  return opened.map(valuesOf);
}

describe.each(RUNNABLE_KERNELS.filter(isTableKernel))('on %s', (kernel) => {
  test('all columns of a batch are there at once, with as many rows as a batch may have', () => {
    const machine = new MachineColumns(createTableMachine(kernel), ROOT, false);
    const columns = [0, 1, 2].map((column) =>
      Array.from({ length: 2048 }, (_, row) => (row % 7 === column ? null : `${String(row)} of ${String(column)}`)),
    );
    const cells = columns.map((texts, index) =>
      texts.map((text) => (text === null || index === 1 ? text : textCell(text))),
    );
    for (let turn = 0; turn < 2; turn++) expect(openTexts(machine, cells)).toEqual(columns);
  });
});

test('a batch that does not fit is left to the kernel, and the next one is opened again', () => {
  const machine = new MachineColumns(new TableMachine(), ROOT, false);
  machine.begin(batchOf(textColumn(['x'.repeat(17 << 20)])));
  const rules = { type: null, isAnyText: false, isEmptyNull: false, passesFingerprints: true };
  const column = textColumn(['x'.repeat(17 << 20)]);
  if (column.layout !== 'bytes') throw new Error('a column of fixed width');
  expect(machine.open(column, rules)).toBeNull();
  expect(openTexts(machine, [[textCell('opened')]])).toEqual([['opened']]);
});

test.each([
  ['opened', textCell('the last one')],
  ['declined', DAMAGED_CELL],
])('wiping leaves no byte of values and keys, if the column is %s', (_, last) => {
  const value = 'a value that is no longer secret';
  const tables = new TableMachine();
  const machine = new MachineColumns(tables, ROOT, false);
  const batch = batchOf(textColumn([...Array.from({ length: 900 }, () => textCell(value)), last]));
  const rules = { ...PLAIN_RULES, lenientCells: false, hasRoot: true };
  openWith(machine, batch, setupOf([TEXT_COLUMN], PLAIN_RULES), rules);
  const memory = Buffer.from(tables.exports.memory.buffer);
  expect(memory.includes(value)).toBe(true);
  machine.wipe();
  expect(memory.includes(value)).toBe(false);
  expect(ROOT.use((root) => memory.includes(Buffer.from(root)))).toBe(false);
  expect(memory.subarray(tables.ioAt).every((byte) => byte === 0)).toBe(true);
});

import { beforeAll, describe, expect, test, vi } from 'vitest';
import {
  createKernel,
  encodePrefix,
  encodeValue,
  fingerprintKeyFromBytes,
  sealingRootFromBytes,
} from 'sealroom/crypto';
import {
  type ByteColumn,
  byteColumnOf,
  concatBytes,
  decodeUtf8,
  encodeUtf8,
  FRESH_MEMORY,
  valueAt,
} from '#src/bytes/index';
import { LineOpener } from '#src/protect/decrypt/lines/line-opener';
import { MachineColumns } from '#src/protect/decrypt/machine-columns';
import type { ColumnTask } from '#src/protect/encrypt/core/protect-batch';
import { writeRows } from '#src/protect/encrypt/core/row-format';
import { LineProtector } from '#src/protect/encrypt/lines/line-protector';
import { WASM_BASE64 } from '#src/protect/machine/binary';
import { type TableExports, TableMachine } from '#src/protect/machine/machine';
import { SeededRandom } from '../../crypto/kernels/random.ts';
import { TracedModule } from '../../crypto/kernels/traced-module.ts';
import { batchOf, textColumn } from '../../tabular/support.ts';

// What protects and opens lines branches on no key, and addresses nothing by one; and when it protects, on no value that becomes a cell.

const STRING = { kind: 'string' } as const;
const ROWS = 45;
const SEEDS = Array.from({ length: 12 }, (_, seed) => seed);
const NONCES = new SeededRandom(1).bytes(ROWS * 32);

let traced: TracedModule<TableExports>;

beforeAll(async () => {
  traced = await TracedModule.instantiate<TableExports>(WASM_BASE64);
});

/** Secrets of all sorts: random ones, all bits clear, all bits set. */
function secretOf(seed: number): Uint8Array {
  if (seed === 0) return new Uint8Array(32);
  return seed === 1 ? new Uint8Array(32).fill(0xff) : new SeededRandom(seed).bytes(32);
}

/** Texts of the same lengths, and nulls at the same places, whatever the seed. */
function textsOf(seed: number): readonly (string | null)[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: ROWS }, (_, row) => {
    const bytes = random.bytes(row === 7 ? 450 : (row * 7) % 61);
    return row % 9 === 4 ? null : Buffer.from(bytes.map((byte) => byte & 0x7f)).toString('latin1');
  });
}

/** The trace of the lines of a part, and how much was reported. */
function traceProtecting(seed: number, pad: number | null): string {
  const secret = secretOf(seed);
  const key = fingerprintKeyFromBytes(secret);
  using root = sealingRootFromBytes(secret);
  const clear = Array.from({ length: ROWS }, (_, row) => `row ${String(row)}`);
  const batch = batchOf(textColumn(textsOf(seed)), textColumn(clear));
  const rows = writeRows(batch, Int32Array.from(clear.keys()), FRESH_MEMORY).bytes;
  const tasks: readonly ColumnTask[] = [
    { kind: 'fingerprint', stored: 0, task: { key, typeByte: 2, nulls: 'keep' } },
    { kind: 'sealed', stored: 0, task: { targetHeader: 'a header', prefix: encodePrefix(STRING), nullEncoding: null } },
    { kind: 'cleartext', stored: 1 },
  ];
  // The order of the rows and the nonces are public: the same for all seeds.
  const random = new SeededRandom(3);
  const fill = vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation((numbers) => {
    const { buffer, byteOffset, byteLength } = numbers as Uint8Array;
    new Uint8Array(buffer, byteOffset, byteLength).set(random.bytes(byteLength));
    return numbers;
  });
  try {
    return traced.traceOf(() => {
      const machine = new TableMachine(traced.exports);
      using protector = new LineProtector(machine, {
        ...{ root, tasks, pads: [null, pad, null], storedColumns: 2, headBytes: 12 },
        marks: [encodeUtf8(''), encodeUtf8('""')],
      });
      protector.open(rows.length, ROWS, (target) => {
        target.set(rows);
      });
      for (const lines of protector.lines()) lines.bytes();
      machine.wipe();
    });
  } finally {
    fill.mockRestore();
  }
}

/** Cells of texts that are the same for all seeds. */
function sealedCells(seed: number): ByteColumn {
  using root = sealingRootFromBytes(secretOf(seed));
  const kernel = createKernel('node');
  using keys = kernel.deriveRowKeys(root, NONCES);
  const values = Array.from({ length: ROWS }, (_, row) =>
    encodeValue({ type: STRING, value: 'x'.repeat((row * 7) % 61) }),
  );
  const task = { targetHeader: 'a header', prefix: new Uint8Array(), nullEncoding: null, padTargetBytes: null };
  return kernel.sealColumn(task, keys, byteColumnOf(values));
}

/** A protected file of these texts. */
function sealedFile(seed: number): Uint8Array {
  const cells = sealedCells(seed);
  return concatBytes(
    Array.from({ length: ROWS }, (_, row) =>
      encodeUtf8(`row ${String(row)},${decodeUtf8(valueAt(cells, row) ?? new Uint8Array())}\n`),
    ),
  );
}

function openCells(seed: number, cells: ByteColumn): { readonly trace: string; readonly texts: string } {
  const machine = new TableMachine(traced.exports);
  using root = sealingRootFromBytes(secretOf(seed));
  let texts = '';
  const trace = traced.traceOf(() => {
    const columns = new MachineColumns(machine, root, false);
    columns.begin(batchOf({ layout: 'bytes', ...cells }));
    const rules = { type: null, isAnyText: false, isEmptyNull: false, passesFingerprints: true };
    const opened = columns.open(cells, rules);
    if (opened?.column.layout === 'bytes') texts = decodeUtf8(opened.column.bytes);
    columns.wipe();
  });
  return { trace, texts };
}

function openFile(seed: number, file: Uint8Array): { readonly trace: string; readonly lines: string } {
  const machine = new TableMachine(traced.exports);
  using root = sealingRootFromBytes(secretOf(seed));
  let lines = '';
  const trace = traced.traceOf(() => {
    const opener = new LineOpener(
      machine,
      {
        ...{ kernel: 'wasm', dialect: { delimiter: 0x2c, separator: '\n' }, columns: 2 },
        nullRule: { blankIsNull: true, quotedEmptyIsNull: false, tokens: [] },
        ...{ nullText: encodeUtf8(''), empty: encodeUtf8('""'), lenientCells: false, passesFingerprints: true },
      },
      root,
    );
    opener.text.set(file);
    const opened = opener.open({ at: 0, stop: file.length, end: file.length, isLast: true });
    if (opened.kind === 'opened') lines = decodeUtf8(opened.lines);
    opener.wipe();
  });
  return { trace, lines };
}

describe('what the module branches on and addresses is the same for all secrets', () => {
  test.each([null, 500])('when it protects lines, pad %s', (pad) => {
    const traces = SEEDS.map((seed) => traceProtecting(seed, pad));
    expect(new Set(traces).size).toBe(1);
    expect(traced.events).toBeGreaterThan(10_000);
  });

  test('when it opens lines', () => {
    const opened = SEEDS.map((seed) => openFile(seed, sealedFile(seed)));
    expect(new Set(opened.map(({ lines }) => lines)).size).toBe(1);
    expect(opened[0]?.lines).toContain(`"row 2",${'x'.repeat(14)}\n`);
    expect(new Set(opened.map(({ trace }) => trace)).size).toBe(1);
    expect(traced.events).toBeGreaterThan(10_000);
  });

  test('when it opens columns', () => {
    const opened = SEEDS.map((seed) => openCells(seed, sealedCells(seed)));
    expect(opened[0]?.texts).toMatch(/^x{1000,}$/);
    expect(new Set(opened.map(({ texts }) => texts)).size).toBe(1);
    expect(new Set(opened.map(({ trace }) => trace)).size).toBe(1);
    expect(traced.events).toBeGreaterThan(10_000);
  });

  test('and would show it otherwise: the pad, which is public, does change it', () => {
    expect(traceProtecting(2, 500)).not.toBe(traceProtecting(2, 501));
  });
});

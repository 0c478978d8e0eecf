import { randomFillSync } from 'node:crypto';
import {
  createKernel,
  deriveFingerprintKey,
  deriveSealingRoot,
  encodePrefix,
  fingerprintTypeByte,
  type Kernel,
  type KernelName,
  randomNonces,
  sharedSecretFromBytes,
} from 'sealroom/crypto';

/** CPU time of a kernel's operation on one cell. */
export interface KernelFigure {
  readonly kernel: KernelName;
  readonly operation: string;
  readonly nanoseconds: number;
}

const KERNELS: readonly KernelName[] = ['wasm', 'node', 'noble'];
const ID = '0f4c1c9e-1f6a-4d5e-9a56-6f2d7c0b8a11';
const ROWS = 1024;
const ROUNDS = 5;
/** CPU time that one measurement takes at least, in microseconds. */
const MIN_MICROSECONDS = 200_000;

type ByteColumn = ReturnType<Kernel['sealColumn']>;

interface Column {
  readonly rows: number;
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
  readonly validity: null;
}

/** Values whose lengths are spread evenly over `[mean - spread, mean + spread]`, of random printable bytes. */
function randomColumn(mean: number, spread: number): Column {
  const offsets = new Int32Array(ROWS + 1);
  for (let row = 0; row < ROWS; row++) {
    offsets[row + 1] = (offsets[row] ?? 0) + mean - spread + (row % (2 * spread + 1));
  }
  const bytes = randomFillSync(new Uint8Array(offsets[ROWS] ?? 0)).map((byte) => 0x20 + (byte % 0x5f));
  return { rows: ROWS, offsets, bytes, validity: null };
}

function measure(cellsPerCall: number, act: () => void): number {
  const rounds: number[] = [];
  act();
  for (let round = 0; round < ROUNDS; round++) {
    let calls = 0;
    const before = process.cpuUsage();
    let spent = 0;
    while (spent < MIN_MICROSECONDS) {
      act();
      calls++;
      const { user, system } = process.cpuUsage(before);
      spent = user + system;
    }
    rounds.push((spent * 1000) / (calls * cellsPerCall));
  }
  return rounds.sort((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}

function benchKernel(name: KernelName): KernelFigure[] {
  const kernel: Kernel = createKernel(name);
  const secret = sharedSecretFromBytes(randomFillSync(new Uint8Array(32)));
  const root = deriveSealingRoot(secret, ID);
  const key = deriveFingerprintKey(secret, ID, 'email', { allowJoinsOnColumnsWithDifferentNames: false });
  const text = { kind: 'string' } as const;
  const prefix = encodePrefix(text);
  const short = randomColumn(20, 8);
  const usual = randomColumn(30, 6);
  const long = randomColumn(1000, 100);
  const sealColumns = (column: Column, columns: number, padTargetBytes: number | null) => (): void => {
    using keys = kernel.deriveRowKeys(root, randomNonces(ROWS));
    for (let index = 0; index < columns; index++) {
      const targetHeader = `column ${String(index)}`;
      kernel.sealColumn({ targetHeader, prefix, nullEncoding: null, padTargetBytes }, keys, column);
    }
  };
  /** `count` columns of the same rows, that is, with the same nonces. */
  const sealedTable = (count: number): ByteColumn[] => {
    using keys = kernel.deriveRowKeys(root, randomNonces(ROWS));
    return Array.from({ length: count }, (_, index) =>
      kernel.sealColumn(
        { targetHeader: `column ${String(index)}`, prefix, nullEncoding: null, padTargetBytes: null },
        keys,
        usual,
      ),
    );
  };
  // Several tables in turn: a kernel that keeps row keys for the neighbouring column must not find them again here.
  const singles = Array.from({ length: 8 }, () => sealedTable(1));
  const fours = Array.from({ length: 8 }, () => sealedTable(4));
  const openTables = (tables: readonly ByteColumn[][]): (() => void) => {
    let turn = 0;
    return () => {
      for (const column of tables[turn++ % tables.length] ?? []) kernel.openColumn(root, column);
    };
  };
  const fingerprint = { key, typeByte: fingerprintTypeByte(text), nulls: 'keep' } as const;
  const figures: (readonly [string, number, () => void])[] = [
    ['fingerprint, 20 bytes', ROWS, () => kernel.fingerprintColumn(fingerprint, short)],
    ['fingerprint, 1000 bytes', ROWS, () => kernel.fingerprintColumn(fingerprint, long)],
    ['seal, 30 bytes, 1 column', ROWS, sealColumns(usual, 1, null)],
    ['seal, 30 bytes, 2 columns', ROWS * 2, sealColumns(usual, 2, null)],
    ['seal, 30 bytes, 4 columns', ROWS * 4, sealColumns(usual, 4, null)],
    ['seal, padded to 64, 1 column', ROWS, sealColumns(usual, 1, 64)],
    ['seal, padded to 64, 4 columns', ROWS * 4, sealColumns(usual, 4, 64)],
    ['seal, 1000 bytes, 1 column', ROWS, sealColumns(long, 1, null)],
    ['open, 30 bytes, 1 column', ROWS, openTables(singles)],
    ['open, 30 bytes, 4 columns', ROWS * 4, openTables(fours)],
  ];
  return figures.map(([operation, count, act]) => ({ kernel: name, operation, nanoseconds: measure(count, act) }));
}

/** Measures every operation of every kernel, the median of five rounds. */
export function benchKernels(): KernelFigure[] {
  return KERNELS.flatMap(benchKernel);
}

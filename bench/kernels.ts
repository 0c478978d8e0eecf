import { randomFillSync } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import {
  createKernel,
  deriveFingerprintKey,
  deriveSealingRoot,
  encodePrefix,
  fingerprintTypeByte,
  type Kernel,
  KERNEL_NAMES,
  type KernelName,
  nativeKernelProblem,
  randomNonces,
  sharedSecretFromBytes,
} from 'sealroom/crypto';
import { median } from './median.ts';

/** CPU time of a kernel's operation on one cell: the median, and the rounds it is of. */
export interface KernelFigure {
  readonly kernel: KernelName;
  readonly operation: string;
  readonly nanoseconds: number;
  readonly rounds: readonly number[];
  /** Divided by the figure of the kernel `node`, round by round, and the median: below 1 where this one is faster. */
  readonly toNode: number;
}

const ID = '0f4c1c9e-1f6a-4d5e-9a56-6f2d7c0b8a11';
const ROWS = 1024;
/** Fewer of them, for the sake of the slowest kernel. */
const LONG_ROWS = 256;
const COLUMN_COUNTS = [1, 2, 4];
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
function randomColumn(rows: number, mean: number, spread: number): Column {
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    offsets[row + 1] = (offsets[row] ?? 0) + mean - spread + (row % (2 * spread + 1));
  }
  const bytes = randomFillSync(new Uint8Array(offsets[rows] ?? 0)).map((byte) => 0x20 + (byte % 0x5f));
  return { rows, offsets, bytes, validity: null };
}

/** Nanoseconds of CPU time per cell, over as many calls as take long enough. */
function measureRound({ cells, act }: Operation): number {
  let calls = 0;
  let spent = 0;
  const before = process.cpuUsage();
  while (spent < MIN_MICROSECONDS) {
    act();
    calls++;
    const { user, system } = process.cpuUsage(before);
    spent = user + system;
  }
  return (spent * 1000) / (calls * cells);
}

/** What is measured: `act` computes so many cells. */
interface Operation {
  readonly name: string;
  readonly cells: number;
  readonly act: () => void;
}

/** The operations on a kernel, the same ones in the same order for each. */
function operationsOf(kernel: Kernel): Operation[] {
  const secret = sharedSecretFromBytes(randomFillSync(new Uint8Array(32)));
  const root = deriveSealingRoot(secret, ID);
  const key = deriveFingerprintKey(secret, ID, 'email', { allowJoinsOnColumnsWithDifferentNames: false });
  const text = { kind: 'string' } as const;
  const prefix = encodePrefix(text);
  const task = { key, typeByte: fingerprintTypeByte(text), nulls: 'keep' } as const;
  const fingerprint = (name: string, column: Column): Operation => ({
    name: `fingerprint, ${name}`,
    cells: column.rows,
    act: () => kernel.fingerprintColumn(task, column),
  });
  /** So many columns of the same rows, that is, with the same nonces. */
  const sealTable = (column: Column, columns: number, padTargetBytes: number | null): ByteColumn[] => {
    using keys = kernel.deriveRowKeys(root, randomNonces(column.rows));
    return Array.from({ length: columns }, (_, index) =>
      kernel.sealColumn({ targetHeader: `column ${index}`, prefix, nullEncoding: null, padTargetBytes }, keys, column),
    );
  };
  const seal = (name: string, column: Column, columns: number, padTargetBytes: number | null): Operation => ({
    name: `seal, ${name}, ${countColumns(columns)}`,
    cells: column.rows * columns,
    act: () => sealTable(column, columns, padTargetBytes),
  });
  const open = (name: string, column: Column, columns: number): Operation => {
    // Several tables in turn: a kernel that keeps row keys for the neighbouring column must not find them again here.
    const tables = Array.from({ length: 8 }, () => sealTable(column, columns, null));
    let turn = 0;
    return {
      name: `open, ${name}, ${countColumns(columns)}`,
      cells: column.rows * columns,
      act: () => {
        for (const cells of tables[turn++ % tables.length] ?? []) kernel.openColumn(root, cells);
      },
    };
  };
  const usual = randomColumn(ROWS, 30, 6);
  const long = randomColumn(LONG_ROWS, 1000, 100);
  return [
    fingerprint('20 bytes', randomColumn(ROWS, 20, 8)),
    fingerprint('1000 bytes', long),
    ...COLUMN_COUNTS.map((columns) => seal('30 bytes', usual, columns, null)),
    ...COLUMN_COUNTS.map((columns) => seal('padded to 64', usual, columns, 64)),
    ...COLUMN_COUNTS.map((columns) => seal('1000 bytes', long, columns, null)),
    ...COLUMN_COUNTS.map((columns) => open('30 bytes', usual, columns)),
    ...COLUMN_COUNTS.map((columns) => open('1000 bytes', long, columns)),
  ];
}

function countColumns(columns: number): string {
  return columns === 1 ? '1 column' : `${columns} columns`;
}

/**
 * Measures every operation of every kernel: five rounds, in which the kernels take turns.
 *
 * @throws {DOMException} if `signal` is aborted.
 */
export async function benchKernels(signal: AbortSignal): Promise<KernelFigure[]> {
  const all = KERNEL_NAMES.filter((name) => name !== 'native' || nativeKernelProblem() === null).flatMap((kernel) =>
    operationsOf(createKernel(kernel)).map((operation) => ({ kernel, rounds: [] as number[], ...operation })),
  );
  const figures: KernelFigure[] = [];
  for (const operation of new Set(all.map(({ name }) => name))) {
    const contestants = all.filter(({ name }) => name === operation);
    for (const { act } of contestants) act();
    for (let round = 0; round < ROUNDS; round++) {
      for (const contestant of contestants) contestant.rounds.push(measureRound(contestant));
      // Signals are delivered between two turns of the event loop.
      await setImmediate();
      signal.throwIfAborted();
    }
    const node = contestants.find(({ kernel }) => kernel === 'node')?.rounds ?? [];
    for (const { kernel, rounds } of contestants) {
      const ratios = rounds.map((nanoseconds, round) => nanoseconds / (node[round] ?? Number.NaN));
      figures.push({ kernel, operation, nanoseconds: median(rounds), rounds, toNode: median(ratios) });
    }
  }
  return figures;
}

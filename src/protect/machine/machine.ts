import { canRunWasm, instantiateWasm, type WasmConstant } from '../../bytes/index.ts';
import {
  createNativeExports,
  type KernelName,
  verifyMachine,
  type WasmExports,
  WasmMachine,
} from '../../crypto/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { WASM_BASE64 } from './binary.ts';

/** The exports of the module; `assembly/` documents what each function expects in memory. */
export interface TableExports extends WasmExports {
  setDialect(delimiter: number, separator: number, fields: number, fieldsAt: number): void;
  /**
   * The place behind the record, or its negative behind a blank line; 0 if the text ends before the record does, or {@link IRREGULAR}.
   */
  splitRecord(at: number, end: number, isLast: number): number;
  /** The end of the copy. */
  copyField(field: number, to: number): number;
  /** 1 if the bytes are UTF-8. */
  isText(at: number, end: number): number;
  readonly dealBytes: WasmConstant;
  readonly storedBytes: WasmConstant;
  readonly partBytes: WasmConstant;
  /** One of the results in `assembly/deal.ts`. */
  dealRows(deal: number, at: number, end: number, isLast: number, stop: number): number;
  /** The place of a record, or 0. */
  findRecord(at: number, end: number, isLast: number): number;
  readonly planWords: WasmConstant;
  readonly columnWords: WasmConstant;
  readonly noteBytes: WasmConstant;
  readonly fillerBytes: WasmConstant;
  /** The number of rows. */
  findRows(rowsAt: number, bytes: number, placesAt: number): number;
  /** How many places have no order yet, of which one has no choice. */
  shuffleRows(placesAt: number, left: number, randomAt: number, randoms: number): number;
  /** The number of rows that were measured. */
  measureLines(plan: number, placesAt: number, rows: number, mostBytes: number): number;
  protectLines(
    ...places: [
      plan: number,
      placesAt: number,
      rows: number,
      notesAt: number,
      fillersAt: number,
      linesAt: number,
      lineBytes: number,
    ]
  ): void;
  maskNonces(maskAt: number, rows: number, firstRow: number): void;
  /** The bytes of the column. */
  gatherColumn(
    ...places: [
      plan: number,
      index: number,
      rows: number,
      notesAt: number,
      offsetsAt: number,
      validityAt: number,
      bytesAt: number,
      mostBytes: number,
    ]
  ): number;
  gatherPositions(placesAt: number, rows: number, to: number): void;
  wipeTable(): void;
  /** {@link UNCHANGED}, {@link OPENED} or {@link UNFIT_CELL}. */
  openColumn(opening: number): number;
  setOpening(plan: number): void;
  /** The records that were opened, {@link IRREGULAR} or {@link UNFIT_CELL}. */
  openLines(at: number, stop: number, end: number, isLast: number, to: number): number;
}

/** What `splitRecord` returns for a record that it leaves to the exact reader. */
export const IRREGULAR = -1;
/** What `openLines` and `openColumn` return for a cell that they leave to the kernels, which may refuse it. */
export const UNFIT_CELL = -2;
/** What `openColumn` returns for a column that is what it was. */
export const UNCHANGED = 0;
/** What `openColumn` returns for a column whose values replaced its cells. */
export const OPENED = 1;

/** Numbers that are known of a field: the place of its value, the end of it, and its flags, of which the lowest says that it was in quotes. */
export const FIELD_WORDS = 3;

/** A separator of records as `setDialect` and the plan of `openLines` have it. */
export function separatorNumber(separator: '\n' | '\r\n'): number {
  return separator === '\n' ? 0x0a : 0x0d0a;
}

/** Whether a kernel has a module for tables around it. */
export function isTableKernel(kernel: KernelName): boolean {
  return kernel === 'wasm' || kernel === 'native';
}

/** Whether the runtime has WebAssembly with the vector instructions (SIMD) that the module needs. */
export function canRunTables(): boolean {
  return canRunWasm(WASM_BASE64);
}

/**
 * A new machine whose computations a kernel does. It is tested against known answers before it is returned.
 *
 * @param kernel one for which {@link isTableKernel} is true
 * @throws {SealroomError} USAGE_OPTION if this runtime or machine lacks what the kernel needs.
 * @throws {Error} if a known answer does not come out: the machine is broken.
 */
export function createTableMachine(kernel: KernelName): TableMachine {
  // The addon has the exports of this module as well; test/protect/machine/twin.ts holds them to it.
  const exports = kernel === 'native' ? (createNativeExports() as TableExports) : instantiate();
  const machine = new TableMachine(exports);
  verifyMachine(kernel === 'native' ? 'native' : 'wasm', machine);
  return machine;
}

function instantiate(): TableExports {
  const exports = instantiateWasm(WASM_BASE64) as TableExports | null;
  if (exports !== null) return exports;
  throw new SealroomError('USAGE_OPTION', 'the `wasm` kernel needs WebAssembly with SIMD, which this runtime lacks');
}

/**
 * The kernel with what splits, deals and writes the rows of a table around it, in one memory. Everything of a table lies behind `ioAt`, at
 * places that its caller chooses.
 */
export class TableMachine extends WasmMachine {
  override readonly exports: TableExports;

  /**
   * `exports` are those of the shipped module, or of another build of the same sources.
   *
   * @throws {SealroomError} USAGE_OPTION where {@link canRunTables} is false.
   */
  constructor(exports: TableExports = instantiate()) {
    super(exports);
    this.exports = exports;
  }

  /** Wipes everything that a table leaves behind: row keys, scratch, and all from `ioAt` on. */
  wipe(): void {
    this.exports.wipeTable();
  }
}

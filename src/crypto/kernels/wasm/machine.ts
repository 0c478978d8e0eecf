import {
  canRunWasm as canRun,
  growMemory,
  instantiateWasm,
  type WasmConstant,
  type WasmMemory,
} from '../../../bytes/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { WASM_BASE64 } from './binary.ts';

/** The exports of the module; `assembly/` documents what each function expects in memory. */
export interface WasmExports {
  readonly memory: WasmMemory;
  readonly keyAt: WasmConstant;
  readonly headerAt: WasmConstant;
  readonly prefixAt: WasmConstant;
  readonly prefixBytes: WasmConstant;
  readonly rowNoncesAt: WasmConstant;
  readonly cellsAt: WasmConstant;
  readonly ioAt: WasmConstant;
  readonly slots: WasmConstant;
  readonly slackBytes: WasmConstant;
  setFingerprintKey(): void;
  fingerprintCells(count: number): void;
  setRoot(): void;
  beginHeader(): void;
  addHeaderBlock(): void;
  endHeader(bytes: number): void;
  sealCells(count: number): void;
  /** 1 if every cell opened. */
  openCells(count: number, isLenient: number): number;
  wipeSlots(): void;
  wipeCall(ioBytes: number): void;
  gcmForTests(
    ...places: [
      key: number,
      iv: number,
      aad: number,
      aadBytes: number,
      data: number,
      bytes: number,
      tag: number,
      lane: number,
      isDecrypting: number,
    ]
  ): void;
}

/** Numbers in the description of a cell. */
export const CELL_FIELDS = 8;

/** Whether the runtime has WebAssembly with the vector instructions (SIMD) that the kernel needs. */
export function canRunKernel(): boolean {
  return canRun(WASM_BASE64);
}

function instantiate(): WasmExports {
  const exports = instantiateWasm(WASM_BASE64) as WasmExports | null;
  if (exports !== null) return exports;
  throw new SealroomError('USAGE_OPTION', 'the `wasm` kernel needs WebAssembly with SIMD, which this runtime lacks');
}

/** An instance of the module and its memory, which hold all state of a kernel between and during calls. */
export class WasmMachine {
  readonly exports: WasmExports;
  /** The whole memory. */
  bytes: Uint8Array;
  /** The descriptions of cells, {@link CELL_FIELDS} numbers each. */
  cells: Int32Array;
  readonly keyAt: number;
  readonly headerAt: number;
  readonly prefixAt: number;
  readonly rowNoncesAt: number;
  readonly ioAt: number;
  /** Bytes to leave free after values and after cells: the module reads and writes whole vectors. */
  readonly slackBytes: number;
  /** Rows whose keys are in memory at a time, and cells per call. */
  readonly slots: number;

  /**
   * `exports` are those of the shipped module, or of another build of the same sources.
   *
   * @throws {SealroomError} USAGE_OPTION where {@link canRunKernel} is false.
   */
  constructor(exports: WasmExports = instantiate()) {
    this.exports = exports;
    this.keyAt = this.exports.keyAt.value;
    this.headerAt = this.exports.headerAt.value;
    this.prefixAt = this.exports.prefixAt.value;
    this.rowNoncesAt = this.exports.rowNoncesAt.value;
    this.ioAt = this.exports.ioAt.value;
    this.slackBytes = this.exports.slackBytes.value;
    this.slots = this.exports.slots.value;
    this.bytes = new Uint8Array(this.exports.memory.buffer);
    this.cells = this.#viewCells();
  }

  #viewCells(): Int32Array {
    return new Int32Array(this.exports.memory.buffer, this.exports.cellsAt.value, this.slots * CELL_FIELDS);
  }

  /**
   * Makes room for `ioBytes` bytes of values and cells; may replace the views `bytes` and `cells`.
   *
   * @throws {RangeError} if the memory cannot grow that far.
   */
  reserve(ioBytes: number): void {
    const needed = this.ioAt + ioBytes + this.slackBytes;
    if (needed <= this.bytes.length) return;
    growMemory(this.exports.memory, needed);
    this.bytes = new Uint8Array(this.exports.memory.buffer);
    this.cells = this.#viewCells();
  }
}

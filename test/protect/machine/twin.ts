import { nativeKernelProblem } from 'sealroom/crypto';
import { createTableMachine, type TableExports, TableMachine } from '#src/protect/machine/machine';

type Call = (...places: number[]) => number | undefined;

/** Below this result, or at it, a call has declined, and what it leaves behind does not count. */
const DECLINED: Readonly<Record<string, (result: number) => boolean>> = {
  dealRows: (result) => result === 6,
  openLines: (result) => result < 0,
  openColumn: (result) => result < 0,
  openCells: (result) => result === 0,
};

/** Regions in front of IO through which values pass. */
function regionsOf({ bytes, keyAt, headerAt, prefixAt, rowNoncesAt, slots }: TableMachine): readonly Uint8Array[] {
  return [
    bytes.subarray(keyAt, keyAt + 32),
    bytes.subarray(headerAt, headerAt + 64),
    bytes.subarray(prefixAt, prefixAt + 12_288),
    bytes.subarray(rowNoncesAt, rowNoncesAt + slots * 32),
  ];
}

/** Functions that leave state of their own in a region, which is not the same in both machines. */
const OWN_REGIONS = new Set([
  'setRoot',
  'setFingerprintKey',
  'protectLines',
  'openLines',
  'openColumn',
  'wipeCall',
  'wipeSlots',
]);

/**
 * A machine in WebAssembly of which every call is also made on a native machine with the same memory. Both must return the same and
 * leave the same, or both must trap.
 */
class Twins {
  readonly #wasm = new TableMachine();
  readonly #native = createTableMachine('native');
  readonly #ioBytes: number;

  constructor(ioBytes: number) {
    this.#ioBytes = ioBytes;
  }

  get exports(): TableExports {
    const call = (name: string, act: Call) => this.#call.bind(this, name, act);
    const entries = Object.entries(this.#wasm.exports).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'function' ? call(name, value as Call) : value,
    ]);
    return Object.fromEntries(entries) as TableExports;
  }

  #call(name: string, act: Call, ...places: number[]): number {
    const [wasm, native] = [this.#wasm, this.#native];
    wasm.bytes = new Uint8Array(wasm.exports.memory.buffer);
    native.reserve(wasm.bytes.length - native.ioAt - native.slackBytes);
    native.bytes.set(this.#ioOf(wasm), native.ioAt);
    const targets = regionsOf(native);
    for (const [index, region] of regionsOf(wasm).entries()) targets[index]?.set(region);
    const rival = (native.exports as unknown as Record<string, Call>)[name];
    if (rival === undefined) throw new Error(`the native machine has no ${name}`);
    const theirs = outcomeOf(() => rival(...places));
    const mine = outcomeOf(() => act(...places));
    if (mine.result !== theirs.result)
      throw new Error(`${name}: ${String(mine.result)} against ${String(theirs.result)}`);
    if (mine.result === 'trap') throw mine.error;
    if (DECLINED[name]?.(mine.result) !== true) this.#requireSame(name);
    return mine.result;
  }

  #requireSame(name: string): void {
    const [wasm, native] = [this.#wasm, this.#native];
    if (Buffer.compare(this.#ioOf(wasm), this.#ioOf(native)) !== 0) throw new Error(`${name}: other bytes`);
    const theirs = regionsOf(native);
    const isSame = regionsOf(wasm).every((region, at) => Buffer.compare(region, theirs[at] ?? new Uint8Array()) === 0);
    if (!isSame && !OWN_REGIONS.has(name)) throw new Error(`${name}: other bytes in front of IO`);
  }

  /** The part of IO that is in use. */
  #ioOf({ bytes, ioAt }: TableMachine): Uint8Array {
    return bytes.subarray(ioAt, Math.min(ioAt + this.#ioBytes, this.#wasm.bytes.length));
  }
}

function outcomeOf(act: () => number | undefined): { readonly result: number | 'trap'; readonly error?: unknown } {
  try {
    // Functions without a result return 0 or nothing.
    return { result: act() ?? 0 };
  } catch (error) {
    return { result: 'trap', error };
  }
}

/**
 * A machine for tests: both machines at once where the native kernel is built, otherwise the one in WebAssembly.
 *
 * @param ioBytes how many bytes of IO the test uses
 */
export function createTestMachine(ioBytes = Number.POSITIVE_INFINITY): TableMachine {
  return nativeKernelProblem() === null ? new TableMachine(new Twins(ioBytes).exports) : new TableMachine();
}

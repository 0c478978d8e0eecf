// Node's types do not declare it, and the browser's bring in a thousand other names.
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** The memory of a WebAssembly module. Growing it detaches all views. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** Adds pages of 64 KiB. */
  grow(pages: number): number;
}

/** A number that a module exports. */
export interface WasmConstant {
  readonly value: number;
}

const PAGE_BYTES = 65_536;

/** Compiled modules by their Base64 form; `null` for one that this runtime cannot run. */
const compiled = new Map<string, object | null>();

function compile(base64: string): object | null {
  if (typeof WebAssembly === 'undefined') return null;
  // Not with our own decoder: it is slow until it is warm, and this runs at every start.
  const text = globalThis.atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}

/** Whether the runtime can run the module: it needs WebAssembly with vector instructions (SIMD). */
export function canRunWasm(base64: string): boolean {
  let module = compiled.get(base64);
  if (module === undefined) compiled.set(base64, (module = compile(base64)));
  return module !== null;
}

/**
 * The exports of a new instance of a module, with its own memory, or `null` where {@link canRunWasm} is false. The exports are
 * untyped: modules are compiled from our own sources, and the tests of each user check that they fit.
 */
export function instantiateWasm(base64: string): unknown {
  const module = canRunWasm(base64) ? compiled.get(base64) : null;
  return module === null || module === undefined ? null : new WebAssembly.Instance(module).exports;
}

/**
 * Grows a memory to at least `bytes` bytes; its views are detached if it grows.
 *
 * @throws {RangeError} if it cannot grow that far.
 */
export function growMemory(memory: WasmMemory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
}

// The types of Node do not have it, and those of browsers have a thousand other things.
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
  // Not by our own decoder: it is slow until it is warm, and this is part of every start.
  const text = globalThis.atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}

/** Whether this runtime has WebAssembly with the vector instructions (SIMD) that the module is made of. */
export function canRunWasm(base64: string): boolean {
  let module = compiled.get(base64);
  if (module === undefined) compiled.set(base64, (module = compile(base64)));
  return module !== null;
}

/**
 * The exports of a new instance of a module, with a memory of its own, or `null` where {@link canRunWasm} is false. Modules are
 * compiled from our own sources: that one has the exports its user expects is tested with every use of them.
 */
export function instantiateWasm(base64: string): unknown {
  const module = canRunWasm(base64) ? compiled.get(base64) : null;
  return module === null || module === undefined ? null : new WebAssembly.Instance(module).exports;
}

/**
 * Makes a memory at least `bytes` long; views of it are detached if it grows.
 *
 * @throws {RangeError} if it cannot grow that far.
 */
export function growMemory(memory: WasmMemory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
}

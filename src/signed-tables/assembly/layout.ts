// What the kernel's sha256.ts, which this module is compiled with (scripts/build-wasm.mjs), takes from a layout.

/** The message schedule in four lanes: 64 vectors. */
export const WORDS: usize = memory.data(1024, 16);

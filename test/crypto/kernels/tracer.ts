import binaryen from 'binaryen';
import { decodeBase64 } from '#src/bytes/index';

/** A module that reports what it does. */
export interface Traced<Exports> {
  readonly exports: Exports;
  /** How many reports there are while `act` runs, and a sum over them. */
  readonly traceOf: (this: void, act: () => void) => string;
}

/**
 * Instantiates a module as it is shipped, with reports added by Binaryen: of every function and round of a loop that is entered, and
 * of the address of every load and store, but for loads of splats and stores of single lanes. If no branch and no address
 * depends on a secret, what is reported is the same for all secrets, as long as what is public is the same.
 */
export async function traceModule<Exports>(base64: string): Promise<Traced<Exports>> {
  let events = 0;
  let trace = 0;
  const report = (...numbers: readonly number[]): void => {
    events++;
    for (const number of numbers) trace = Math.imul(trace ^ number, 0x01000193) + (trace >>> 15);
  };
  const module = binaryen.readBinary(decodeBase64(base64) ?? new Uint8Array());
  module.setFeatures(binaryen.Features.All);
  module.runPasses(['log-execution']);
  module.runPasses(['instrument-memory']);
  const address = (...numbers: number[]): number => {
    report(...numbers);
    return numbers[3] ?? 0;
  };
  const value = <Value>(_: number, loaded: Value): Value => loaded;
  const named: Record<string, unknown> = { log_execution: report, load_ptr: address, store_ptr: address };
  // Whatever else may be reported, values among it, is no address.
  const env = new Proxy(named, { get: (_, name) => named[String(name)] ?? value });
  // The types of Node have no WebAssembly.
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: { instantiate(binary: Uint8Array, imports: object): Promise<{ instance: { exports: Exports } }> };
  };
  const { instance } = await WebAssembly.instantiate(module.emitBinary(), { env });
  return {
    exports: instance.exports,
    traceOf(act) {
      events = 0;
      trace = 0;
      act();
      return `${String(events)} events, ${String(trace >>> 0)}`;
    },
  };
}

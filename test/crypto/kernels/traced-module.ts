import binaryen from 'binaryen';
import { decodeBase64 } from '#src/bytes/index';

/**
 * A module as it is shipped, with reports added by Binaryen: of every function and round of a loop that is entered, and of the address of
 * every load and store, but for loads of splats and stores of single lanes. If no branch and no address depends on a secret, what is
 * reported is the same for all secrets, as long as what is public is the same.
 */
export class TracedModule<Exports> {
  readonly exports: Exports;
  readonly #reports: { events: number; trace: number };

  private constructor(exports: Exports, reports: { events: number; trace: number }) {
    this.exports = exports;
    this.#reports = reports;
  }

  /** An instance of the module whose Base64 is given. */
  static async instantiate<Exports>(base64: string): Promise<TracedModule<Exports>> {
    const module = binaryen.readBinary(decodeBase64(base64) ?? new Uint8Array());
    module.setFeatures(binaryen.Features.All);
    module.runPasses(['log-execution']);
    module.runPasses(['instrument-memory']);
    const reports = { events: 0, trace: 0 };
    const report = (...numbers: number[]): void => {
      reports.events++;
      for (const number of numbers) {
        reports.trace = Math.imul(reports.trace ^ number, 0x01000193) + (reports.trace >>> 15);
      }
    };
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
    return new TracedModule(instance.exports, reports);
  }

  /** How much was reported by the last {@link traceOf}. */
  get events(): number {
    return this.#reports.events;
  }

  /** What is reported while `act` runs, as a text that tells it from other reports. */
  traceOf(act: () => void): string {
    this.#reports.events = 0;
    this.#reports.trace = 0;
    act();
    return `${String(this.#reports.events)} events, ${String(this.#reports.trace >>> 0)}`;
  }
}

import { decodeUtf8Lenient } from '../../bytes/index.ts';

/** A few different values of a column, as text. */
export type ColumnSample = readonly string[];

/** Longer values are cut: a sample is to be recognised, not read. */
const MAX_SAMPLE_BYTES = 120;

/** Keeps the first different values of a column. */
export class SampleCollector {
  readonly #limit: number;
  readonly #values = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(value: Uint8Array | null): void {
    if (value === null || this.#values.size >= this.#limit) return;
    this.#values.add(decodeUtf8Lenient(value.subarray(0, MAX_SAMPLE_BYTES)));
  }

  get values(): ColumnSample {
    return [...this.#values];
  }
}

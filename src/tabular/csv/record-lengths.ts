/** Rows in a chunk of the engine. */
const CHUNK_ROWS = 2048;

/** The lengths of the records of a file, in bytes: of the longest, and of any {@link CHUNK_ROWS} in a row. */
export class RecordLengths {
  #records = 0;
  #longest = 0;
  /** Where the current run of {@link CHUNK_ROWS} records began, the bytes of the one before, and the most of two in a row. */
  #runStart = 0;
  #lastRun = 0;
  #mostInRuns = 0;

  get records(): number {
    return this.#records;
  }

  get longest(): number {
    return this.#longest;
  }

  /** Counts a record, which is at [start, end) of the file. */
  add(start: number, end: number): void {
    this.#records++;
    this.#longest = Math.max(this.#longest, end - start);
    if (this.#records % CHUNK_ROWS !== 0) return;
    const bytes = end - this.#runStart;
    this.#mostInRuns = Math.max(this.#mostInRuns, this.#lastRun + bytes);
    this.#lastRun = bytes;
    this.#runStart = end;
  }

  /** The most bytes of the records of a chunk; at least as many, since any of its rows are in at most two runs. */
  chunkBytes(fileBytes: number): number {
    const runs = Math.max(this.#mostInRuns, this.#lastRun + fileBytes - this.#runStart);
    return Math.min(CHUNK_ROWS * this.#longest, runs);
  }
}

import { type FileHandle, open } from 'node:fs/promises';
import { SealroomError } from '../../errors/index.ts';
import type { ByteSource } from '../../files/index.ts';

/** The longest part of a file that is read at once: the values of a record batch, which are in memory together. */
const MAX_PART_BYTES = 384 << 20;

const MAGIC = 'ARROW1';

/** Length of the end marker of a stream: a message of 0 bytes. */
const END_BYTES = 4;

/**
 * A byte source that looks like an open file, which the Arrow library reads without keeping it in memory. It records how a
 * stream ended, since the library takes a stream that was cut between two messages for a complete one.
 */
export class ArrowInput {
  /** The library recognises files by this property, and never uses its value. */
  readonly fd = -1;
  readonly #source: ByteSource;
  #file: FileHandle | null = null;
  #chunks: AsyncIterator<Uint8Array> | null = null;
  #chunk: Uint8Array = new Uint8Array(0);
  #chunkStart = 0;
  #hasEnded = false;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Whether reading ended with the end marker of a stream, and nothing follows it. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether the source ends like Arrow's file format. */
  async endsAsFile(): Promise<boolean> {
    const end = new Uint8Array(MAGIC.length);
    const start = this.#source.bytes - end.length;
    for (let done = 0; done < end.length;) {
      done += (await this.read(end, done, end.length - done, start + done)).bytesRead;
    }
    return Buffer.from(end).toString('latin1') === MAGIC;
  }

  stat(): Promise<{ size: number }> {
    return Promise.resolve({ size: this.#source.bytes });
  }

  /**
   * Reads at least one byte from `position` on, or throws; `length` is positive.
   *
   * @throws {SealroomError} DATA_LENGTH for more bytes than a record batch may have.
   */
  async read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number; buffer: Uint8Array }> {
    if (length > MAX_PART_BYTES) throw batchTooLong(length);
    const bytesRead =
      this.#source.path === null
        ? await this.#readChunk(buffer, offset, length, position)
        : await this.#readFile(this.#source.path, buffer, offset, length, position);
    // Without this, the library would ask forever.
    if (bytesRead === 0) throw new Error('nothing to read there');
    const isEnd = length === END_BYTES && position + length === this.#source.bytes;
    this.#hasEnded = isEnd && buffer.subarray(offset, offset + length).every((byte) => byte === 0);
    return { bytesRead, buffer };
  }

  async close(): Promise<void> {
    const [file, chunks] = [this.#file, this.#chunks];
    this.#file = null;
    this.#chunks = null;
    await file?.close();
    await chunks?.return?.();
  }

  async #readFile(path: string, buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    this.#file ??= await open(path, 'r');
    return (await this.#file.read(buffer, offset, length, position)).bytesRead;
  }

  /** If the library goes back, which it does for the file format only, the source is read again from its start. */
  async #readChunk(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    if (position < this.#chunkStart) {
      await this.close();
      this.#chunk = new Uint8Array(0);
      this.#chunkStart = 0;
    }
    while (position >= this.#chunkStart + this.#chunk.length) {
      this.#chunks ??= this.#source.chunks()[Symbol.asyncIterator]();
      const next = await this.#chunks.next();
      if (next.done === true) return 0;
      this.#chunkStart += this.#chunk.length;
      this.#chunk = next.value;
    }
    const from = position - this.#chunkStart;
    const part = this.#chunk.subarray(from, from + length);
    buffer.set(part, offset);
    return part.length;
  }
}

function batchTooLong(bytes: number): SealroomError {
  return new SealroomError(
    'DATA_LENGTH',
    `a record batch is at most ${String(MAX_PART_BYTES)} bytes, got ${String(bytes)}`,
    { hint: 'write the table with fewer rows in each record batch' },
  );
}

import { type FileHandle, open } from 'node:fs/promises';
import { SealroomError } from '../../errors/index.ts';
import type { ByteSource } from '../../files/index.ts';

/** The longest part of a table that is in memory at once: the values of a record batch, as they are stored or unpacked. */
export const MAX_PART_BYTES = 384 << 20;

/** A byte source that is read at any place. Going back in a source that is no file reads it again from its start. */
export class ArrowInput {
  readonly #source: ByteSource;
  #file: FileHandle | null = null;
  #chunks: AsyncIterator<Uint8Array> | null = null;
  #chunk: Uint8Array = new Uint8Array(0);
  #chunkStart = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  get bytes(): number {
    return this.#source.bytes;
  }

  /**
   * Reads exactly `length` bytes from `position` on, into a buffer of their own.
   *
   * @throws {SealroomError} DATA_LENGTH for more bytes than a record batch may have; {RangeError} if the source is shorter.
   */
  async read(position: number, length: number): Promise<Uint8Array> {
    if (position < 0 || length < 0 || position + length > this.bytes) throw new RangeError('nothing to read there');
    if (length > MAX_PART_BYTES) throw batchTooLong(length);
    const buffer = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const part = this.#source.path === null ? this.#readChunk : this.#readFile;
      const bytes = await part.call(this, buffer.subarray(done), position + done);
      if (bytes === 0) throw new RangeError('nothing to read there');
      done += bytes;
    }
    return buffer;
  }

  async close(): Promise<void> {
    const [file, chunks] = [this.#file, this.#chunks];
    this.#file = null;
    this.#chunks = null;
    await file?.close();
    await chunks?.return?.();
  }

  async #readFile(buffer: Uint8Array, position: number): Promise<number> {
    this.#file ??= await open(this.#source.path ?? '', 'r');
    return (await this.#file.read(buffer, 0, buffer.length, position)).bytesRead;
  }

  async #readChunk(buffer: Uint8Array, position: number): Promise<number> {
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
    const part = this.#chunk.subarray(from, from + buffer.length);
    buffer.set(part);
    return part.length;
  }
}

/** The error for a record batch over {@link MAX_PART_BYTES}, or another limit. */
export function batchTooLong(bytes: number, limit = MAX_PART_BYTES): SealroomError {
  return new SealroomError('DATA_LENGTH', `a record batch is at most ${String(limit)} bytes, got ${String(bytes)}`, {
    hint: 'write the table with fewer rows in each record batch',
  });
}

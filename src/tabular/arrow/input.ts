import { type FileHandle, open } from 'node:fs/promises';
import type { ByteSource } from '../../files/index.ts';

const MAGIC = 'ARROW1';

/** Length of the last word of a stream: a message that would be 0 bytes long. */
const END_BYTES = 4;

/**
 * A byte source in the form of an open file, which is what the Arrow library reads without keeping it in memory. It
 * remembers how a stream ended, since the library takes a stream that is cut between two messages for a complete one.
 */
export class ArrowInput {
  /** The library knows files by this property and never uses its value. */
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

  /** Whether the last thing that was read is the end marker of a stream, and nothing follows it. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether the source ends as Arrow's file format does. */
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

  /** At least one byte from `position` on, or an error; `length` is positive. */
  async read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number; buffer: Uint8Array }> {
    const bytesRead =
      this.#source.path === null
        ? await this.#readChunk(buffer, offset, length, position)
        : await this.#readFile(this.#source.path, buffer, offset, length, position);
    // The library would ask again and again.
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

  /** A stream is read from its start on again if the library goes back, which it does for the file format only. */
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

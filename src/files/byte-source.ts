import { createReadStream } from 'node:fs';
import { access, constants, open, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { encodeUtf8 } from '../bytes/index.ts';
import { SealroomError, systemReason } from '../errors/index.ts';
import { hashChunks } from './hash-file.ts';
import { requireLocalPath } from './local-path.ts';
import { type SpillBlock, SpillFile } from './spill-file.ts';

const CHUNK_BYTES = 1 << 20;

/** How the bytes of a file are compressed as a whole. */
export type Compression = 'gzip' | 'zstd';

/** The bytes of a table, readable from the start any number of times. */
export interface ByteSource {
  /** The name in errors: the file's path as given, or `-`. */
  readonly name: string;
  /** Absolute path, for engines that read files themselves, or `null`. */
  readonly path: string | null;
  /** How the file at `path` is compressed; `chunks` are what it contains. */
  readonly compression?: Compression | undefined;
  readonly bytes: number;
  /** All bytes, in chunks that are valid until the next one is requested. */
  chunks(signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** SHA-256 of the bytes as they are stored, in hexadecimal; takes a separate pass. */
  sha256(signal?: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

/** Options for keeping a stream. */
export interface SpoolOptions {
  readonly tempDirectory?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Checks that a file can be read, without waiting for a pipe.
 *
 * @throws {SealroomError} IO_READ if it is missing, a directory, or unreadable; IO_ADDRESS.
 */
export async function requireReadable(path: string): Promise<void> {
  requireLocalPath(path);
  const absolute = resolve(path);
  try {
    if ((await stat(absolute)).isDirectory())
      throw new SealroomError('IO_READ', 'the input is a directory', { where: { file: path } });
    await access(absolute, constants.R_OK);
  } catch (error) {
    throw readFailure(error, path);
  }
}

/**
 * Opens a file as a byte source. Anything but a regular file, such as a pipe, can be read only once, and is kept like a stream.
 *
 * @throws {SealroomError} IO_READ if it is missing, a directory, or unreadable; IO_ADDRESS.
 */
export async function openFile(path: string, options: SpoolOptions = {}): Promise<ByteSource> {
  requireLocalPath(path);
  const absolute = resolve(path);
  try {
    const facts = await stat(absolute);
    if (facts.isDirectory()) throw new SealroomError('IO_READ', 'the input is a directory', { where: { file: path } });
    if (!facts.isFile()) return await spoolStream(createReadStream(absolute), path, options);
    await (await open(absolute, 'r')).close();
    return {
      name: path,
      path: absolute,
      bytes: facts.size,
      chunks: (signal) => readChunks(absolute, path, signal),
      sha256: (signal) => hashChunks(readChunks(absolute, path, signal)),
      close: () => Promise.resolve(),
    };
  } catch (error) {
    throw readFailure(error, path);
  }
}

async function* readChunks(path: string, name: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw readFailure(error, name);
  });
  const buffer = new Uint8Array(CHUNK_BYTES);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw readFailure(error, name);
  } finally {
    buffer.fill(0);
    await file.close();
  }
}

/** The error for an input that cannot be read. */
export function readFailure(error: unknown, file: string): SealroomError {
  if (error instanceof SealroomError) return error;
  const reason = systemReason(error);
  return new SealroomError('IO_READ', `cannot read: ${reason}`, { where: { file }, cause: error });
}

/**
 * Makes a byte source of a stream that can be read only once, such as standard input, by copying it to a {@link SpillFile}.
 *
 * @param name the stream's name in errors
 * @throws {SealroomError} IO_READ if the stream fails, IO_WRITE if there is no room for it.
 */
export async function spoolStream(stream: Readable, name: string, options: SpoolOptions): Promise<ByteSource> {
  const { signal, tempDirectory = tmpdir() } = options;
  const file = await SpillFile.open(tempDirectory);
  const blocks: SpillBlock[] = [];
  let bytes = 0;
  try {
    if (signal !== undefined) addAbortSignal(signal, stream);
    for await (const part of stream as AsyncIterable<Uint8Array | string>) {
      const chunk = typeof part === 'string' ? encodeUtf8(part) : part;
      blocks.push(await file.append(chunk));
      bytes += chunk.length;
    }
  } catch (error) {
    await file.close();
    throw readFailure(error, name);
  }
  async function* chunks(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    for (const block of blocks) {
      signal?.throwIfAborted();
      yield await file.read(block);
    }
  }
  return {
    name,
    path: null,
    bytes,
    chunks,
    sha256: (signal) => hashChunks(chunks(signal)),
    close: () => file.close(),
  };
}

/** Makes bytes in memory a byte source. They must not change before it is closed. */
export function memorySource(bytes: Uint8Array, name: string): ByteSource {
  async function* chunks(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
      signal?.throwIfAborted();
      yield await Promise.resolve(bytes.subarray(start, start + CHUNK_BYTES));
    }
  }
  const sha256 = (signal?: AbortSignal): Promise<string> => hashChunks(chunks(signal));
  return { name, path: null, bytes: bytes.length, chunks, sha256, close: () => Promise.resolve() };
}

/** A byte source for one of its users, who does not close it. */
export function lentSource(source: ByteSource): ByteSource {
  return {
    name: source.name,
    get path() {
      return source.path;
    },
    compression: source.compression,
    get bytes() {
      return source.bytes;
    },
    chunks: (signal) => source.chunks(signal),
    sha256: (signal) => source.sha256(signal),
    close: () => Promise.resolve(),
  };
}

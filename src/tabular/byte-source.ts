import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { encodeUtf8 } from '../bytes/index.ts';
import { SealroomError, systemReason } from '../errors.ts';

const CHUNK_BYTES = 1 << 20;

/** The bytes of a table, readable from the start any number of times. */
export interface ByteSource {
  /** What errors call it: the file's path as it was given, or `-`. */
  readonly name: string;
  /** Absolute path for engines that read files themselves, or `null`. */
  readonly path: string | null;
  readonly bytes: number;
  chunks(signal?: AbortSignal): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** How a stream is kept. */
export interface SpoolOptions {
  readonly tempDirectory?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A file as a byte source. What is no ordinary file, such as a pipe, can be read once only and is kept as a stream is.
 *
 * @throws {SealroomError} IO_READ if it is missing, a directory, or unreadable.
 */
export async function openFile(path: string, options: SpoolOptions = {}): Promise<ByteSource> {
  const absolute = resolve(path);
  try {
    const facts = await stat(absolute);
    if (facts.isDirectory())
      throw new SealroomError('IO_READ', 'expected a file, got a directory', { where: { file: path } });
    if (!facts.isFile()) return await spoolStream(createReadStream(absolute), path, options);
    await (await open(absolute, 'r')).close();
    return {
      name: path,
      path: absolute,
      bytes: facts.size,
      chunks: (signal) => readChunks(absolute, path, signal),
      close: () => Promise.resolve(),
    };
  } catch (error) {
    throw readFailure(error, path);
  }
}

async function* readChunks(path: string, name: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, {
      highWaterMark: CHUNK_BYTES,
      ...(signal && { signal }),
    }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw readFailure(error, name);
  }
}

/** The one-line error for an input that cannot be read. */
export function readFailure(error: unknown, file: string): SealroomError {
  if (error instanceof SealroomError) return error;
  const reason = systemReason(error);
  return new SealroomError('IO_READ', `cannot read: ${reason}`, { where: { file }, cause: error });
}

/**
 * A stream that can be read once, such as standard input, kept for further readings: in a temporary file under AES-256-CTR
 * with a key that exists only in this process, since the stream may hold cleartext. The file has no name while it is in use.
 *
 * @param name what errors call the stream
 * @throws {SealroomError} IO_READ if the stream fails, IO_WRITE if there is no room for it.
 */
export async function spoolStream(stream: Readable, name: string, options: SpoolOptions): Promise<ByteSource> {
  const { signal, tempDirectory = tmpdir() } = options;
  const key = randomBytes(32);
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-ctr', key, iv);
  const file = await openUnnamedFile(tempDirectory);
  let bytes = 0;
  try {
    if (signal !== undefined) addAbortSignal(signal, stream);
    for await (const part of stream as AsyncIterable<Uint8Array | string>) {
      const chunk = typeof part === 'string' ? encodeUtf8(part) : part;
      await file.appendFile(cipher.update(chunk)).catch(failAtTemporary(tempDirectory));
      bytes += chunk.length;
    }
  } catch (error) {
    key.fill(0);
    await file.close();
    throw readFailure(error, name);
  }
  async function* chunks(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const decipher = createDecipheriv('aes-256-ctr', key, iv);
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (let position = 0; position < bytes;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK_BYTES, bytes - position), position);
      if (bytesRead === 0) throw new SealroomError('IO_READ', 'a temporary file was cut short');
      position += bytesRead;
      yield decipher.update(buffer.subarray(0, bytesRead));
    }
  }
  return {
    name,
    path: null,
    bytes,
    chunks,
    async close() {
      key.fill(0);
      await file.close();
    },
  };
}

/**
 * An open temporary file of mode 0600 without a name, so that not even a killed process leaves it behind. Where the
 * system cannot remove open files it keeps its name until it is closed.
 *
 * @throws {SealroomError} IO_WRITE if the directory cannot be written.
 */
export async function openUnnamedFile(directory: string): Promise<FileHandle> {
  const folder = await createTempFolder(directory);
  try {
    return await open(join(folder, 'spill'), 'wx+', 0o600).catch(failAtTemporary(directory));
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 0 }).catch(() => undefined);
  }
}

/**
 * A new directory for temporary files, of mode 0700; whoever asks removes it.
 *
 * @throws {SealroomError} IO_WRITE if it cannot be created.
 */
export async function createTempFolder(directory: string): Promise<string> {
  return mkdtemp(join(directory, 'sealroom-')).catch(failAtTemporary(directory));
}

/** Turns a failure of a temporary file into its one-line error. */
export function failAtTemporary(directory: string): (error: unknown) => never {
  return (error) => {
    throw new SealroomError('IO_WRITE', `cannot write temporary files: ${systemReason(error)}`, {
      where: { file: directory },
      hint: 'choose another place with `--temp-dir`',
      cause: error,
    });
  };
}

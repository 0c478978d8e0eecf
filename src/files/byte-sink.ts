import { createHash } from 'node:crypto';
import { constants, open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { concatBytes } from '../bytes/index.ts';
import { SealroomError, systemReason } from '../errors/index.ts';
import { type OutputTarget, writeFailure } from './atomic-write.ts';
import type { BeforeCommit } from './output-target.ts';

/** The destination of a serialised table: a target file, or a stream such as standard output. */
export interface ByteSink {
  /** Resolves when the bytes have been handed on; their buffer can then be reused. */
  write(bytes: Uint8Array): Promise<void>;
  /** The file behind the sink; left out where bytes are only taken in their order. */
  readonly file?: PositionedFile | undefined;
  close(): Promise<number>;
  abort(): Promise<void>;
}

/** A file that any thread of the process may write to at any place, while its sink is open. */
export interface PositionedFile {
  readonly descriptor: number;
  /** Says that so many bytes were written to it by other ways than `write`, so that they reach the disk in time. */
  noteWritten(bytes: number): Promise<void>;
}

/** Bytes that are written between two syncs to disk. */
const SYNC_BYTES = 64 << 20;

/**
 * Opens a sink that writes a target file. Errors name `file`.
 *
 * @throws {SealroomError} IO_WRITE if it cannot be opened; `write` throws it too.
 */
export async function fileSink(target: OutputTarget, file: string): Promise<ByteSink> {
  const fail = (error: unknown): never => {
    throw writeFailure(error, file);
  };
  const handle = await open(target.path, constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW).catch(fail);
  let unsynced = 0;
  let syncing: Promise<void> = Promise.resolve();
  const noteWritten = async (bytes: number): Promise<void> => {
    unsynced += bytes;
    if (unsynced < SYNC_BYTES) return;
    // Syncs in the background, so that the end need not wait for all of it.
    unsynced = 0;
    await syncing.catch(fail);
    syncing = handle.datasync();
    // A failure is reported when it is awaited, which may be later.
    syncing.catch(() => undefined);
  };
  return {
    file: { descriptor: handle.fd, noteWritten },
    async write(bytes) {
      for (let done = 0; done < bytes.length;) done += (await handle.write(bytes, done).catch(fail)).bytesWritten;
      await noteWritten(bytes.length);
    },
    async close() {
      await syncing.catch(fail);
      await handle.close().catch(fail);
      return target.commit();
    },
    async abort() {
      await syncing.catch(() => undefined);
      await handle.close().catch(() => undefined);
      await target.abort();
    },
  };
}

/**
 * A sink that writes to a stream and never ends it.
 *
 * Its `write` throws {SealroomError} IO_WRITE once the stream has failed, for example because its reader is gone.
 *
 * @param check called with the facts of the output when it is complete
 */
export function streamSink(stream: Writable, check?: BeforeCommit): ByteSink {
  let written = 0;
  const hash = check === undefined ? null : createHash('sha256');
  // A failure reaches the callback of the write; the event that follows it must not end the process.
  const ignore = (): void => undefined;
  stream.on('error', ignore);
  return {
    async write(bytes) {
      await new Promise<void>((resolve, reject) => {
        // A stream may pass on what it was given, and call back, long before its reader reads it.
        stream.write(Buffer.from(bytes), (error) => {
          if (error) reject(streamFailure(error));
          else resolve();
        });
      });
      written += bytes.length;
      hash?.update(bytes);
    },
    async close() {
      const sha256 = hash?.digest('hex') ?? null;
      await check?.({ bytes: written, sha256: () => Promise.resolve(sha256) });
      stream.off('error', ignore);
      return written;
    },
    abort: () => Promise.resolve(),
  };
}

/**
 * Makes a sink that collects all bytes in memory.
 *
 * @param receive called at the end with all bytes, in a new buffer
 * @param check called before that
 */
export function memorySink(receive: (bytes: Uint8Array) => void, check?: BeforeCommit): ByteSink {
  const parts: Uint8Array[] = [];
  return {
    write(bytes) {
      // The caller may use its buffer again.
      parts.push(bytes.slice());
      return Promise.resolve();
    },
    async close() {
      const whole = concatBytes(parts);
      const sha256 = (): Promise<string> => Promise.resolve(createHash('sha256').update(whole).digest('hex'));
      await check?.({ bytes: whole.length, sha256 });
      receive(whole);
      return whole.length;
    },
    abort: () => Promise.resolve(),
  };
}

function streamFailure(error: Error): SealroomError {
  return new SealroomError('IO_WRITE', `cannot write to standard output: ${systemReason(error)}`, { cause: error });
}

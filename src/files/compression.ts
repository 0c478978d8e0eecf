import { extname } from 'node:path';
import { Readable, type Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { SealroomError } from '../errors/index.ts';
import type { ByteSink } from './byte-sink.ts';
import { type ByteSource, type Compression, readFailure } from './byte-source.ts';

/** Most bytes that a compressed byte can become: deflate reaches 1032, and no table of people comes near it. */
const MOST_EXPANSION = 1000;

/** Bytes that any file may become, whatever its length. */
const FREE_BYTES = 16 << 20;

const ENDINGS: Readonly<Record<string, Compression>> = { '.gz': 'gzip', '.zst': 'zstd' };

/** The compression that the ending of a name says, ignoring case, or `null`. */
export function compressionOf(path: string): Compression | null {
  return ENDINGS[extname(path).toLowerCase()] ?? null;
}

/**
 * Makes a byte source of the content of a compressed one. Each pass decompresses it anew, so nothing of it is on the disk.
 *
 * Its `bytes` are known after the first pass; until then they are those of the compressed file. Its hash is that of the file as it is
 * stored.
 *
 * @throws {SealroomError} IO_FORMAT if this runtime cannot read the compression. Passes throw DATA_CORRUPT for bytes that are damaged,
 *   truncated or of another format, and DATA_LENGTH if they become more than a thousand times as many.
 */
//= format F-132
export function decompressed(source: ByteSource, compression: Compression): ByteSource {
  requireRuntime(compression, source.name);
  let known = source.bytes;
  return {
    ...source,
    compression,
    get bytes() {
      return known;
    },
    async *chunks(signal) {
      let total = 0;
      for await (const chunk of inflate(source, compression, signal)) {
        total += chunk.length;
        yield chunk;
      }
      known = total;
    },
  };
}

async function* inflate(
  source: ByteSource,
  compression: Compression,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const stream = compression === 'gzip' ? zlib.createGunzip({ chunkSize: 1 << 18 }) : zstdStream('decompress');
  let got = 0;
  let made = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source.chunks(signal)) {
      got += chunk.length;
      // The source uses its buffer again.
      yield chunk.slice();
    }
  };
  const feeding = Readable.from(counted());
  // A stream that fails does not fail the one that it feeds.
  feeding.on('error', (error) => stream.destroy(error));
  feeding.pipe(stream);
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      made += chunk.length;
      if (made > FREE_BYTES && made > got * MOST_EXPANSION) throw tooLarge(source.name);
      yield chunk;
    }
    if (got === 0) throw new Error('nothing to decompress');
  } catch (error) {
    signal?.throwIfAborted();
    throw decompressionFailure(error, source.name, compression);
  } finally {
    stream.destroy();
    feeding.destroy();
    // It has a file open until then.
    if (!feeding.closed) await new Promise<void>((resolve) => feeding.once('close', resolve));
  }
}

function decompressionFailure(error: unknown, file: string, compression: Compression): SealroomError {
  if (error instanceof SealroomError) return error;
  if (error instanceof Error && 'syscall' in error) return readFailure(error, file);
  return new SealroomError('DATA_CORRUPT', `not a readable ${compression} file`, {
    where: { file },
    hint: 'it may be truncated, damaged, or not compressed; its ending says how it is read',
    cause: error,
  });
}

function tooLarge(file: string): SealroomError {
  return new SealroomError(
    'DATA_LENGTH',
    `the file becomes more than ${String(MOST_EXPANSION)} times as long when it is decompressed`,
    {
      where: { file },
      hint: 'decompress it first, and look at what is in it',
    },
  );
}

/**
 * Makes a sink that compresses what it is given.
 *
 * @throws {SealroomError} IO_FORMAT if this runtime cannot write the compression.
 */
export function compressingSink(sink: ByteSink, compression: Compression, name: string): ByteSink {
  requireRuntime(compression, name);
  const stream = compression === 'gzip' ? zlib.createGzip() : zstdStream('compress');
  const target = new Writable({
    write(chunk: Uint8Array, _, done) {
      sink.write(chunk).then(() => {
        done();
      }, done);
    },
  });
  const finished = pipeline(stream, target);
  // A failure is reported by the next write, or at the end.
  finished.catch(() => undefined);
  return {
    async write(bytes) {
      const accepted = new Promise<void>((resolve, reject) => {
        stream.write(bytes, (error) => {
          if (error === undefined || error === null) resolve();
          else reject(error);
        });
      });
      // The compressor does not call back for what it was given when its reader fails.
      await Promise.race([accepted, finished]);
    },
    async close() {
      stream.end();
      await finished;
      return sink.close();
    },
    async abort() {
      stream.destroy();
      await finished.catch(() => undefined);
      await sink.abort();
    },
  };
}

/** The functions for zstd, which Node has from 22.15 on and the types of the oldest supported release lack. */
interface ZstdFunctions {
  readonly createZstdCompress?: () => Transform;
  readonly createZstdDecompress?: () => Transform;
}

function zstdStream(direction: 'compress' | 'decompress'): Transform {
  const { createZstdCompress, createZstdDecompress } = zlib as ZstdFunctions;
  const create = direction === 'compress' ? createZstdCompress : createZstdDecompress;
  if (create === undefined) throw new Error('zstd without the functions for it');
  return create();
}

/** Whether this runtime can read and write a compression. */
function isSupported(compression: Compression): boolean {
  return compression === 'gzip' || (zlib as ZstdFunctions).createZstdDecompress !== undefined;
}

function requireRuntime(compression: Compression, file: string): void {
  if (isSupported(compression)) return;
  throw new SealroomError('IO_FORMAT', `${compression} needs Node 22.15 or later, got ${process.versions.node}`, {
    where: { file },
    hint: 'use gzip, or pipe the table through `zstd` with `-` as input or output',
  });
}

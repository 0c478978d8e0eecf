import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { SealroomError } from '../errors.ts';
import { systemReason } from './byte-source.ts';
import type { OutputTarget } from './target.ts';

/** Where a serialised table goes: a target file, or a stream such as standard output. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<number>;
  abort(): Promise<void>;
}

/** A sink that fills a target file. Errors name `file`. */
export async function fileSink(target: OutputTarget, file: string): Promise<ByteSink> {
  const handle: FileHandle = await open(target.path, 'w', 0o600);
  return {
    async write(bytes) {
      try {
        for (let done = 0; done < bytes.length; ) done += (await handle.write(bytes, done)).bytesWritten;
      } catch (error) {
        throw new SealroomError('IO_WRITE', `cannot write: ${systemReason(error)}`, { where: { file }, cause: error });
      }
    },
    async close() {
      await handle.close();
      return target.commit();
    },
    async abort() {
      await handle.close();
      await target.discard();
    },
  };
}

/** A sink that writes to a stream and never ends it. */
export function streamSink(stream: Writable): ByteSink {
  let written = 0;
  let failure: Error | null = null;
  stream.once('error', (error) => (failure = error));
  return {
    async write(bytes) {
      if (failure !== null) {
        throw new SealroomError('IO_WRITE', `cannot write to standard output: ${systemReason(failure)}`, { cause: failure });
      }
      written += bytes.length;
      if (!stream.write(bytes)) await Promise.race([once(stream, 'drain'), once(stream, 'error')]);
    },
    close: () => Promise.resolve(written),
    abort: () => Promise.resolve(),
  };
}

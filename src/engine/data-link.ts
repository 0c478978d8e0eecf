import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes that are read at once; the system's own buffer has about as many. */
const BUFFER_BYTES = 256 << 10;

/** The longest path of a socket in bytes; some systems cut longer ones off, without an error. */
const MOST_PATH_BYTES = 100;

/** Both ends of a connection on which bytes go to this process. */
export interface DataLink {
  /** This process's end. */
  readonly near: Socket;
  /** The end of a process that is started with it. This one closes it then. */
  readonly far: Socket;
}

/**
 * Connects two ends that no other user can reach: by a socket in a folder of this user's own, which is gone when this returns. All bytes are
 * read into one buffer; a stream of Node would allocate a buffer for each read, and V8 collect garbage whenever these are many, each time by
 * a pass over the whole heap.
 *
 * @param take is given bytes, which are overwritten after it returns; if it returns false, not before the end is resumed
 * @returns `null` if the system has no such sockets (Windows), or no place for one: it cannot write temporary files, or their path is long
 */
export async function openDataLink(take: (bytes: Uint8Array) => boolean): Promise<DataLink | null> {
  if (process.platform === 'win32') return null;
  const folder = await mkdtemp(join(tmpdir(), 'sealroom-')).catch(() => null);
  if (folder === null) return null;
  const path = join(folder, 'data');
  const server = createServer({ pauseOnConnect: true });
  try {
    if (Buffer.byteLength(path) > MOST_PATH_BYTES) return null;
    await once(server.listen(path), 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const onread = {
      buffer: new Uint8Array(BUFFER_BYTES),
      callback: (count: number, buffer: Uint8Array) => take(buffer.subarray(0, count)),
    };
    const near = connect({ path, onread });
    const [[far]] = await Promise.all([accepted, once(near, 'connect')]);
    return { near, far };
  } catch {
    return null;
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

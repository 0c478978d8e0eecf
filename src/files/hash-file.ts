import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { SealroomError, systemReason } from '../errors/index.ts';

/**
 * SHA-256 of a file in hexadecimal.
 *
 * @throws {SealroomError} IO_READ if it cannot be read, or the signal fires.
 */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) })) {
      hash.update(chunk as Uint8Array);
    }
  } catch (error) {
    throw new SealroomError('IO_READ', `cannot read: ${systemReason(error)}`, { where: { file: path }, cause: error });
  }
  return hash.digest('hex');
}

/** SHA-256 of chunks of bytes, in hexadecimal. */
export async function hashChunks(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { SealroomError, systemReason } from '../errors.ts';

/**
 * SHA-256 of a file, in hexadecimal; `null` for a pipe or a device, which cannot be read again.
 *
 * @throws {SealroomError} IO_READ.
 */
export async function hashFile(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    if (!(await stat(path)).isFile()) return null;
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw new SealroomError('IO_READ', `cannot read: ${systemReason(error)}`, { where: { file: path }, cause: error });
  }
  return hash.digest('hex');
}

import { readFile, stat } from 'node:fs/promises';
import { SealroomError, systemReason } from '../../errors/index.ts';
import { MAX_PARCEL_BYTES } from './parcel.ts';

/**
 * Reads a text file; `null` if it does not exist.
 *
 * @throws {SealroomError} IO_READ if it cannot be read.
 */
export async function readMessageText(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new SealroomError('IO_READ', `cannot read: ${systemReason(error)}`, { where: { file }, cause: error });
  }
}

/**
 * Reads the file of a parcel.
 *
 * @throws {SealroomError} IO_READ if it cannot be read; CUSTODY_MESSAGE if it is longer than any parcel.
 */
export async function readParcelFile(file: string): Promise<Uint8Array> {
  const where = { file };
  try {
    const { size } = await stat(file);
    if (size <= MAX_PARCEL_BYTES) return await readFile(file);
  } catch (error) {
    throw new SealroomError('IO_READ', `cannot read: ${systemReason(error)}`, { where, cause: error });
  }
  throw new SealroomError('CUSTODY_MESSAGE', 'the file is too long for a parcel', {
    where,
    hint: 'check that it is the right file',
  });
}

import { mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SealroomError } from '../errors/index.ts';
import { withLock } from '../files/index.ts';
import { signCheckpoint, TreeEdge } from '../tlog/index.ts';
import type { AuditLogOptions } from './audit-log.ts';
import { LOG_FILES, openLogFile, replaceCheckpoint, logWriteFailure } from './log-file.ts';

/**
 * Makes an empty log: a directory with its files, and a checkpoint of no records.
 *
 * @throws {SealroomError} IO_EXISTS if there is already a log; IO_WRITE if it cannot be made.
 */
export async function createAuditLog({ directory, signer }: Omit<AuditLogOptions, 'now'>): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of [LOG_FILES.lock, LOG_FILES.records])
      await (await open(join(directory, name), 'a', 0o600)).close();
    const lock = await openLogFile(directory, LOG_FILES.lock);
    try {
      // If two processes make the same log, only one succeeds.
      await withLock(lock, directory, async () => {
        const { size } = await stat(join(directory, LOG_FILES.records));
        if (size > 0 || (await stat(join(directory, LOG_FILES.checkpoint)).catch(() => null)) !== null) {
          throw new SealroomError('IO_EXISTS', 'there is already an audit log', { where: { file: directory } });
        }
        await replaceCheckpoint(directory, signCheckpoint(new TreeEdge().head(), signer));
      });
    } finally {
      await lock.close();
    }
  } catch (error) {
    throw logWriteFailure(error, directory);
  }
}

import { open } from 'node:fs/promises';

/** The errors of file systems that cannot do this, and of directories in which files can be created but not listed. */
const CANNOT: readonly unknown[] = ['EINVAL', 'ENOTSUP', 'EACCES'];

/** Flushes a directory's entries to the disk, where the file system can do that. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows cannot open directories and does not need this.
  if (process.platform === 'win32') return;
  try {
    const folder = await open(directory, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && CANNOT.includes(error.code))) throw error;
  }
}

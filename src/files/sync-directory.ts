import { open } from 'node:fs/promises';

/** What a system answers whose file system cannot do it, or where files can be made and not listed. */
const CANNOT: readonly unknown[] = ['EINVAL', 'ENOTSUP', 'EACCES'];

/** Writes to the disk what a directory lists, as far as its file system can. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows cannot open directories, and needs no such call.
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

import { open } from 'node:fs/promises';

/** Flushes a directory's entries to the disk. Errors are the system's. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows cannot open directories and does not need this.
  if (process.platform === 'win32') return;
  const folder = await open(directory, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

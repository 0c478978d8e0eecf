import { open } from 'node:fs/promises';

/** Writes to the disk what a directory lists. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows cannot open directories, and needs no such call.
  if (process.platform === 'win32') return;
  const folder = await open(directory, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

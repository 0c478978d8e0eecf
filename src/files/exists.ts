import { stat } from 'node:fs/promises';

/** Whether there is a file or a directory. */
export async function fileExists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

/** Whether there is a file that can be read at any place and any number of times. */
export async function isRegularFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true;
}

import { readdirSync, readlinkSync } from 'node:fs';

/** The open files of this process that were removed from a directory, as paths to read them by. Linux only. */
export function unnamedFilesOf(directory: string): string[] {
  return readdirSync('/proc/self/fd')
    .map((name) => `/proc/self/fd/${name}`)
    .filter((path) => {
      try {
        const link = readlinkSync(path);
        return link.startsWith(directory) && link.endsWith('(deleted)');
      } catch {
        // Closed since it was listed.
        return false;
      }
    });
}

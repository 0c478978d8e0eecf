import type { BigIntStats } from 'node:fs';
import { lstat } from 'node:fs/promises';

/**
 * What the system says of a file without its content: the file system, the number of the file there, its size, and when its content
 * and its entry last changed. Two stamps that are equal as texts are of a file that nobody wrote to or replaced in between.
 *
 * It does not see what goes round the system's clock: two writes of equal size within one of its ticks (a few ms on older kernels), or a
 * clock that was set back to the instant of the last change. A link is stamped itself, and not what it leads to.
 */
export async function stampFile(path: string): Promise<string> {
  return formatStamp(await lstat(path, { bigint: true }));
}

/** The stamps of several files as one; `null` if one of them is missing. */
export async function stampFiles(paths: readonly string[]): Promise<string | null> {
  return Promise.all(paths.map(stampFile)).then(
    (stamps) => stamps.join('; '),
    () => null,
  );
}

function formatStamp({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

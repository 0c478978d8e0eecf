import { lstatSync } from 'node:fs';

/**
 * What the system says of a file without its content: the file system, the number of the file there, its size, and when its content
 * and its entry last changed. Two stamps that are equal as texts are of a file that nobody wrote to or replaced in between.
 *
 * It does not see what goes round the system's clock: two writes of equal size within one of its ticks (a few ms on older kernels), or a
 * clock that was set back to the instant of the last change. A link is stamped itself, and not what it leads to.
 *
 * It does not wait: the system answers in some microseconds, and to have a thread ask it takes ten times as long.
 *
 * @throws {Error} of the system if the file is missing.
 */
export function stampFile(path: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

/** The stamps of several files as one; `null` if one of them is missing. */
export function stampFiles(paths: readonly string[]): string | null {
  try {
    return paths.map(stampFile).join('; ');
  } catch {
    return null;
  }
}

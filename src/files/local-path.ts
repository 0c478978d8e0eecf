import { quoteForMessage, SealroomError } from '../errors/index.ts';

/** An address of another store or machine. A drive letter of Windows is a single letter, and no scheme. */
const ADDRESS = /^([a-z][a-z0-9+.-]+):\/\//i;

/**
 * Refuses a path that is the address of another store, such as `s3://bucket/key`.
 *
 * @throws {SealroomError} IO_ADDRESS if it is one.
 */
export function requireLocalPath(path: string): void {
  const scheme = ADDRESS.exec(path)?.[1];
  if (scheme === undefined) return;
  throw new SealroomError('IO_ADDRESS', `${scheme.toLowerCase()}:// addresses are neither read nor written`, {
    where: { file: path },
    hint:
      scheme.toLowerCase() === 'file'
        ? `give the path itself, such as ${quoteForMessage(path.slice('file://'.length))}`
        : 'copy the file first, and give the path of the copy; an output is copied afterwards',
  });
}

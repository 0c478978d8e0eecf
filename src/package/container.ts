import { createTar, parseTar } from 'nanotar';
import { decodeUtf8Lenient } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';

/** The files of a package, in order, as `age -d -i key result.age | tar x` extracts them. */
const NAMES = ['statement.note', 'result.arrow', 'record.json'] as const;

/** The content that is encrypted: a signed statement, the table that it describes, and the record of the attempt. */
export interface PackageContent {
  /** A signed note, c2sp.org/signed-note. */
  readonly note: string;
  /** An Arrow stream. */
  readonly table: Uint8Array;
  /** The line of the attempt in the audit log. */
  readonly record: Uint8Array;
}

/** The error for a file that is not a valid package. */
export function badPackage(problem: string): SealroomError {
  return new SealroomError('FORMAT_PACKAGE', `not a result package of a room: ${problem}`, {
    hint: 'the file was changed or cut short, or is something else; get it again',
  });
}

/** Writes the content as a tar archive (POSIX.1-1988). */
export function writeContainer({ note, table, record }: PackageContent): Uint8Array {
  const [statement, result, line] = NAMES;
  const files = [
    { name: statement, data: note },
    { name: result, data: table },
    { name: line, data: record },
  ];
  return createTar(files, { attrs: { mode: '600', uid: 0, gid: 0, mtime: 0 } });
}

/**
 * Reads an archive that must have exactly the three files. It is not authenticated: age does not say who made a file.
 *
 * @throws {SealroomError} FORMAT_PACKAGE if it has other files or is damaged.
 */
export function readContainer(bytes: Uint8Array): PackageContent {
  let count = 0;
  // The library reads the whole buffer, and never ends if a size is negative.
  const filter = ({ name, type, size }: { name: string; type: unknown; size: number }): boolean => {
    if (name !== NAMES[count] || type !== 'file' || !(size >= 0))
      throw badPackage('it does not have the files of a package');
    count += 1;
    return true;
  };
  try {
    const files = parseTar(new Uint8Array(bytes), { filter });
    if (files.length !== NAMES.length) throw badPackage('it does not have the files of a package');
    const [statement, result, line] = files.map(({ data }) => data ?? new Uint8Array(0));
    const empty = new Uint8Array(0);
    return { note: decodeUtf8Lenient(statement ?? empty), table: result ?? empty, record: line ?? empty };
  } catch (error) {
    throw error instanceof SealroomError ? error : badPackage('the archive is damaged');
  }
}

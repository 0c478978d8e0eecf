import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { quoteForMessage, SealroomError } from '../errors/index.ts';
import { readFailure } from './byte-source.ts';
import { requireLocalPath } from './local-path.ts';

/** A file that is a part of a table. */
export interface Part {
  /** As the folder or pattern was given, and then the way to the file. */
  readonly path: string;
  /** The way to the file from the folder, or from the part of the pattern without wildcards, with `/`. */
  readonly name: string;
}

/** Characters of which a pattern has at least one. */
const WILDCARD = /[*?[\]{}]/;

/** Hive and Spark write beside their parts what no table is: `_SUCCESS`, `.part.crc`. */
const NO_PARTS = ['**/_*', '**/_*/**', '**/*.sealroom.json', '**/*.sealroom.sig.json'];

/**
 * Finds the files that a folder or a pattern stands for, sorted by their names as UTF-8; `null` if the path is that of one file, or of
 * none. Files and folders whose names begin with `.` or `_` are left out.
 *
 * A path that exists is no pattern, whatever characters it has.
 *
 * @throws {SealroomError} IO_READ if the folder or pattern has no files, or one twice, or cannot be read; IO_ADDRESS.
 */
//= format F-130
export async function findParts(path: string): Promise<readonly Part[] | null> {
  requireLocalPath(path);
  const facts = await stat(resolve(path)).catch(() => null);
  if (facts?.isDirectory() === true) return listParts(path, path, '**/*');
  if (facts !== null || !WILDCARD.test(path)) return null;
  const { base, pattern } = await splitPattern(path);
  return WILDCARD.test(pattern) ? listParts(path, base, pattern) : null;
}

/** The longest way that exists, and the rest, which is the pattern: so no character of the way is taken for a wildcard. */
async function splitPattern(path: string): Promise<{ readonly base: string; readonly pattern: string }> {
  const segments = path.split(sep);
  for (let length = segments.length - 1; length > 0; length--) {
    const base = segments.slice(0, length).join(sep) || sep;
    const isThere = (await stat(resolve(base)).catch(() => null)) !== null;
    if (isThere) return { base, pattern: segments.slice(length).join('/') };
  }
  return { base: '.', pattern: segments.join('/') };
}

async function listParts(path: string, base: string, pattern: string): Promise<readonly Part[]> {
  // Loaded here, because most tables are one file.
  const { glob } = await import('tinyglobby');
  const found = await glob(pattern, { cwd: resolve(base), ignore: NO_PARTS, expandDirectories: false }).catch(
    (error: unknown) => {
      throw readFailure(error, path);
    },
  );
  if (found.length === 0) {
    const what = pattern === '**/*' ? 'the folder has no files' : 'no file matches the pattern';
    throw new SealroomError('IO_READ', what, {
      where: { file: path },
      hint: 'files and folders whose names begin with `.` or `_` are left out',
    });
  }
  await requireDistinct(base, found);
  const bytesOf = (name: string): Buffer => Buffer.from(name, 'utf8');
  return found.sort((a, b) => Buffer.compare(bytesOf(a), bytesOf(b))).map((name) => ({ path: join(base, name), name }));
}

/** Refuses a file that is found under two names, through links: its rows would be there twice. */
async function requireDistinct(base: string, names: readonly string[]): Promise<void> {
  const nameOf = new Map<string, string>();
  for (const name of names) {
    const file = join(base, name);
    const { dev, ino } = await stat(resolve(file)).catch((error: unknown) => {
      throw readFailure(error, file);
    });
    const id = `${String(dev)}:${String(ino)}`;
    const first = nameOf.get(id);
    if (first !== undefined) {
      throw new SealroomError('IO_READ', `the same file as ${quoteForMessage(first)}: its rows would be there twice`, {
        where: { file },
        hint: 'take the link away, or give a pattern without it',
      });
    }
    nameOf.set(id, name);
  }
}

/**
 * SHA-256 of a table of several files, in hexadecimal: that of a line `name NUL sha256 LF` for each, sorted by the names as UTF-8.
 *
 * @param parts sorted
 */
//= format F-131
export function hashOfParts(parts: readonly { readonly name: string; readonly sha256: string }[]): string {
  const hash = createHash('sha256');
  for (const { name, sha256 } of parts) hash.update(`${name}\0${sha256}\n`);
  return hash.digest('hex');
}

/**
 * Refuses an output that is in a folder of the input: it would be a part of the table the next time.
 *
 * @param path absolute, without links
 * @throws {SealroomError} IO_WRITE if it is.
 */
export async function requireOutside(path: string, parts: readonly Part[]): Promise<void> {
  const directory = await realpath(dirname(path)).catch(() => dirname(path));
  const folders = new Set(parts.map((part) => resolve(part.path.slice(0, -part.name.length))));
  for (const folder of folders) {
    if (!`${directory}${sep}`.startsWith(`${await realpath(folder)}${sep}`)) continue;
    throw new SealroomError('IO_WRITE', 'the output is in the folder of the input', {
      where: { file: path },
      hint: 'it would be read as a part of the table the next time: give another folder',
    });
  }
}

import { type ByteSource, hashOfParts, type Part } from '../../files/index.ts';
import type { CsvStart, NoCsvStart } from '../csv/start.ts';
import { folderKeys } from './folder-keys.ts';
import { gatherNotes } from './read.ts';

/**
 * Reads the starts of several CSV files, which are one table as `openParts` has it. Files that differ in anything but their rows are left to
 * it, and so are folders that add columns.
 *
 * @param path the folder or pattern
 * @param open reads the start of one of them
 * @throws {SealroomError} errors of `open`.
 */
export async function openPartStarts(
  path: string,
  parts: readonly Part[],
  open: (path: string) => Promise<CsvStart | NoCsvStart>,
): Promise<CsvStart | NoCsvStart> {
  if (parts.some(({ name }) => folderKeys(name).length > 0))
    return { kind: 'none', reason: 'folders named `key=value`' };
  const starts: CsvStart[] = [];
  const close = async (): Promise<void> => {
    for (const { source } of starts) await source.close();
  };
  const decline = async (declined: NoCsvStart): Promise<NoCsvStart> => {
    await close();
    return declined;
  };
  try {
    for (const { path: file } of parts) {
      const start = await open(file);
      if (start.kind === 'none') return await decline(start);
      starts.push(start);
      if (!isLike(start, starts[0] ?? start)) return await decline({ kind: 'none', reason: 'files that differ' });
    }
  } catch (error) {
    await close();
    throw error;
  }
  const [first] = starts;
  if (first === undefined) throw new Error('a table without files');
  return {
    ...first,
    source: joinSources(path, parts, starts, close),
    files: starts.flatMap(({ files }) => files),
    notes: gatherNotes(starts.map(({ source, notes }) => ({ name: source.name, notes }))),
  };
}

/** Whether two files have the same columns and the same form. */
function isLike(one: CsvStart, other: CsvStart): boolean {
  const namesOf = ({ fields }: CsvStart): string => JSON.stringify(fields.map(({ name }) => name));
  return one.delimiter === other.delimiter && one.separator === other.separator && namesOf(one) === namesOf(other);
}

/** The bytes of all files, with the headers of each. */
function joinSources(
  name: string,
  parts: readonly Part[],
  starts: readonly CsvStart[],
  close: () => Promise<void>,
): ByteSource {
  const sources = starts.map(({ source }) => source);
  return {
    name,
    path: null,
    compression: sources[0]?.compression,
    get bytes() {
      return sources.reduce((total, { bytes }) => total + bytes, 0);
    },
    async *chunks(signal) {
      for (const source of sources) yield* source.chunks(signal);
    },
    async sha256(signal) {
      const hashes: { readonly name: string; readonly sha256: string }[] = [];
      for (const [index, source] of sources.entries()) {
        hashes.push({ name: parts[index]?.name ?? '', sha256: await source.sha256(signal) });
      }
      return hashOfParts(hashes);
    },
    close,
  };
}

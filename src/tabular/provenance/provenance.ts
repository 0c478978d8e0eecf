import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { quoteForMessage, SealroomError } from '../../errors/index.ts';
import {
  companionOf,
  findParts,
  hashFile,
  hashOfParts,
  type Part,
  type OutputTarget,
  prepareFile,
  readFailure,
  sidecarPath,
} from '../../files/index.ts';
import { formatOf } from '../input-output.ts';
import { PARQUET_KEY, printSidecar, type Provenance, type TableFacts } from './place.ts';
import type { TableFormat } from '../table.ts';

/** The provenance found with a protected file. */
export interface FoundProvenance extends Provenance {
  /** The checked facts of the sidecar about the file; `null` for a Parquet file, whose provenance is in its metadata. */
  readonly table: TableFacts | null;
}

/**
 * Writes the sidecar of a file that is about to be renamed into place; the caller commits the returned target.
 *
 * @throws {SealroomError} IO_WRITE if it cannot be written.
 */
export function writeSidecar(output: string, provenance: Provenance, facts: TableFacts): Promise<OutputTarget> {
  return prepareFile(sidecarPath(output), printSidecar(provenance, facts), { overwrite: true });
}

/**
 * Reads the provenance of a protected file from its sidecar or, for Parquet, from its metadata; `null` if it has none. It is
 * not authenticated: it says which secret to try, and a wrong one opens no cell.
 *
 * @throws {SealroomError} FORMAT_SIDECAR if it is malformed or of an unknown version, or the sidecar belongs to another file,
 *   or the file was changed; IO_READ, DATA_CORRUPT if the file cannot be read.
 */
export async function readProvenance(
  input: string,
  { format, signal }: { readonly format?: TableFormat | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<FoundProvenance | null> {
  const parts = await findParts(input);
  if ((format ?? formatOf(parts?.[0]?.path ?? input)) === 'parquet') {
    return readMetadata(parts?.map(({ path }) => path) ?? [input]);
  }
  const file = await companionOf(input, sidecarPath);
  const text = await readIfThere(file);
  if (text === null) return null;
  const { parseSidecar } = await import('./text.ts');
  const { sha256, bytes, rows, ...provenance } = parseSidecar(text, file);
  if ((await hashOf(input, parts, signal)) === sha256) return { ...provenance, table: { sha256, bytes, rows } };
  throw new SealroomError('FORMAT_SIDECAR', 'the file is not the one that its sidecar describes, or was changed', {
    where: { file: input },
    hint: `get both files again from their source; without ${file}, the newest secret is tried`,
  });
}

/** The provenance in the metadata of Parquet files, which are of one table and have the same. */
async function readMetadata(files: readonly string[]): Promise<FoundProvenance | null> {
  const { readKeyValue } = await import('../parquet/read.ts');
  const texts: (string | null)[] = [];
  for (const file of files) texts.push(await readKeyValue(resolve(file), file, PARQUET_KEY));
  const other = texts.findIndex((text) => text !== texts[0]);
  if (other > 0) {
    throw new SealroomError(
      'FORMAT_SIDECAR',
      `the file was not encrypted together with ${quoteForMessage(files[0] ?? '')}`,
      {
        where: { file: files[other] },
        hint: 'the files of a folder or pattern are one table, which was encrypted with one secret: leave the others out',
      },
    );
  }
  const [text = null] = texts;
  if (text === null) return null;
  const { parseMetadata } = await import('./text.ts');
  return { ...parseMetadata(text, files[0] ?? ''), table: null };
}

async function hashOf(input: string, parts: readonly Part[] | null, signal: AbortSignal | undefined): Promise<string> {
  if (parts === null) return hashFile(input, signal);
  const hashes: { readonly name: string; readonly sha256: string }[] = [];
  for (const { name, path } of parts) hashes.push({ name, sha256: await hashFile(path, signal) });
  return hashOfParts(hashes);
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw readFailure(error, path);
  }
}

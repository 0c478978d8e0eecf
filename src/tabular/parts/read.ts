import { basename } from 'node:path';
import { allValid, encodeUtf8 } from '../../bytes/index.ts';
import type { Batch, ColumnData, Field, ReadRequest } from '../../columns/index.ts';
import { countOf, quoteForMessage, SealroomError } from '../../errors/index.ts';
import { hashOfParts, type Part } from '../../files/index.ts';
import { normaliseHeader } from '../../schema/index.ts';
import type { TableFormat, TableReader } from '../table.ts';
import { type FolderKey, folderKeys } from './folder-keys.ts';

/** A part that is open, with the values that its folders give. */
interface OpenPart {
  readonly name: string;
  readonly reader: TableReader;
  readonly keys: readonly FolderKey[];
}

/**
 * Opens several files as one table, in their order. All have the fields of the first one; folders named `key=value` add columns of text
 * that the files do not have.
 *
 * Each file is opened, and so checked, before the first is read. The rows of errors are those of the file that they name.
 *
 * @param path the folder or pattern
 * @param open opens one of them
 * @throws {SealroomError} DATA_COLUMN with the file that has other fields or folders than the first; errors of `open`.
 */
export async function openParts(
  path: string,
  parts: readonly Part[],
  format: TableFormat,
  open: (path: string) => Promise<TableReader>,
): Promise<TableReader> {
  const opened: OpenPart[] = [];
  const close = async (): Promise<void> => {
    for (const { reader } of opened) await reader.close();
  };
  try {
    for (const { path: file, name } of parts) {
      const part = { name, reader: await open(file), keys: folderKeys(name) };
      opened.push(part);
      requireSame(opened[0] ?? part, part);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const readers = opened.map(({ reader }) => reader);
  const own = readers[0]?.fields ?? [];
  const keys = keyColumns(opened[0]);
  return {
    name: path,
    format,
    fields: [...own, ...keys.map(({ name }): Field => ({ name, type: { kind: 'string' } }))],
    rows: sum(readers.map(({ rows }) => rows)),
    bytes: readers.reduce((total, { bytes }) => total + bytes, 0),
    notes: gatherNotes(readers),
    warnings: gather(readers, ({ warnings }) => warnings),
    slowReason: readers.map(({ slowReason }) => slowReason).find((reason) => reason !== null) ?? null,
    columnHint: readers[0]?.columnHint ?? null,
    batches: (request) => readParts(opened, own.length, keys, request),
    placeOf: (row) => placeOf(readers, row),
    async sha256(signal) {
      const hashes: { readonly name: string; readonly sha256: string }[] = [];
      for (const { name, reader } of opened) hashes.push({ name, sha256: await reader.sha256(signal) });
      return hashOfParts(hashes);
    },
    close,
  };
}

//= format F-130
function requireSame(first: OpenPart, part: OpenPart): void {
  const difference = differenceOf(first.reader.fields, part.reader.fields) ?? keyDifference(first, part);
  if (difference === null) return;
  throw new SealroomError('DATA_COLUMN', `another schema than ${quoteForMessage(first.name)}: ${difference}`, {
    where: { file: part.reader.name },
    hint: 'all files of a folder or pattern are one table: write this one again, or leave it out',
  });
}

function differenceOf(first: readonly Field[], fields: readonly Field[]): string | null {
  if (fields.length !== first.length)
    return `expected ${countOf(first.length, 'column')}, got ${String(fields.length)}`;
  for (const [index, { name, type }] of fields.entries()) {
    const expected = first[index];
    if (expected === undefined) return null;
    const at = `column ${String(index + 1)}`;
    if (name !== expected.name) return `${at} must be ${quoteForMessage(expected.name)}, got ${quoteForMessage(name)}`;
    const [wanted, got] = [describeType(expected), describeType({ name, type })];
    if (wanted !== got) return `${at}, ${quoteForMessage(name)}, must have the type ${wanted}, got ${got}`;
  }
  return null;
}

function describeType({ type }: Field): string {
  if (type.kind === 'opaque' || type.kind === 'unsupported') return type.engineType;
  const facts = Object.entries(type).filter(([key]) => key !== 'kind');
  return [type.kind, ...facts.map(([key, value]) => `${key} ${String(value)}`)].join(' ');
}

function keyDifference(first: OpenPart, part: OpenPart): string | null {
  const namesOf = ({ keys }: OpenPart): string => keys.map(({ name }) => name).join(', ');
  const [expected, got] = [namesOf(first), namesOf(part)];
  if (expected === got) return null;
  const say = (names: string): string => (names === '' ? 'no folder `key=value`' : `folders with the keys ${names}`);
  return `expected ${say(expected)}, got ${say(got)}`;
}

/** The folders' keys that are not columns of the files. */
function keyColumns(part: OpenPart | undefined): readonly { readonly name: string; readonly at: number }[] {
  if (part === undefined) return [];
  const known = new Set(part.reader.fields.map(({ name }) => normaliseHeader(name)));
  return part.keys.flatMap(({ name }, at) => (known.has(normaliseHeader(name)) ? [] : [{ name, at }]));
}

async function* readParts(
  parts: readonly OpenPart[],
  ownFields: number,
  keyFields: readonly { readonly at: number }[],
  request: ReadRequest,
): AsyncGenerator<Batch> {
  const own = request.columns.filter((index) => index < ownFields);
  for (const { reader, keys } of parts) {
    const values = keyFields.map(({ at }) => keys[at]?.value ?? null);
    for await (const { rows, columns } of reader.batches({ ...request, columns: own })) {
      let next = 0;
      const all = request.columns.flatMap((index): readonly ColumnData[] => {
        if (index >= ownFields) return [repeated(values[index - ownFields] ?? null, rows)];
        const column = columns[next++];
        return column === undefined ? [] : [column];
      });
      yield { rows, columns: all };
    }
  }
}

/** A column with the same text in every row. */
function repeated(text: string | null, rows: number): ColumnData {
  const value = encodeUtf8(text ?? '');
  const bytes = new Uint8Array(rows * value.length);
  for (let row = 0; row < rows; row++) bytes.set(value, row * value.length);
  const offsets = Int32Array.from({ length: rows + 1 }, (_, row) => row * value.length);
  return { layout: 'bytes', rows, offsets, bytes, validity: text === null ? allValid(rows).fill(0) : null };
}

function sum(counts: readonly (number | null)[]): number | null {
  let total = 0;
  for (const count of counts) {
    if (count === null) return null;
    total += count;
  }
  return total;
}

/** What is said of the files, each text once: of which file, and of how many. */
function gather<File extends { readonly name: string }>(
  readers: readonly File[],
  textsOf: (reader: File) => readonly string[],
): readonly string[] {
  const filesOf = new Map<string, string[]>();
  for (const reader of readers) {
    for (const text of textsOf(reader)) filesOf.set(text, [...(filesOf.get(text) ?? []), reader.name]);
  }
  return [...filesOf].map(([text, [first = '', ...others]]) => {
    const more = others.length === 0 ? '' : ` and ${countOf(others.length, 'more file')}`;
    return `${first}${more}: ${text}`;
  });
}

/** The notes on the files of a table, each once. */
export function gatherNotes(
  files: readonly { readonly name: string; readonly notes: readonly string[] }[],
): readonly string[] {
  return gather(files, ({ name, notes }) => notes.map((note) => withoutName(note, name)));
}

/** A note without the name of its file, which it begins with. */
function withoutName(note: string, file: string): string {
  const start = `${basename(file)}: `;
  return note.startsWith(start) ? note.slice(start.length) : note;
}

/** The file with a row of the table, and the row's number in it; `null` if that is not known. */
function placeOf(readers: readonly TableReader[], row: number): { readonly file: string; readonly row: number } | null {
  let before = 0;
  for (const { name, rows } of readers) {
    if (rows === null) return null;
    if (row <= before + rows) return { file: name, row: row - before };
    before += rows;
  }
  return null;
}

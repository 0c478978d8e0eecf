import { open } from 'node:fs/promises';
import { defaultKernel, type SealingRoot } from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { type ByteSource, readFailure } from '../../../files/index.ts';
import {
  createOutput,
  type CsvStart,
  csvNullMarks,
  nameOf,
  type NoCsvStart,
  openCsvStart,
  stoppedBy,
  type TableFormat,
  toTableOutput,
} from '../../../tabular/index.ts';
import { threadsFor } from '../../../workers/index.ts';
import { leaveTable, type LeftTable } from '../../slow-path.ts';
import { MixedColumns } from '../core/mixed-columns.ts';
import { type FoundCells, nothingFound } from '../core/opener.ts';
import { summariseCells } from '../core/summary.ts';
import type { DecryptOptions, DecryptSummary } from '../decrypt-options.ts';
import { describeReason } from './declined.ts';
import { COUNTS, MOST_MARK_BYTES } from './line-opener.ts';
import type { LineRun } from './line-run.ts';
import { openInOrder } from './open-in-order.ts';
import { openInThreads } from './open-in-threads.ts';
import { Turns } from './turns.ts';

/** Bytes of a range of the input, by default. */
const RANGE_BYTES = 1 << 20;
/** An input with fewer bytes is done before a thread has started. */
const BYTES_FOR_THREADS = 6 << 20;

/** The outcome of {@link decryptLines}. */
export type LineDecryption =
  { readonly kind: 'done'; readonly outcome: Omit<DecryptSummary, 'elapsedMs' | 'kernel'> } | LeftTable;

/** What is known of the files of a decryption: the format of the output, and the input if it can be read only once. */
export interface LineFiles {
  readonly outputFormat: TableFormat;
  readonly held: ByteSource | undefined;
}

/**
 * Decrypts a CSV file line by line, without columns in between: in the memory of one module per thread, which splits the records, opens
 * the cells where they are, and writes the lines. Output and counts are those of the ordinary way.
 *
 * It is an attempt. Whatever has to be refused, and all that the module does not know, is left to the ordinary way, which then starts
 * from the beginning and has the words for it.
 *
 * @param rangeBytes bytes of the ranges that threads take
 * @throws {SealroomError} IO_EXISTS, IO_WRITE for the output; IO_READ; IO_ABORTED; errors of `beforeCommit`. No output is left behind.
 */
export async function decryptLines(
  options: DecryptOptions,
  root: SealingRoot | null,
  { outputFormat, held }: LineFiles,
  rangeBytes = RANGE_BYTES,
): Promise<LineDecryption> {
  // What goes to a stream cannot be taken back if the attempt fails.
  if (toTableOutput(options.output).kind === 'stream' || outputFormat !== 'csv') return leaveTable(null);
  if (options.signature !== undefined) return leaveTable('the signature is over single rows');
  try {
    const start = await readStart(options, held);
    if (start === null) return leaveTable(null);
    if (start.kind === 'none') return leaveTable(start.reason);
    try {
      return await decryptStart(options, root, start, rangeBytes);
    } finally {
      await start.source.close();
    }
  } catch (error) {
    throw stoppedBy(options.signal, error);
  }
}

/** The start of the input; `null` if it is no CSV, or cannot be read, which the ordinary way explains. */
async function readStart(options: DecryptOptions, held: ByteSource | undefined): Promise<CsvStart | NoCsvStart | null> {
  const { input, csvInputNull, csvDelimiter, csvEncoding, tempDirectory, signal } = options;
  try {
    return await openCsvStart(input, { csvInputNull, csvDelimiter, csvEncoding, tempDirectory, held, signal });
  } catch (error) {
    if (error instanceof SealroomError) return null;
    throw error;
  }
}

async function decryptStart(
  options: DecryptOptions,
  root: SealingRoot | null,
  start: CsvStart,
  rangeBytes: number,
): Promise<LineDecryption> {
  const { source, fields, dataStart } = start;
  const { signal, onProgress } = options;
  const [nullText, empty] = csvNullMarks(options.csvOutputNull, fields.length);
  if (nullText.length > MOST_MARK_BYTES) return leaveTable('a long text for nulls');
  // A blank header is refused.
  if (fields.some(({ name }) => name.trim() === '')) return leaveTable(null);
  const mixed = new MixedColumns(source.name, fields, options);
  const rows = (): number => turns.rows;
  const parts = { reader: source, fields, format: 'csv', rows, provenance: null, sign: null } as const;
  const writer = options.dryRun === true ? null : await createOutput(options, parts);
  const turns = Turns.begin(fields.length, dataStart, writer?.lineFile?.start ?? 0);
  const run: LineRun = {
    start,
    opening: {
      kernel: options.kernel ?? defaultKernel(),
      // Without the source: threads get a clone.
      dialect: { delimiter: start.delimiter, separator: start.separator },
      nullRule: start.nullRule,
      columns: fields.length,
      nullText,
      empty,
      lenientCells: options.lenientCells ?? false,
      passesFingerprints: options.failOnFingerprintColumns !== true,
    },
    root,
    writer,
    turns,
    signal,
    onOpened() {
      if (!mixed.accepts(foundBy(turns))) turns.stop('cells');
      onProgress?.({ phase: 'decrypt', rows: turns.rows, totalRows: estimateRows(start, turns) });
    },
  };
  try {
    const threads = await openAll(run, options, rangeBytes);
    signal?.throwIfAborted();
    run.onOpened();
    const { reason } = turns;
    if (reason !== null) {
      await writer?.abort();
      return leaveTable(describeReason(reason));
    }
    const { warnings, ...counts } = summariseCells(foundBy(turns), mixed, {
      rows: turns.rows,
      hasRoot: root !== null,
    });
    const outputBytes = (await writer?.close()) ?? 0;
    const facts = { rows: turns.rows, inputBytes: source.bytes, outputBytes, threads, slowReason: null };
    return { kind: 'done', outcome: { ...facts, notes: start.notes, warnings, ...counts } };
  } catch (error) {
    await writer?.abort();
    throw error;
  }
}

/** How many rows a table has, if the others are as long as those that were opened; `null` if that says nothing. */
function estimateRows({ source, dataStart }: CsvStart, { rows, end }: Turns): number | null {
  if (rows === 0 || source.compression !== undefined) return null;
  return Math.round((rows * (source.bytes - dataStart)) / (end - dataStart));
}

/** Opens all lines, and returns how many threads did. */
async function openAll(run: LineRun, options: DecryptOptions, rangeBytes: number): Promise<number> {
  const { path, compression, bytes } = run.start.source;
  const lineFile = run.writer?.lineFile;
  if (path === null || compression !== undefined || (run.writer !== null && lineFile === undefined)) {
    await openInOrder(run);
    return 1;
  }
  const file = await open(path, 'r').catch((error: unknown) => {
    throw readFailure(error, run.start.source.name);
  });
  try {
    const ranges = {
      file: file.fd,
      fileBytes: bytes,
      from: run.start.dataStart,
      rangeBytes,
      output: lineFile?.descriptor ?? null,
      fileName: run.start.source.name,
      outputName: nameOf(toTableOutput(options.output)),
    };
    const threads = threadsFor(options.threads, bytes < BYTES_FOR_THREADS ? 0 : null);
    return await openInThreads(run, ranges, threads);
  } finally {
    await file.close();
  }
}

/** The cells of each column, as far as they were counted. */
function foundBy({ counts }: Turns): readonly FoundCells[] {
  return Array.from({ length: counts.length / COUNTS }, (_, column): FoundCells => {
    const [sealed = 0, fingerprint = 0, unsealed = 0] = counts.subarray(column * COUNTS, (column + 1) * COUNTS);
    return { ...nothingFound(), sealed, fingerprint, unsealed };
  });
}

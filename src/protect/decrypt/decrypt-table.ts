import {
  createKernel,
  defaultKernel,
  deriveSealingRoot,
  type KernelName,
  parseCollaborationId,
  type SealingRoot,
  shareKeys,
} from '../../crypto/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { type Batch, buffersOf, type Field } from '../../columns/index.ts';
import {
  checkTransfer,
  createOutput,
  copyBatch,
  holdInput,
  type TableFormat,
  type TableReader,
  toTableOutput,
  writeEncodedRows,
} from '../../tabular/index.ts';
import { transferSignedTable } from '../../signed-tables/index.ts';
import { createWorkerPool, type WorkerPool, type SentJob, threadsFor } from '../../workers/index.ts';
import { distinctHeaders, requireHeaders } from './core/headers.ts';
import { MixedColumns } from './core/mixed-columns.ts';
import { addFound, mixedTypesWarning, nothingFound } from './core/opener.ts';
import { summariseCells } from './core/summary.ts';
import { chooseTargets, type DecryptTarget, typeOfTarget } from './core/targets.ts';
import type { DecryptOptions, DecryptSummary } from './decrypt-options.ts';
import { describeSlowPath } from '../slow-path.ts';
import { canRunTables, isTableKernel } from '../machine/machine.ts';
import { decryptLines } from './lines/decrypt-lines.ts';
import type { OpenedRows, DecryptJob, DecryptWorkerSetup } from './worker.ts';

/** Batches per job of a thread. */
const JOB_BATCHES = 2;

/**
 * Decrypts a table: opens the sealed cells of every column and passes the other cells through. One pass, in row order;
 * headers and columns stay as they are. In Parquet and Arrow, an opened column gets back the type that was sealed; a column
 * with cells of several types becomes text.
 *
 * Each cell is authenticated by itself; its column, row and table are only if the table has a signature. A column that is sealed, by one of its cells or by what the
 * caller knows, holds nothing but sealed cells and nulls; in CSV also empty texts, which are nulls if they are read so. That a cell breaks
 * this may show at the end only: a file is then not put in place, but what was written to a stream cannot be undone.
 *
 * @throws {SealroomError} SECRET_MISSING for a sealed cell without a secret; FORMAT_TAG for a wrong secret, wrong id or changed
 *   cell, FORMAT_SIGNATURE if the table is not the one that was signed, FORMAT_CELL, FORMAT_VALUE for malformed ones, FORMAT_CELL for an
 *   unsealed one in a sealed column, with file, row and column; RULE_FINGERPRINT if asked; DATA_*, IO_*,
 *   USAGE_OPTION. No output is left behind.
 */
export async function decryptTable(options: DecryptOptions): Promise<DecryptSummary> {
  const started = performance.now();
  const id = parseCollaborationId(options.collaborationId);
  using root = options.secret === null ? null : deriveSealingRoot(options.secret, id);
  // A bad number of threads is refused before the table is read.
  threadsFor(options.threads, null);
  const kernel = options.kernel ?? defaultKernel();
  const opensLines = isTableKernel(kernel) && canRunTables();
  const outputFormat = await checkTransfer(options);
  const held = await holdInput(options);
  try {
    const attempt = opensLines ? await decryptLines(options, root, { outputFormat, held }) : null;
    if (attempt?.kind === 'done') {
      return { ...attempt.outcome, elapsedMs: performance.now() - started, kernel };
    }
    return await transferSignedTable(options, { held }, async (reader) => {
      requireHeaders(reader);
      const keys = { kernel: createKernel(kernel), root, lenientCells: options.lenientCells };
      const targets = await chooseTargets(reader, outputFormat === 'csv', keys, options.signal);
      const run = new Decryption(options, reader, outputFormat, kernel, root);
      let outcome: Outcome | null = null;
      while (outcome === null) outcome = await run.attempt(targets);
      return {
        ...outcome,
        inputBytes: reader.bytes,
        elapsedMs: performance.now() - started,
        kernel,
        ...describeSlowPath(reader, attempt?.reason ?? null),
        warnings: [...reader.warnings, ...run.warnings],
      };
    });
  } finally {
    await held?.close();
  }
}

/** Buffers for reuse. */
interface Spare {
  /** Those of output that was written. */
  readonly output: ArrayBuffer[];
  /** Those of batches that were read. */
  readonly batches: ArrayBuffer[];
}

type Outcome = Pick<DecryptSummary, 'rows' | 'columns' | 'openedCells' | 'unsealedCells' | 'outputBytes' | 'threads'>;

/** Thrown when columns turn out to hold cells of several types; ends one attempt of a decryption, and stays internal. */
class MixedTypes extends Error {
  readonly columns: readonly number[];

  constructor(columns: readonly number[]) {
    super('several types in a column');
    this.columns = columns;
  }
}

/** The decryption of one table. */
class Decryption {
  readonly #options: DecryptOptions;
  readonly #reader: TableReader;
  readonly #outputFormat: TableFormat;
  readonly #headers: readonly string[];
  readonly #kernel: KernelName;
  readonly #root: SealingRoot | null;
  readonly #mixed: MixedColumns;
  readonly warnings: string[] = [];

  constructor(
    options: DecryptOptions,
    reader: TableReader,
    outputFormat: TableFormat,
    kernel: KernelName,
    root: SealingRoot | null,
  ) {
    this.#options = options;
    this.#reader = reader;
    this.#outputFormat = outputFormat;
    this.#kernel = kernel;
    this.#root = root;
    this.#mixed = new MixedColumns(reader.name, reader.fields, options);
    this.#headers =
      outputFormat === 'parquet' ? distinctHeaders(reader.fields) : reader.fields.map((field) => field.name);
    const renamed = this.#headers.filter((header, index) => header !== reader.fields[index]?.name);
    if (renamed.length > 0) {
      const names = renamed.map((header) => `\`${header}\``).join(', ');
      this.warnings.push(`Parquet needs headers that differ by more than case; duplicates were written as ${names}`);
    }
  }

  /** Decrypts the whole table. `null` if a column had several types; `targets` then makes it text for the next attempt. */
  async attempt(targets: DecryptTarget[]): Promise<Outcome | null> {
    const fields = this.#reader.fields.map((field, index): Field => {
      const target = targets[index];
      const type = target === undefined ? field.type : typeOfTarget(target);
      return { name: this.#headers[index] ?? field.name, type };
    });
    const threads = threadsFor(this.#options.threads, this.#reader.rows);
    const setup = this.#setup(targets, fields);
    try {
      const pool = await createWorkerPool<DecryptJob, OpenedRows>(
        new URL('./worker.js', import.meta.url),
        setup,
        threads,
      );
      try {
        return { ...(await this.#write(pool, fields, threads)), threads: pool.busyThreads };
      } catch (error) {
        if (!(error instanceof MixedTypes)) throw error;
        for (const index of error.columns) this.#makeText(index, targets);
        return null;
      } finally {
        await pool.close();
      }
    } finally {
      setup.root?.fill(0);
    }
  }

  #setup(targets: readonly DecryptTarget[], fields: readonly Field[]): DecryptWorkerSetup {
    const { name, fields: columns, format } = this.#reader;
    const { failOnFingerprintColumns = false, csvOutputNull } = this.#options;
    return {
      kernel: this.#kernel,
      root: this.#root === null ? null : shareKeys([this.#root]),
      lenientCells: this.#options.lenientCells,
      targets,
      file: name,
      columns: columns.map((column) => column.name),
      // A CSV file was checked as a whole. Parquet's text columns are not always checked by the engine.
      isUtf8: format === 'csv',
      failOnFingerprintColumns,
      declared: this.#mixed.declared,
      isEmptyNull: format === 'csv',
      csv: this.#outputFormat === 'csv' ? { fields, nullText: csvOutputNull } : null,
    };
  }

  async #write(
    pool: WorkerPool<DecryptJob, OpenedRows>,
    fields: readonly Field[],
    threads: number,
  ): Promise<Omit<Outcome, 'threads'>> {
    const { dryRun, signal, onProgress } = this.#options;
    const found = fields.map(nothingFound);
    let rows = 0;
    const parts = {
      reader: this.#reader,
      fields,
      format: this.#outputFormat,
      rows: () => rows,
      provenance: null,
      sign: null,
    };
    const writer = dryRun === true ? null : await createOutput(this.#options, parts);
    const spare: Spare = { output: [], batches: [] };
    try {
      const jobs = threads === 1 ? this.#jobsHere(spare) : this.#jobs(spare);
      for await (const opened of pool.runInOrder(jobs)) {
        signal?.throwIfAborted();
        opened.found.forEach((cells, index) => {
          const sum = found[index];
          if (sum !== undefined) addFound(sum, cells);
        });
        this.#mixed.check(found);
        const severalTypes = found.flatMap(({ isMixed }, index) => (isMixed ? [index] : []));
        if (severalTypes.length > 0) throw new MixedTypes(severalTypes);
        await writeEncodedRows(writer, opened.encoded, spare.output);
        spare.batches.push(...opened.spare);
        rows += opened.rows;
        onProgress?.({ phase: 'decrypt', rows, totalRows: this.#reader.rows });
      }
      signal?.throwIfAborted();
      const { warnings, ...counts } = summariseCells(found, this.#mixed, { rows, hasRoot: this.#root !== null });
      this.warnings.push(...warnings);
      return { rows, ...counts, outputBytes: (await writer?.close()) ?? 0 };
    } catch (error) {
      await writer?.abort();
      throw error;
    }
  }

  /** Jobs for this thread, which runs each before it asks for the next one: the batches stay where the reader has them. */
  //= format F-59
  async *#jobsHere(spare: Spare): AsyncGenerator<SentJob<DecryptJob>> {
    let firstRow = 0;
    for await (const batch of this.#batches()) {
      yield { job: { firstRow, batches: [batch], isOwner: false, spare: spare.output.splice(0) }, transfer: [] };
      firstRow += batch.rows;
    }
  }

  /** Jobs for other threads, with copies of the batches. */
  //= format F-59
  async *#jobs(spare: Spare): AsyncGenerator<SentJob<DecryptJob>> {
    let firstRow = 0;
    let batches: Batch[] = [];
    const take = (): SentJob<DecryptJob> => {
      const job = { firstRow, batches, isOwner: true, spare: spare.output.splice(0) };
      firstRow = batches.reduce((sum, batch) => sum + batch.rows, firstRow);
      batches = [];
      return { job: job, transfer: [...buffersOf(job.batches), ...job.spare] };
    };
    for await (const batch of this.#batches()) {
      batches.push(copyBatch(batch, spare.batches));
      if (batches.length === JOB_BATCHES) yield take();
    }
    if (batches.length > 0) yield take();
  }

  /** All columns; each batch is valid until the next one is asked for. */
  #batches(): AsyncIterable<Batch> {
    const columns = this.#reader.fields.map((_, index) => index);
    return this.#reader.batches({ columns, signal: this.#options.signal });
  }

  #makeText(index: number, targets: DecryptTarget[]): void {
    const name = this.#reader.fields[index]?.name ?? '';
    // What was written to a stream cannot be undone.
    if (toTableOutput(this.#options.output).kind === 'stream') {
      throw new SealroomError('DATA_TYPE', 'the cells of a column have several types', {
        where: { file: this.#reader.name, column: name },
        hint: 'write to a file, where such a column becomes text, or write CSV',
      });
    }
    targets[index] = { mode: 'text', type: { kind: 'string' } };
    this.warnings.push(mixedTypesWarning(name));
  }
}

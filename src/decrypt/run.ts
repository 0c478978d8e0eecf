import {
  CELL_FINGERPRINT,
  CELL_SEALED,
  createKernel,
  deriveSealingRoot,
  type Kernel,
  type KernelName,
  parseCollaborationId,
  renderColumn,
  type SealingRoot,
  type SharedSecret,
} from '../crypto/index.ts';
import { SealroomError } from '../errors.ts';
import {
  type Batch,
  type ColumnData,
  createOutput,
  type Field,
  STANDARD_STREAM,
  type TableFormat,
  type TableReader,
  transferTable,
  type TransferOptions,
} from '../tabular/index.ts';
import { toNative, toText } from './columns.ts';
import { headersOf, requireHeaders } from './headers.ts';
import { chooseTargets, type DecryptTarget, locate, openCells, typeOfTarget } from './targets.ts';

/** How far a decryption has come. */
export interface DecryptProgress {
  readonly phase: 'decrypt';
  readonly rows: number;
  /** Rows of the table, or `null` if not known before the end. */
  readonly totalRows: number | null;
}

/** What {@link decryptTable} takes. */
export interface DecryptOptions extends TransferOptions {
  readonly secret: SharedSecret;
  /** UUID of the collaboration. */
  readonly collaborationId: string;
  /** Refuse tables with fingerprint cells, which cannot be opened. */
  readonly failOnFingerprintColumns?: boolean | undefined;
  readonly kernel?: KernelName | undefined;
  readonly onProgress?: ((progress: DecryptProgress) => void) | undefined;
}

/** What a decryption did. */
export interface DecryptSummary {
  readonly rows: number;
  /** Columns with sealed cells, which were opened; with fingerprint cells, passed on; all others, passed on. */
  readonly columns: { readonly sealed: number; readonly fingerprint: number; readonly cleartext: number };
  /** Sealed cells that were opened. */
  readonly openedCells: number;
  readonly inputBytes: number;
  /** 0 for a dry run and for standard output in Parquet. */
  readonly outputBytes: number;
  readonly elapsedMs: number;
  readonly kernel: KernelName;
  readonly warnings: readonly string[];
}

/**
 * Decrypts a table: opens the sealed cells of every column and passes the other cells on. One pass, in the order of the
 * rows; headers and columns stay as they are. In Parquet and Arrow, opened columns get the type back that was sealed; a
 * column whose cells are of several types becomes text.
 *
 * A cell is authenticated by itself: neither its column, nor its row, nor its table is.
 *
 * @throws {SealroomError} FORMAT_TAG for a wrong secret, wrong id or changed cell, FORMAT_CELL, FORMAT_VALUE for malformed
 *   ones, with file, row and column; RULE_FINGERPRINT if asked; DATA_*, IO_*, USAGE_OPTION. No output is left behind.
 */
export async function decryptTable(options: DecryptOptions): Promise<DecryptSummary> {
  const started = performance.now();
  using root = deriveSealingRoot(options.secret, parseCollaborationId(options.collaborationId));
  const kernel = createKernel(options.kernel);
  return await transferTable(options, {}, async (reader, outputFormat) => {
    requireHeaders(reader);
    const targets = await chooseTargets(reader, outputFormat, kernel, root, options.signal);
    const run = new Decryption(options, reader, kernel, root);
    const renamed = headersOf(reader.fields, outputFormat).filter(
      (header, index) => header !== reader.fields[index]?.name,
    );
    if (renamed.length > 0) {
      const names = renamed.map((header) => `\`${header}\``).join(', ');
      run.warnings.push(`Parquet needs headers that differ in more than case; repeated ones were written as ${names}`);
    }
    let outcome: Outcome | null = null;
    while (outcome === null) outcome = await run.attempt(targets, outputFormat);
    return {
      ...outcome,
      inputBytes: reader.bytes,
      elapsedMs: performance.now() - started,
      kernel: kernel.name,
      warnings: [...reader.warnings, ...run.warnings],
    };
  });
}

type Outcome = Pick<DecryptSummary, 'rows' | 'columns' | 'openedCells' | 'outputBytes'>;

/** The cells of columns turned out to be of several types; internal to the attempts of a decryption. */
class MixedTypes extends Error {
  readonly columns: readonly number[];

  constructor(columns: readonly number[]) {
    super('several types in a column');
    this.columns = columns;
  }
}

/** The reading and writing of one table. */
class Decryption {
  readonly #options: DecryptOptions;
  readonly #reader: TableReader;
  readonly #kernel: Kernel;
  readonly #root: SealingRoot;
  readonly warnings: string[] = [];
  #kinds: { sealed: boolean; fingerprint: boolean }[] = [];
  #openedCells = 0;

  constructor(options: DecryptOptions, reader: TableReader, kernel: Kernel, root: SealingRoot) {
    this.#options = options;
    this.#reader = reader;
    this.#kernel = kernel;
    this.#root = root;
  }

  /** Decrypts the whole table; `null` if a column had several types: `targets` then makes it text, for the next attempt. */
  async attempt(targets: DecryptTarget[], outputFormat: TableFormat): Promise<Outcome | null> {
    const reader = this.#reader;
    const headers = headersOf(reader.fields, outputFormat);
    const fields = reader.fields.map((field, index): Field => {
      const target = targets[index];
      return { name: headers[index] ?? field.name, type: target === undefined ? field.type : typeOfTarget(target) };
    });
    this.#kinds = fields.map(() => ({ sealed: false, fingerprint: false }));
    this.#openedCells = 0;
    const writer = this.#options.dryRun === true ? null : await createOutput(this.#options, fields, outputFormat);
    let rows = 0;
    try {
      //= format F-59
      const columns = fields.map((_, index) => index);
      for await (const batch of reader.batches({ columns, signal: this.#options.signal })) {
        const opened = this.#openBatch(batch, targets, rows);
        rows += batch.rows;
        await writer?.write(opened);
        this.#options.onProgress?.({ phase: 'decrypt', rows, totalRows: reader.rows });
      }
      this.#options.signal?.throwIfAborted();
      return {
        rows,
        columns: this.#countColumns(),
        openedCells: this.#openedCells,
        outputBytes: (await writer?.close()) ?? 0,
      };
    } catch (error) {
      await writer?.abort();
      if (!(error instanceof MixedTypes)) throw error;
      for (const index of error.columns) this.#makeText(index, targets);
      return null;
    }
  }

  #openBatch(batch: Batch, targets: readonly DecryptTarget[], firstRow: number): Batch {
    const mixed: number[] = [];
    const columns = batch.columns.map((column, index): ColumnData => {
      const target = targets[index];
      const name = this.#reader.fields[index]?.name ?? '';
      if (target === undefined || target.mode === 'carry') return column;
      if (target.mode === 'render') {
        if (column.layout !== 'fixed') throw new Error('a typed column of byte strings');
        return { layout: 'bytes', ...renderColumn(target.type, column) };
      }
      const opened = locate(this.#reader.name, name, firstRow, () => this.#openColumn(column, index, target));
      if (opened === null) mixed.push(index);
      return opened ?? column;
    });
    if (mixed.length > 0) throw new MixedTypes(mixed);
    return { rows: batch.rows, columns };
  }

  /** A column of cells opened; `null` if they are of several types. */
  #openColumn(
    column: ColumnData,
    index: number,
    target: DecryptTarget & { mode: 'text' | 'native' },
  ): ColumnData | null {
    const opened = openCells(this.#kernel, this.#root, column);
    const kinds = this.#kinds[index];
    if (kinds === undefined) throw new Error('a column outside the table');
    for (let row = 0; row < opened.kinds.length; row++) {
      if (opened.kinds[row] === CELL_SEALED) {
        kinds.sealed = true;
        this.#openedCells++;
      } else if (opened.kinds[row] === CELL_FINGERPRINT) {
        kinds.fingerprint = true;
        if (this.#options.failOnFingerprintColumns === true) {
          throw new SealroomError('RULE_FINGERPRINT', 'a fingerprint was found, which the current settings forbid', {
            where: { row },
            hint: 'fingerprints cannot be opened; leave out `--fail-on-fingerprint-columns` to pass them on',
          });
        }
      }
    }
    if (target.mode === 'native') return toNative(target.type, opened);
    // The bytes of a binary column may be no text, and Parquet's text columns are not always checked by the engine.
    return toText(opened, target.type.kind === 'string' && this.#reader.format !== 'csv');
  }

  #makeText(index: number, targets: DecryptTarget[]): void {
    const name = this.#reader.fields[index]?.name ?? '';
    if (this.#options.output === STANDARD_STREAM) {
      throw new SealroomError('DATA_TYPE', 'the cells of a column are of several types', {
        where: { file: this.#reader.name, column: name },
        hint: 'write to a file, where such a column becomes text, or write CSV',
      });
    }
    targets[index] = { mode: 'text', type: { kind: 'string' } };
    this.warnings.push(`column \`${name}\` holds cells of several types and was written as text`);
  }

  #countColumns(): DecryptSummary['columns'] {
    const sealed = this.#kinds.filter((kinds) => kinds.sealed).length;
    const fingerprint = this.#kinds.filter((kinds) => kinds.fingerprint && !kinds.sealed).length;
    return { sealed, fingerprint, cleartext: this.#kinds.length - sealed - fingerprint };
  }
}

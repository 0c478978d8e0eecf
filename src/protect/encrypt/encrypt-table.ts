import { tmpdir } from 'node:os';
import { defaultKernel, type KernelName, parseCollaborationId } from '../../crypto/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { loadNormalisers } from '../../normalise/index.ts';
import { SpillFile } from '../../files/index.ts';
import {
  checkTransfer,
  createOutput,
  csvHeaderBytes,
  holdInput,
  type TableFormat,
  type TableReader,
  transferTable,
  writeEncodedRows,
} from '../../tabular/index.ts';
import type { TableSigner } from '../../signed-tables/index.ts';
import { createWorkerPool, type WorkerPool, type SentJob, threadsFor } from '../../workers/index.ts';
import { DuplicateCheck } from './duplicates.ts';
import { fingerprintColumnsOf, withPlaces } from './core/duplicates.ts';
import { ingestBatch, RowIngest } from './core/row-ingest.ts';
import { type EncryptPlan, type Pads, planEncryption } from './core/plan.ts';
import {
  checkOptions,
  type CheckedOptions,
  type EncryptOptions,
  type EncryptProgress,
  type EncryptSummary,
} from './encrypt-options.ts';
import { describeSlowPath } from '../slow-path.ts';
import { encryptLines } from './lines/encrypt-lines.ts';
import { type Outcome, outputProvenance, signerOf, summarise } from './outcome.ts';
import { jobsOf, type SpareBuffers } from './jobs.ts';
import { createWorkerSetup } from './worker-setup.ts';
import { RowShuffle } from './core/shuffle.ts';
import { ReportCollector } from './core/report.ts';
import { requireFitForAws } from './core/target-aws.ts';
import { matchSources, requireFormatOf } from './core/sources.ts';
import type { ProtectedRows, EncryptJob } from './worker.ts';

/** Expected size of a value in bytes; only decides the number of parts in the shuffle. */
const EXPECTED_VALUE_BYTES = 24;
/** Approximate number of protected bytes that a job produces. */
const JOB_BYTES = 8 << 20;
/** Most rows in a job. */
const JOB_ROWS = 8192;
/** Rows that are expected in a part of the shuffle: few enough that it is a job, if cells are not long. */
const EXPECTED_PART_ROWS = 4096;
/** Approximate size of a protected cell without a pad, in bytes. */
const EXPECTED_CELL_BYTES = 160;

/**
 * Encrypts a table: reads it once, refuses what cannot be protected, shuffles the rows, protects each cell once, and renames
 * the output into place when it is complete. Memory is bounded, whatever the size of the table.
 *
 * The number of rows, the headers, cleartext columns, preserved nulls, equal values of a fingerprint column and the lengths
 * of unpadded values remain visible in the output.
 *
 * @throws {SealroomError} USAGE_OPTION for a bad collaboration id or number of threads; RULE_CLEARTEXT, RULE_DUPLICATES
 *   where the settings forbid it; SCHEMA_UNSUPPORTED for a runtime that cannot normalise; DATA_* for the table, IO_* for files, IO_ABORTED if the signal fires. No output is left
 *   behind.
 *
 * @example
 * ```ts
 * import { encryptTable, LOW_ASSURANCE, parseSharedSecret, parseTableSchema, readTextFile } from 'sealroom';
 *
 * using secret = parseSharedSecret('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=');
 * const { rows, columns } = await encryptTable({
 *   input: 'samples/room/paper/readers.csv',
 *   output: 'readers.protected.parquet',
 *   schema: parseTableSchema(await readTextFile('samples/room/paper/readers.schema.json')),
 *   secret,
 *   collaborationId: '00000000-1111-2222-3333-444444444444',
 *   settings: LOW_ASSURANCE,
 * });
 * console.log(rows, columns.sealed); // 60 1
 * ```
 */
export async function encryptTable(options: EncryptOptions): Promise<EncryptSummary> {
  const started = performance.now();
  const collaborationId = parseCollaborationId(options.collaborationId);
  threadsFor(options.threads, null);
  const format = await checkTransfer(options);
  const checked = checkOptions({ ...options, collaborationId });
  const held = await holdInput(checked);
  try {
    const attempt = await encryptLines(checked, format, started, held);
    if (attempt.kind === 'done') return attempt.summary;
    const { headerRow, sourceCount } = options.schema;
    const traits = {
      headerRow,
      csvColumns: sourceCount ?? undefined,
      binaryAsString: options.parquetBinaryAsString,
      held,
    };
    return await transferTable(checked, traits, async (reader, outputFormat) => ({
      ...(await encryptRows(checked, reader, outputFormat, started)),
      ...describeSlowPath(reader, attempt.reason),
    }));
  } finally {
    await held?.close();
  }
}

/**
 * Encrypts a table that is already open; otherwise as {@link encryptTable}.
 *
 * @param started when the operation began, from `performance.now`
 * @throws {SealroomError} USAGE_OPTION, RULE_CLEARTEXT, RULE_DUPLICATES, DATA_*, IO_* as {@link encryptTable}.
 */
export async function encryptRows(
  options: CheckedOptions,
  reader: TableReader,
  outputFormat: TableFormat,
  started: number,
): Promise<EncryptSummary> {
  requireFormatOf(options.schema, reader);
  const sources = matchSources(options.schema, reader);
  const normalisers = await loadNormalisers(options.schema.columns);
  using plan = planEncryption({ ...options, table: reader, sources, asText: outputFormat === 'csv', normalisers });
  if (options.target === 'aws') requireFitForAws(plan.fields, outputFormat);
  const kernel = options.kernel ?? defaultKernel();
  const outcome = await new Encryption(options, plan, reader, outputFormat, kernel).run();
  return summarise(options, outcome, reader, { kernel, started });
}

/** The two halves of an encryption: read and shuffle all rows, then protect and write them in their new order. */
class Encryption {
  readonly #options: CheckedOptions;
  readonly #plan: EncryptPlan;
  readonly #reader: TableReader;
  readonly #outputFormat: TableFormat;
  readonly #kernel: KernelName;
  readonly #tempDirectory: string;

  constructor(
    options: CheckedOptions,
    plan: EncryptPlan,
    reader: TableReader,
    outputFormat: TableFormat,
    kernel: KernelName,
  ) {
    this.#options = options;
    this.#plan = plan;
    this.#reader = reader;
    this.#outputFormat = outputFormat;
    this.#kernel = kernel;
    this.#tempDirectory = options.tempDirectory ?? tmpdir();
  }

  async run(): Promise<Outcome> {
    const { settings } = this.#options;
    const isChecked = !settings.allowDuplicates && fingerprintColumnsOf(this.#plan).length > 0;
    const check = isChecked
      ? await DuplicateCheck.start(this.#plan, settings.preserveNulls, this.#tempDirectory)
      : null;
    const shuffle = new RowShuffle({
      expectedBytes: this.#expectedBytes(),
      leastParts: (this.#reader.rows ?? 0) / EXPECTED_PART_ROWS,
      openSpill: () => SpillFile.open(this.#tempDirectory),
    });
    const threads = threadsFor(this.#options.threads, this.#reader.rows);
    const signer = signerOf(this.#options, this.#plan, this.#outputFormat);
    const setup = createWorkerSetup({
      plan: this.#plan,
      kernel: this.#kernel,
      outputFormat: this.#outputFormat,
      csvOutputNull: this.#options.csvOutputNull,
      hasPlaces: isChecked,
      signed: signer?.columns ?? null,
    });
    const { report: scope, schema } = this.#options;
    const report = scope === undefined ? null : new ReportCollector(this.#plan, schema, scope);
    let pool: WorkerPool<EncryptJob, ProtectedRows> | null = null;
    try {
      // The threads start while the table is read.
      pool = await createWorkerPool<EncryptJob, ProtectedRows>(new URL('./worker.js', import.meta.url), setup, threads);
      const ingest = new RowIngest(this.#plan);
      await this.#read(ingest, shuffle, { check, report });
      const pads = ingest.pads();
      const jobs = (spare: SpareBuffers): AsyncIterable<SentJob<EncryptJob>> =>
        jobsOf(shuffle, this.#rowsPerJob(pads), pads, spare);
      const { csvBytes, ...written } = await this.#protect(pool, jobs, check, signer);
      return {
        nulls: ingest.nulls,
        normalised: ingest.normalised(),
        threads: pool.busyThreads,
        ...written,
        report: report?.finish(pads, csvBytes) ?? null,
      };
    } catch (error) {
      throw error instanceof SealroomError && error.where.file === undefined
        ? error.at({ file: this.#reader.name })
        : error;
    } finally {
      await pool?.close();
      setup.keys.fill(0);
      await shuffle.close();
      await check?.close();
    }
  }

  async #read(
    ingest: RowIngest,
    shuffle: RowShuffle,
    { check, report }: { readonly check: DuplicateCheck | null; readonly report: ReportCollector | null },
  ): Promise<void> {
    const { signal } = this.#options;
    for await (const batch of this.#reader.batches({ columns: this.#plan.sources, signal })) {
      const stored = ingestBatch(ingest, batch, this.#reader.name, shuffle.rows);
      check?.checkNulls(stored, shuffle.rows);
      report?.add(batch, stored);
      await shuffle.add(check === null ? stored : withPlaces(stored, shuffle.rows));
      this.#report('read', shuffle.rows);
    }
  }

  async #protect(
    pool: WorkerPool<EncryptJob, ProtectedRows>,
    jobs: (spare: SpareBuffers) => AsyncIterable<SentJob<EncryptJob>>,
    check: DuplicateCheck | null,
    signer: TableSigner | null,
  ): Promise<Pick<Outcome, 'rows' | 'outputBytes'> & { readonly csvBytes: number | null }> {
    const { dryRun, signal } = this.#options;
    let rows = 0;
    let lineBytes = 0;
    const parts = {
      reader: this.#reader,
      fields: this.#plan.fields,
      format: this.#outputFormat,
      rows: () => rows,
      provenance: outputProvenance(this.#options),
      sign: signer === null ? null : () => signer.sign(),
    };
    const writer = dryRun === true ? null : await createOutput(this.#options, parts);
    const spare: SpareBuffers = { output: [], rows: [] };
    try {
      for await (const done of pool.runInOrder(jobs(spare))) {
        signal?.throwIfAborted();
        const { rows: count, encoded, fingerprints, hashes } = done;
        spare.rows.push(done.spare);
        for (const batch of fingerprints) await check?.add(batch);
        for (const part of hashes) signer?.add(part);
        lineBytes += encoded.lines.reduce((sum, part) => sum + part.length, 0);
        await writeEncodedRows(writer, encoded, spare.output);
        rows += count;
        this.#report('encrypt', rows);
      }
      await check?.finish();
      signal?.throwIfAborted();
      const csvBytes = this.#outputFormat === 'csv' ? csvHeaderBytes(this.#plan.fields) + lineBytes : null;
      return { rows, csvBytes, outputBytes: (await writer?.close()) ?? 0 };
    } catch (error) {
      await writer?.abort();
      throw error;
    }
  }

  #report(phase: EncryptProgress['phase'], rows: number): void {
    this.#options.onProgress?.({ phase, rows, totalRows: this.#reader.rows });
  }

  #expectedBytes(): number {
    const rowBytes = this.#plan.encoded.length * EXPECTED_VALUE_BYTES;
    const { rows, bytes, format } = this.#reader;
    if (rows === null) return bytes * 2;
    return Math.max(rows * rowBytes, format === 'csv' ? bytes : 0);
  }

  #rowsPerJob(pads: Pads): number {
    const rowBytes = pads.reduce<number>((sum, pad) => sum + Math.max(EXPECTED_CELL_BYTES, (pad ?? 0) * 1.4), 0);
    return Math.min(JOB_ROWS, Math.max(1, Math.floor(JOB_BYTES / rowBytes)));
  }
}

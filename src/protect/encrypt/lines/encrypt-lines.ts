import { tmpdir } from 'node:os';
import { defaultKernel } from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import type { ByteSource } from '../../../files/index.ts';
import { loadNormalisers } from '../../../normalise/index.ts';
import {
  createOutput,
  csvHeaderBytes,
  type CsvStart,
  nameOf,
  openCsvStart,
  stoppedBy,
  type TableFormat,
  type TableWriter,
  toTableOutput,
} from '../../../tabular/index.ts';
import type { TableSigner } from '../../../signed-tables/index.ts';
import { threadsFor } from '../../../workers/index.ts';
import { canRunTables, isTableKernel } from '../../machine/machine.ts';
import { leaveTable, type LeftTable } from '../../slow-path.ts';
import { fingerprintColumnsOf } from '../core/duplicates.ts';
import { type EncryptPlan, planEncryption } from '../core/plan.ts';
import { ReportCollector } from '../core/report.ts';
import { matchSources } from '../core/sources.ts';
import { requireFitForAws } from '../core/target-aws.ts';
import { DuplicateCheck } from '../duplicates.ts';
import type { CheckedOptions, EncryptProgress, EncryptSummary } from '../encrypt-options.ts';
import { outputProvenance, signerOf, type Outcome, summarise } from '../outcome.ts';
import { createWorkerSetup } from '../worker-setup.ts';
import type { DealtRange, Declined } from './deal-setup.ts';
import { LineTeam } from './line-team.ts';
import type { ProtectedPart, ProtectSetup } from './part-protector.ts';
import { type DealtTable, TableDeal } from './table-deal.ts';
import { PartTurns } from './part-turns.ts';

/** A smaller file, in bytes, is done before a second thread has started. */
const SMALL_BYTES = 2 << 20;
/** The fast path was not tried, and nothing need be said of it. */
const NOT_TRIED: Declined = { reason: null };

/** The outcome of {@link encryptLines}. */
export type LineEncryption = { readonly kind: 'done'; readonly summary: EncryptSummary } | LeftTable;

/**
 * Encrypts a CSV file into CSV in few steps: its lines are split, dealt, shuffled, protected and written in one memory. That is an attempt:
 * a file with anything that these steps do not treat exactly as the ordinary way would is left to it, before any output is begun.
 *
 * @param started when the operation began, from `performance.now`
 * @param held the input if it can be read only once
 * @throws {SealroomError} IO_EXISTS, IO_WRITE for the output; RULE_DUPLICATES; IO_ABORTED.
 */
export async function encryptLines(
  options: CheckedOptions,
  outputFormat: TableFormat,
  started: number,
  held: ByteSource | undefined,
): Promise<LineEncryption> {
  const { input, schema, signal } = options;
  const kernel = options.kernel ?? defaultKernel();
  if (!isTableKernel(kernel) || outputFormat !== 'csv' || !canRunTables()) return leaveTable(null);
  // A report of all values is for dry runs, whose time matters less.
  if (options.report === 'whole') return leaveTable(null);
  try {
    const start = await openCsvStart(input, {
      headerRow: schema.headerRow,
      csvColumns: schema.sourceCount ?? undefined,
      csvInputNull: options.csvInputNull,
      csvDelimiter: options.csvDelimiter,
      csvEncoding: options.csvEncoding,
      tempDirectory: options.tempDirectory,
      held,
      signal,
    }).catch(leaveToOrdinary(signal));
    if (start === null) return leaveTable(null);
    if (!('source' in start)) return leaveTable(start.reason);
    try {
      const outcome = await encryptStart(options, start);
      if ('reason' in outcome) return leaveTable(outcome.reason);
      const source = { bytes: start.source.bytes, notes: start.notes, warnings: [] };
      return { kind: 'done', summary: summarise(options, outcome, source, { kernel, started }) };
    } finally {
      await start.source.close();
    }
  } catch (error) {
    throw stoppedBy(signal, error);
  }
}

/** What fails before there is an output fails again on the ordinary way, whose errors say where and why. */
function leaveToOrdinary(signal: AbortSignal | undefined): (error: unknown) => Declined {
  return (error) => {
    if (!(error instanceof SealroomError) || signal?.aborted === true) throw error;
    return NOT_TRIED;
  };
}

async function encryptStart(options: CheckedOptions, start: CsvStart): Promise<Outcome | Declined> {
  const { schema, target, signal } = options;
  const leave = leaveToOrdinary(signal);
  const table = { name: start.source.name, fields: start.fields };
  const normalisers = await loadNormalisers(schema.columns).catch(leave);
  if ('reason' in normalisers) return normalisers;
  let plan: EncryptPlan | null = null;
  let signer: TableSigner | null;
  try {
    const sources = matchSources(schema, table);
    plan = planEncryption({ ...options, table, sources, asText: true, normalisers });
    if (target === 'aws') requireFitForAws(plan.fields, 'csv');
    signer = signerOf(options, plan, 'csv');
  } catch (error) {
    plan?.[Symbol.dispose]();
    return leave(error);
  }
  using planned = plan;
  const encryption = new EncryptionInParts(options, start, planned, signer);
  return await encryption.run();
}

/** The two passes of an encryption: deal the rows of a file to parts, then shuffle, protect and write the parts. */
class EncryptionInParts {
  readonly #options: CheckedOptions;
  readonly #start: CsvStart;
  readonly #plan: EncryptPlan;
  readonly #signer: TableSigner | null;
  readonly #isChecked: boolean;
  readonly #tempDirectory: string;
  /** Rows of each range. */
  readonly #rangeRows: number[] = [];

  constructor(options: CheckedOptions, start: CsvStart, plan: EncryptPlan, signer: TableSigner | null) {
    this.#options = options;
    this.#start = start;
    this.#plan = plan;
    this.#signer = signer;
    this.#isChecked = !options.settings.allowDuplicates && fingerprintColumnsOf(plan).length > 0;
    this.#tempDirectory = options.tempDirectory ?? tmpdir();
  }

  async run(): Promise<Outcome | Declined> {
    const { schema, settings, report: scope, signal } = this.#options;
    const report = scope === undefined ? null : new ReportCollector(this.#plan, schema, scope);
    const leave = leaveToOrdinary(signal);
    const deal = await TableDeal.open({
      start: this.#start,
      plan: this.#plan,
      schema,
      hasPositions: this.#isChecked,
      refusesSecondNull: this.#isChecked && !settings.preserveNulls,
      report,
      tempDirectory: this.#tempDirectory,
    }).catch(leave);
    if ('reason' in deal) return deal;
    const wanted = threadsFor(this.#options.threads, this.#start.source.bytes < SMALL_BYTES ? 0 : null);
    const threads = Math.min(wanted, deal.mostThreads);
    const protect = createWorkerSetup({
      plan: this.#plan,
      kernel: this.#options.kernel ?? defaultKernel(),
      outputFormat: 'csv',
      csvOutputNull: this.#options.csvOutputNull,
      hasPlaces: this.#isChecked,
      signed: this.#signer?.columns ?? null,
    });
    let team: LineTeam | null = null;
    try {
      team = await LineTeam.start({ deal: deal.setup, protect }, threads);
      const table = await this.#deal(deal, team).catch(leave);
      if ('reason' in table) return table;
      const { csvBytes, ...written } = await this.#protect(table, deal, team);
      const { nulls, normalised, pads } = table;
      return { nulls, normalised, threads, ...written, report: report?.finish(pads, csvBytes) ?? null };
    } catch (error) {
      throw error instanceof SealroomError && error.where.file === undefined
        ? error.at({ file: this.#start.source.name })
        : error;
    } finally {
      try {
        await team?.close();
      } finally {
        protect.keys.fill(0);
        await deal.close();
      }
    }
  }

  /** Deals all rows to parts. */
  async #deal(deal: TableDeal, team: LineTeam): Promise<DealtTable | Declined> {
    const { signal } = this.#options;
    const declined: Declined[] = [];
    const note = (rows: number): void => {
      signal?.throwIfAborted();
      this.#report('read', rows, null);
    };
    const take = (range: DealtRange | Declined): void => {
      if (!('reason' in range)) this.#rangeRows[range.number] = range.rows;
      const left = deal.take(range);
      if (left !== null) declined.push(left);
      note(deal.rows);
    };
    if (deal.setup.file === null) take(await team.dealChunks(deal, note, signal));
    else await team.deal(deal, take);
    signal?.throwIfAborted();
    return declined[0] ?? deal.finish();
  }

  /** Protects all parts, and writes them. */
  async #protect(
    table: DealtTable,
    deal: TableDeal,
    team: LineTeam,
  ): Promise<Pick<Outcome, 'rows' | 'outputBytes'> & { readonly csvBytes: number }> {
    const { dryRun, settings, signal } = this.#options;
    let rows = 0;
    let lineBytes = 0;
    const check = this.#isChecked
      ? await DuplicateCheck.start(this.#plan, settings.preserveNulls, this.#tempDirectory)
      : null;
    let writer: TableWriter | null = null;
    try {
      const signer = this.#signer;
      if (dryRun !== true) {
        writer = await createOutput(this.#options, {
          reader: this.#start.source,
          fields: this.#plan.fields,
          format: 'csv',
          rows: () => rows,
          provenance: outputProvenance(this.#options),
          sign: signer === null ? null : () => signer.sign(),
        });
      }
      const take = async (part: ProtectedPart): Promise<void> => {
        for (const batch of part.fingerprints) await check?.add(batch);
        for (const hashes of part.hashes) signer?.add(hashes);
        await writer?.lineFile?.noteWritten(part.lineBytes);
        rows += part.rows;
        lineBytes += part.lineBytes;
        this.#report('encrypt', rows, table.rows);
      };
      await this.#protectParts(table, deal, team, writer, take);
      await check?.finish((position) => this.#rowAt(position));
      signal?.throwIfAborted();
      const csvBytes = csvHeaderBytes(this.#plan.fields) + lineBytes;
      return { rows, csvBytes, outputBytes: (await writer?.close()) ?? 0 };
    } catch (error) {
      // No thread may write to a file that is given up.
      await team.close();
      await writer?.abort();
      throw error;
    } finally {
      await check?.close();
    }
  }

  async #protectParts(
    { parts, pads }: DealtTable,
    deal: TableDeal,
    team: LineTeam,
    writer: TableWriter | null,
    take: (part: ProtectedPart) => Promise<void>,
  ): Promise<void> {
    const { signal } = this.#options;
    const lineFile = writer?.lineFile;
    const turns = PartTurns.from(lineFile?.start ?? 0);
    const setup: ProtectSetup = {
      store: deal.setup.store,
      parts,
      pads,
      turns: turns.memory,
      file:
        lineFile === undefined
          ? null
          : { descriptor: lineFile.descriptor, name: nameOf(toTableOutput(this.#options.output)) },
    };
    if (writer === null || lineFile !== undefined) await team.protect(setup, turns, take, signal);
    else await team.protectHere(setup, (lines) => writer.writeLines(lines), take, signal);
  }

  /** The row of the table, from 1 on, that a position stands for: the number of a range, and of a row in it. */
  #rowAt(position: number): number {
    const range = Math.floor(position / 2 ** 32);
    const before = this.#rangeRows.slice(0, range).reduce((sum, rows) => sum + rows, 0);
    return before + (position - range * 2 ** 32);
  }

  #report(phase: EncryptProgress['phase'], rows: number, totalRows: number | null): void {
    this.#options.onProgress?.({ phase, rows, totalRows });
  }
}

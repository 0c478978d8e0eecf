import { countNulls, isValid } from '../../../bytes/index.ts';
import type { Batch, ColumnData } from '../../../columns/index.ts';
import { bytesAt } from '../../../columns/index.ts';
import {
  FINGERPRINT_CELL_BYTES,
  PAD_COUNT_BYTES,
  SEALED_PREFIX_BYTES,
  sealedCellBytes,
} from '../../../crypto/index.ts';
import { isNormalised } from '../../../normalise/index.ts';
import type { TableSchema } from '../../../schema/index.ts';
import {
  distinctLimit,
  reportColumn,
  StatisticsCollector,
  type MatchKeyReport,
  type TargetReport,
} from '../../../suggest/index.ts';
import type { EncodedIndex, ReadIndex } from './column-index.ts';
import type { StoredFigures } from './stored-figures.ts';
import type { EncryptPlan, Pads, PlannedColumn } from './plan.ts';

/** Which rows the figures of a report are of: `whole` all of them, `sample` the first 4,096 and then one of 256. Sizes are of all. */
export type ReportScope = 'whole' | 'sample';

/** Rows at the beginning of a table that are all in a sample. */
export const SAMPLE_HEAD = 4096;
/** After these, one row of so many is. */
const SAMPLE_STRIDE = 256;

function isText(type: { readonly kind: string }): boolean {
  return type.kind === 'string';
}

function lengthAt(column: ColumnData, row: number): number {
  if (column.layout === 'fixed') return column.width;
  return (column.offsets[row + 1] ?? 0) - (column.offsets[row] ?? 0);
}

/** Bytes of all values of a column without nulls. */
function bytesOf(column: ColumnData): number {
  if (column.layout === 'fixed') return column.width * column.rows;
  return (column.offsets[column.rows] ?? 0) - (column.offsets[0] ?? 0);
}

/** Measures the cells of a target column from its stored values, before they are protected. */
class CellMeter {
  readonly #column: PlannedColumn;
  #rows = 0;
  #values = 0;
  #bytes = 0;

  constructor(column: PlannedColumn) {
    this.#column = column;
  }

  add(values: ColumnData): void {
    const isUnpadded = this.#column.kind === 'sealed' && this.#column.pad.kind === 'none';
    this.#rows += values.rows;
    this.#values += values.rows - countNulls(values.validity, values.rows);
    if (this.#column.kind !== 'cleartext' && !isUnpadded) return;
    if (!isUnpadded && values.validity === null) {
      this.#bytes += bytesOf(values);
      return;
    }
    for (let row = 0; row < values.rows; row++) {
      if (!isValid(values.validity, row)) continue;
      const length = lengthAt(values, row);
      this.#bytes += isUnpadded ? this.#sealedBytes(length) : length;
    }
  }

  /** Takes what was found in the stored values of some rows instead of the values. */
  addFigures(rows: number, { nulls, bytes, sealedGroups }: StoredFigures): void {
    const values = rows - nulls;
    this.#rows += rows;
    this.#values += values;
    this.#bytes += this.#column.kind === 'cleartext' ? bytes : values * SEALED_PREFIX_BYTES + sealedGroups * 4;
  }

  /** Bytes of all cells. Nulls that are not kept are cells too. */
  total(pad: number | null): number {
    const column = this.#column;
    switch (column.kind) {
      case 'cleartext':
        return this.#bytes;
      case 'fingerprint':
        return FINGERPRINT_CELL_BYTES * (column.task.nulls === 'keep' ? this.#values : this.#rows);
      case 'sealed': {
        const nulls = column.task.nullEncoding === null ? 0 : this.#rows - this.#values;
        if (pad !== null) return sealedCellBytes(pad + PAD_COUNT_BYTES) * (this.#values + nulls);
        return this.#bytes + nulls * this.#sealedBytes(0);
      }
    }
  }

  #sealedBytes(valueBytes: number): number {
    const prefix = this.#column.kind === 'sealed' ? this.#column.task.prefix.length : 0;
    return sealedCellBytes(prefix + valueBytes + PAD_COUNT_BYTES);
  }
}

/** Takes the match-key report of a table while its rows are read. It keeps no value. */
export class ReportCollector {
  readonly #plan: EncryptPlan;
  readonly #schema: TableSchema;
  readonly #scope: ReportScope;
  readonly #before: ReadonlyMap<ReadIndex, StatisticsCollector>;
  readonly #after: ReadonlyMap<EncodedIndex, StatisticsCollector>;
  readonly #meters: readonly CellMeter[];
  #seen = 0;
  #rows = 0;

  constructor(plan: EncryptPlan, schema: TableSchema, scope: ReportScope) {
    this.#plan = plan;
    this.#schema = schema;
    this.#scope = scope;
    const limit = distinctLimit(plan.sources.length);
    const normalised = plan.columns.flatMap(({ kind, stored }, index) => {
      const column = schema.columns[index];
      return kind === 'fingerprint' && column !== undefined && isNormalised(column) ? [stored] : [];
    });
    this.#before = new Map(
      plan.sourceFields.map(({ type }, index) => [index, new StatisticsCollector(isText(type), limit)]),
    );
    this.#after = new Map([...new Set(normalised)].map((stored) => [stored, new StatisticsCollector(true, limit)]));
    this.#meters = plan.columns.map((column) => new CellMeter(column));
  }

  /** A batch as it was read, and its stored columns. */
  add(batch: Batch, stored: Batch): void {
    const rows = this.#sampled(batch.rows);
    for (const [index, collector] of this.#before) collect(collector, batch.columns[index], rows);
    for (const [index, collector] of this.#after) collect(collector, stored.columns[index], rows);
    this.#meters.forEach((meter, index) => {
      const values = stored.columns[this.#plan.columns[index]?.stored ?? -1];
      if (values !== undefined) meter.add(values);
    });
    this.#seen += batch.rows;
    this.#rows += rows.length;
  }

  /**
   * Takes rows of which only a sample was kept.
   *
   * @param figures of all these rows, for each stored column
   * @param sample the columns as they were read, and behind them the stored ones
   */
  addSampled(rows: number, figures: readonly StoredFigures[], sample: Batch): void {
    const stored = sample.columns.slice(this.#before.size);
    const all = Array.from({ length: sample.rows }, (_, row) => row);
    for (const [index, collector] of this.#before) collect(collector, sample.columns[index], all);
    for (const [index, collector] of this.#after) collect(collector, stored[index], all);
    this.#meters.forEach((meter, index) => {
      const found = figures[this.#plan.columns[index]?.stored ?? -1];
      if (found !== undefined) meter.addFigures(rows, found);
    });
    this.#seen += rows;
    this.#rows += sample.rows;
  }

  /** The report, once all rows were added. `csvBytes` is the size of the whole output as CSV, if it is one. */
  finish(pads: Pads, csvBytes: number | null): MatchKeyReport {
    const isWhole = this.#rows === this.#seen;
    const targets = this.#plan.columns.map((column, index): TargetReport => ({
      header: column.target,
      kind: column.kind,
      cellBytes: this.#meters[index]?.total(pads[index] ?? null) ?? null,
    }));
    const cells = targets.reduce<number | null>(
      (sum, { cellBytes }) => (sum === null || cellBytes === null ? null : sum + cellBytes),
      0,
    );
    return Object.freeze({
      rows: this.#rows,
      isWhole,
      outputBytes: this.#scope === 'whole' ? (csvBytes ?? cells) : null,
      outputUnit: csvBytes === null ? 'cells' : 'csv',
      columns: this.#plan.sourceFields.map(({ name }, source) => this.#reportSource(name, source, targets)),
    });
  }

  #reportSource(name: string, source: ReadIndex, targets: readonly TargetReport[]): MatchKeyReport['columns'][number] {
    const planned = this.#plan.columns.flatMap((column, index) =>
      this.#plan.encoded[column.stored]?.source === source ? [{ column, index }] : [],
    );
    const key = planned.find(({ column }) => column.kind === 'fingerprint');
    const { normalise = [], nulls = [] } = this.#schema.columns[key?.index ?? -1] ?? {};
    const before = this.#before.get(source)?.finish();
    if (before === undefined) throw new Error('a source outside the plan');
    return reportColumn({
      column: name,
      targets: planned.flatMap(({ index }) => targets[index] ?? []),
      normalise,
      nulls,
      before,
      after: (key && this.#after.get(key.column.stored)?.finish()) ?? null,
    });
  }

  /** The rows of a batch to look at. */
  #sampled(count: number): readonly number[] {
    const rows: number[] = [];
    for (let row = 0; row < count; row++) {
      const at = this.#seen + row;
      if (this.#scope === 'whole' || at < SAMPLE_HEAD || at % SAMPLE_STRIDE === 0) rows.push(row);
    }
    return rows;
  }
}

function collect(collector: StatisticsCollector, column: ColumnData | undefined, rows: readonly number[]): void {
  if (column === undefined) return;
  for (const row of rows) collector.add(bytesAt(column, row));
}

import { FINGERPRINT_CELL_BYTES, MAX_PADDED_BYTES, PAD_COUNT_BYTES, sealedCellBytes } from '../../crypto/index.ts';
import type { ColumnSchema } from '../../schema/index.ts';
import {
  type ColumnAdvice,
  type ColumnProfile,
  reportColumn,
  type SchemaDraft,
  type MatchKeyReport,
  type TargetReport,
  type ValueStatistics,
} from '../../suggest/index.ts';

/** Bytes before a text that is sealed: its type. Other types have at most a few more. */
const PREFIX_BYTES = 1;

/** A UUID is protected as its text. */
const UUID_TEXT_BYTES = 36;

/** The length of a sealed cell; `null` for a value that is too long to be sealed. */
function sealedBytes(paddedBytes: number): number | null {
  return paddedBytes > MAX_PADDED_BYTES ? null : sealedCellBytes(paddedBytes + PAD_COUNT_BYTES);
}

/** The size of a target column's cells, from the profile of its source; every row has a cell. */
function cellBytes(column: ColumnSchema, profile: ColumnProfile): number | null {
  const { statistics } = profile;
  const { rows, nulls } = statistics;
  const isUuid = profile.column.content === 'uuid';
  const longestBytes = isUuid ? UUID_TEXT_BYTES : statistics.longestBytes;
  const valueBytes = isUuid ? UUID_TEXT_BYTES * (rows - nulls) : statistics.valueBytes;
  switch (column.kind) {
    case 'cleartext':
      return valueBytes;
    case 'fingerprint':
      return FINGERPRINT_CELL_BYTES * rows;
    case 'sealed': {
      const values = Math.max(rows - nulls, 1);
      const { pad } = column;
      const mean =
        pad.kind === 'none' ? PREFIX_BYTES + valueBytes / values : PREFIX_BYTES + longestBytes + pad.lengthBytes;
      const each = sealedBytes(Math.round(pad.kind === 'fixed' ? pad.lengthBytes : mean));
      return each === null ? null : each * rows;
    }
  }
}

/** The match-key report of a proposal, from the rows on which it is based, and from their keys once they are normalised. */
export function reportDraft(
  { schema, advice }: SchemaDraft,
  profiles: readonly ColumnProfile[],
  sample: { readonly isWhole: boolean; readonly keys: ReadonlyMap<number, ValueStatistics> },
): MatchKeyReport {
  const columns = profiles.map((profile, index) => {
    const after = sample.keys.get(profile.column.index) ?? null;
    return reportSource(profile, { advice: advice[index], after }, schema?.columns ?? []);
  });
  const sizes = columns.flatMap(({ targets }) => targets.map((target) => target.cellBytes));
  return {
    rows: profiles[0]?.statistics.rows ?? 0,
    isWhole: sample.isWhole,
    outputBytes: sizes.reduce<number | null>((sum, size) => (sum === null || size === null ? null : sum + size), 0),
    outputUnit: 'cells',
    columns,
  };
}

function reportSource(
  profile: ColumnProfile,
  { advice, after }: { readonly advice: ColumnAdvice | undefined; readonly after: ValueStatistics | null },
  columns: readonly ColumnSchema[],
): MatchKeyReport['columns'][number] {
  const { header } = profile.column;
  const targets = columns
    .filter((column) => column.sourceHeader === header)
    .map((column): TargetReport => ({
      header: column.targetHeader,
      kind: column.kind,
      cellBytes: cellBytes(column, profile),
    }));
  const { normalise = [], nulls = [] } = advice ?? {};
  return reportColumn({ column: header, targets, normalise, nulls, before: profile.statistics, after });
}

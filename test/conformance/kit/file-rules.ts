import { differenceOfCell, isSealedForC3r } from './cell-rules.ts';
import { countLoneNulls, hasBadUnusedHeader, hasRepeatedSourceHeaders, readHashLines } from './csv-rules.ts';
import { isRefusedCell } from './decrypt-rules.ts';
import type { DifferenceName } from './differences.ts';
import type { FileCase } from './file-case.ts';
import { countNulls, countRows, sourceIndexIn, sourceTypeOf } from './file-source.ts';
import type { FileSource } from './file-source.ts';
import { isEarlyMaximum } from './pad-rules.ts';
import type { JsonTable } from './parquet-table.ts';
import type { ColumnType } from 'sealroom/tabular';

/** What is expected of one direction of a case, where it is not what C3R did. */
export interface FileExpectation {
  readonly difference: DifferenceName | null;
  readonly isRefused: boolean;
}

function refused(difference: DifferenceName | null): FileExpectation {
  return { difference, isRefused: true };
}

function taken(difference: DifferenceName | null): FileExpectation {
  return { difference, isRefused: false };
}

/** The one kind of timestamp that the engine would cut. */
function isZonedNanoseconds(type: ColumnType): boolean {
  return type.kind === 'timestamp' && type.unit === 'ns' && type.utc;
}

/** Whether nulls alone decide the length of a padded column. */
function hasMaximumOfNulls(files: FileCase, source: FileSource): boolean {
  if (files.settings.preserveNulls) return false;
  return source.schema.columns.some(
    (column) =>
      column.kind === 'sealed' && column.pad.kind === 'max' && countNulls(source, column) === countRows(source),
  );
}

function expectAccepted(files: FileCase, source: FileSource): FileExpectation {
  if (source.format === 'csv') {
    if (hasRepeatedSourceHeaders(source.csv)) return refused('repeatedSourceHeaders');
    const hashes = readHashLines(source.csv);
    if (hashes.isRefused) return refused('hashLines');
    if (hashes.rows > 0) return taken('hashLines');
    if (countLoneNulls(source.csv) > 0) return taken('loneNulls');
  }
  if (source.schema.columns.some((column) => isZonedNanoseconds(sourceTypeOf(source, column)))) {
    return refused('zonedNanoseconds');
  }
  return taken(hasMaximumOfNulls(files, source) ? 'trueMaximum' : null);
}

/** Whether a cleartext column is of fixed-length bytes, which C3R cannot copy unless they are a UUID. */
function copiesFixedBytes(source: FileSource): boolean {
  if (source.format !== 'parquet') return false;
  const { schema, table } = source;
  return schema.columns.some(
    (column) => column.kind === 'cleartext' && table.physical[sourceIndexIn(table, column)] === 'FIXED_LEN_BYTE_ARRAY',
  );
}

/** Whether encryption of a case is refused, and by which difference from C3R. */
export function expectEncryption(files: FileCase, source: FileSource): FileExpectation {
  if (files.encrypt.exit === 0) return expectAccepted(files, source);
  const { error } = files.encrypt;
  const padOf = (target: string): string | null => {
    const column = source.schema.columns.find(({ targetHeader }) => targetHeader === target);
    return column?.kind === 'sealed' ? column.pad.kind : null;
  };
  if (isEarlyMaximum(error, padOf)) return taken('trueMaximum');
  if (source.format === 'csv' && error.includes('Column header name') && hasBadUnusedHeader(source.csv)) {
    return taken('unusedHeaders');
  }
  return copiesFixedBytes(source) ? taken('unreadColumns') : refused(null);
}

/**
 * Whether decryption of a case is refused, and by which difference from C3R: if C3R failed, each cell is judged on its own.
 *
 * @param texts the texts in the encrypted file
 * @param table the encrypted file, if it is Parquet
 */
export function expectDecryption(
  files: FileCase,
  source: FileSource,
  texts: readonly string[],
  table: JsonTable | null,
): FileExpectation {
  if (table?.types.some(isZonedNanoseconds) === true) return refused('zonedNanoseconds');
  if (files.decrypt.exit === 0) {
    const isTyped = source.schema.columns.some(
      (column) => column.kind === 'sealed' && sourceTypeOf(source, column).kind !== 'string',
    );
    return taken(isTyped ? 'nativeTypes' : null);
  }
  const secrets = { secret: files.secret, salt: files.id };
  const isForbidden = files.decrypt.options.failOnFingerprints && texts.some((text) => text.slice(3, 8) === 'hmac:');
  const isAboutCells = files.decrypt.error.includes('Failed while unmarshalling');
  if (isForbidden || !isAboutCells || texts.some((text) => isRefusedCell(text, secrets))) return refused(null);
  const differences = texts.filter(isSealedForC3r).map((text) => differenceOfCell(text, secrets)?.name);
  if (differences.includes('legacyCells')) return taken('legacyCells');
  if (differences.includes('lookalikes')) return taken('lookalikes');
  return taken(files.decrypt.error.includes('BigDecimal') ? 'nativeTypes' : 'unreadColumns');
}

import type { TableSchema } from 'sealroom';
import { differenceOfCell, isSealedForC3r } from './cell-rules.ts';
import { hasBadUnusedHeader, hasRepeatedSourceHeaders, readHashLines } from './csv-rules.ts';
import type { CsvInput } from './csv-rules.ts';
import { isRefusedCell } from './decrypt-rules.ts';
import type { DifferenceName } from './differences.ts';
import type { FileCase } from './file-case.ts';
import { isEarlyMaximum } from './pad-rules.ts';
import type { JsonTable } from './parquet-table.ts';

/** What is expected of one direction of a case, where it is not what C3R did. */
export interface FileExpectation {
  readonly difference: DifferenceName | null;
  readonly isRefused: boolean;
}

/** The pad of a target column, or `null` if it has none. */
function padOf(schema: TableSchema, target: string): string | null {
  const column = schema.columns.find(({ targetHeader }) => targetHeader === target);
  return column?.kind === 'sealed' ? column.pad.kind : null;
}

/** Whether a cleartext column is of fixed-length bytes, which C3R cannot copy unless they are a UUID. */
function copiesFixedBytes(schema: TableSchema, table: JsonTable): boolean {
  return schema.columns.some((column) => {
    const index = table.headers.findIndex((header) => header.trim().toLowerCase() === column.sourceHeader);
    return column.kind === 'cleartext' && table.physical[index] === 'FIXED_LEN_BYTE_ARRAY';
  });
}

/** Whether encryption of a case is refused, and by which difference from C3R. */
export function expectEncryption(
  files: FileCase,
  schema: TableSchema,
  input: CsvInput | null,
  table: JsonTable | null,
): FileExpectation {
  if (files.encrypt.exit === 0) {
    if (input !== null && hasRepeatedSourceHeaders(input)) return { difference: 'repeatedSourceHeaders', isRefused: true };
    const isRefused = input !== null && readHashLines(input).isRefused;
    return { difference: isRefused ? 'hashLines' : null, isRefused };
  }
  const { error } = files.encrypt;
  if (isEarlyMaximum(error, (target) => padOf(schema, target))) return { difference: 'trueMaximum', isRefused: false };
  if (input !== null && /Column header name/.test(error) && hasBadUnusedHeader(input)) {
    return { difference: 'unusedHeaders', isRefused: false };
  }
  const isCopied = table !== null && copiesFixedBytes(schema, table);
  return isCopied ? { difference: 'unreadColumns', isRefused: false } : { difference: null, isRefused: true };
}

/**
 * Whether decryption of a case is refused, and by which difference from C3R: if C3R failed, each cell is judged on its own.
 *
 * @param texts the texts in the encrypted file
 */
export function expectDecryption(files: FileCase, texts: readonly string[]): FileExpectation {
  if (files.decrypt.exit === 0) return { difference: null, isRefused: false };
  const secrets = { secret: files.secret, salt: files.id };
  const isForbidden = files.decrypt.options.failOnFingerprints && texts.some((text) => text.slice(3, 8) === 'hmac:');
  const isAboutCells = /Failed while unmarshalling/.test(files.decrypt.error);
  if (isForbidden || !isAboutCells || texts.some((text) => isRefusedCell(text, secrets))) {
    return { difference: null, isRefused: true };
  }
  const differences = texts.filter(isSealedForC3r).map((text) => differenceOfCell(text, secrets)?.name);
  if (differences.includes('legacyCells')) return { difference: 'legacyCells', isRefused: false };
  if (differences.includes('lookalikes')) return { difference: 'lookalikes', isRefused: false };
  const isDecimal = /BigDecimal/.test(files.decrypt.error);
  return { difference: isDecimal ? 'nativeTypes' : 'unreadColumns', isRefused: false };
}

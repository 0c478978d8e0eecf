import { MAX_ROW_BYTES } from '../../columns/index.ts';
import { type ErrorPlace, SealroomError } from '../../errors/index.ts';
import { describeDelimiter } from './delimiters.ts';

/** The error for text that is not UTF-8. */
export function encodingError(where: ErrorPlace): SealroomError {
  return new SealroomError('DATA_ENCODING', 'text is not valid UTF-8', { where });
}

/** The error for a file without any record. */
export function emptyFile(file: string): SealroomError {
  return new SealroomError('DATA_HEADER', 'the file is empty', { where: { file } });
}

/**
 * The error for a record with the wrong number of fields.
 *
 * @param openQuoteLine the line of a quote that is still open, or `null`
 */
export function fieldCountError(
  where: ErrorPlace,
  fields: { readonly expected: number; readonly got: number },
  delimiter: number,
  openQuoteLine: number | null,
): SealroomError {
  const plural = fields.expected === 1 ? 'field' : 'fields';
  return new SealroomError(
    'DATA_FIELDS',
    `expected ${String(fields.expected)} ${plural} as in the first line, got ${String(fields.got)}`,
    {
      where,
      hint:
        openQuoteLine === null
          ? `quote fields that contain ${describeDelimiter(delimiter)} or line breaks`
          : `the quote opened on line ${String(openQuoteLine)} is never closed`,
    },
  );
}

/**
 * Refuses a record over the limit of a row while it is read.
 *
 * @param bytes of the record so far
 * @param field number of the field that is being read, from 1
 * @throws {SealroomError} DATA_LENGTH.
 */
export function requireShortRecord(where: ErrorPlace, bytes: number, field: number): void {
  if (bytes <= MAX_ROW_BYTES) return;
  throw new SealroomError(
    'DATA_LENGTH',
    `a record is at most ${String(MAX_ROW_BYTES)} bytes, and field ${String(field)} goes on`,
    {
      where,
      hint: 'a quote that is never closed takes in all that follows; other long values have to be left out',
    },
  );
}

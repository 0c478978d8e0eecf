import { type ErrorPlace, SealroomError } from '../../errors/index.ts';

/** The error for text that is not UTF-8. */
export function encodingError(where: ErrorPlace): SealroomError {
  return new SealroomError('DATA_ENCODING', 'text is not valid UTF-8', {
    where,
    hint: 'convert the file, for example with `iconv -f latin1 -t utf-8`',
  });
}

/**
 * The error for a record with the wrong number of fields.
 *
 * @param openQuoteLine the line of a quote that is still open, or `null`
 */
export function fieldCountError(
  where: ErrorPlace,
  fields: { readonly expected: number; readonly got: number },
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
          ? 'quote fields that contain commas or line breaks'
          : `the quote opened on line ${String(openQuoteLine)} is never closed`,
    },
  );
}

/** The error for a record over the limit of a row, which the field of this number passed, from 1. */
export function recordTooLong(where: ErrorPlace, field: number, maxBytes: number): SealroomError {
  return new SealroomError(
    'DATA_LENGTH',
    `a record is at most ${String(maxBytes)} bytes, and field ${String(field)} goes on`,
    {
      where,
      hint: 'a quote that is never closed takes in all that follows; other long values have to be left out',
    },
  );
}

import { concatBytes, decodeUtf8, encodeUtf8 } from '../../bytes/index.ts';
import { SealroomError } from '../../errors/index.ts';
import type { Batch, Field } from '../../columns/index.ts';
import { SPACE } from './bytes.ts';
import { createLineEncoder, type CsvLineEncoder } from './line-encoder.ts';
import { needsQuotes, quoteField } from './quoting.ts';

/** Number of rows that are written at a time. */
const PART_ROWS = 2048;

/** Options for writing a CSV file. */
export interface CsvWriteOptions {
  /** The output null text; see F-81. */
  readonly nullText?: string | undefined;
}

/** The bytes of the header line of a CSV file. */
export function csvHeaderBytes(fields: readonly Field[]): number {
  return new CsvSerialiser(fields, {}).header().length;
}

/**
 * Turns batches into the lines of a CSV file. The project has its own serialiser because no library takes columns of bytes,
 * quotes leading and trailing blanks (which the reference's reader would trim), and distinguishes nulls from empty text in
 * the reference's way.
 */
export class CsvSerialiser {
  readonly #fields: readonly Field[];
  readonly #writer: CsvLineEncoder;

  /** @throws {SealroomError} IO_FORMAT if a column is not text. */
  constructor(fields: readonly Field[], options: CsvWriteOptions) {
    for (const field of fields) {
      if (field.type.kind !== 'string') {
        throw new SealroomError('IO_FORMAT', `CSV holds text only, got a column of type ${field.type.kind}`, {
          where: { column: field.name },
        });
      }
    }
    this.#fields = fields;
    const [nothing, empty] = csvNullMarks(options.nullText, fields.length);
    this.#writer = createLineEncoder({
      isPlain: fields.map((field) => field.isPlain === true),
      nullText: nothing,
      empty,
    });
  }

  /** The header line. */
  header(): Uint8Array {
    const names = this.#fields.map((field, index) => {
      const name = encodeUtf8(field.name);
      return name.length === 0 || needsQuotes(name, 0, name.length, index === 0) ? quoteField(name) : name;
    });
    return encodeUtf8(`${names.map(decodeUtf8).join(',')}\n`);
  }

  /** Yields the lines of a batch, line breaks included, valid until the next call. */
  serialise(batch: Batch): Uint8Array {
    const { columns, rows } = batch;
    if (rows <= PART_ROWS) return this.#writer.write(columns, 0, rows);
    const parts: Uint8Array[] = [];
    for (let first = 0; first < rows; first += PART_ROWS) {
      parts.push(this.#writer.write(columns, first, Math.min(rows, first + PART_ROWS)).slice());
    }
    return concatBytes(parts);
  }

  /** Overwrites the memory, which still holds the last lines and other data of the batch, with zeros. */
  wipe(): void {
    this.#writer.wipe();
  }
}

/**
 * The fields of a null and of an empty text.
 *
 * @param columns how many columns the table has
 */
export function csvNullMarks(nullText: string | undefined, columns: number): [Uint8Array, Uint8Array] {
  //= format F-81
  const none = new Uint8Array(0);
  const quotes = encodeUtf8('""');
  if (nullText === undefined || nullText === '') {
    // A record of one blank field would be a blank line, which readers skip.
    return [columns === 1 ? quotes : none, quotes];
  }
  const text = encodeUtf8(nullText);
  if (text.every((byte) => byte <= SPACE)) return [quoteField(text), quotes];
  const isVerbatim = /^".*"$/s.test(nullText) && nullText.length > 1;
  return [
    isVerbatim || !needsQuotes(text, 0, text.length, true) ? text : quoteField(text),
    columns === 1 ? quotes : none,
  ];
}

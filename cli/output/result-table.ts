import { readRows } from '../../src/actions/member/tables.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { formatOf, STANDARD_STREAM, type TableFormat } from '../../src/tabular/index.ts';

/** Rows that a terminal shows. */
const MAX_SHOWN_ROWS = 100;

/** Characters of a value that a terminal shows. */
const MAX_SHOWN_CHARACTERS = 48;

/** The format of an output: as given, or what its name says, or CSV on standard output. */
export function outputFormatOf(output: string, given: TableFormat | undefined): TableFormat {
  const format = given ?? (output === STANDARD_STREAM ? 'csv' : formatOf(output));
  if (format !== null) return format;
  throw new SealroomError('IO_FORMAT', 'expected a name ending in .csv, .parquet or .arrow', {
    where: { file: output },
    hint: 'say the format with `--output-format csv|parquet|arrow`; a package for its receivers is made with `--package`',
  });
}

/** A value as one that a terminal shows on one line, and does not obey. */
function printable(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '\uFFFD');
  return plain.length <= MAX_SHOWN_CHARACTERS ? plain : `${plain.slice(0, MAX_SHOWN_CHARACTERS - 1)}…`;
}

/** The lines of a result on a terminal: headers, a rule, rows with numbers to the right, and how many are left out. */
export async function drawResult(table: Uint8Array, totalRows: number): Promise<readonly string[]> {
  const { fields, rows } = await readRows(table, MAX_SHOWN_ROWS);
  const headers = fields.map(({ name }) => printable(name));
  const cells = rows.map((row) => row.map((value) => (value === null ? 'NULL' : printable(value))));
  const widths = headers.map((header, index) =>
    Math.max(header.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((value, index) => {
        const width = widths[index] ?? 0;
        const isLeft = ['string', 'boolean', 'date', 'timestamp'].includes(fields[index]?.type.kind ?? '');
        return isLeft ? value.padEnd(width) : value.padStart(width);
      })
      .join('  ')
      .trimEnd();
  const more = totalRows - rows.length;
  return [
    line(headers),
    widths.map((width) => '-'.repeat(width)).join('  '),
    ...cells.map(line),
    ...(more > 0 ? [`… ${String(more)} rows more; write them to a file with \`--output\``] : []),
  ];
}

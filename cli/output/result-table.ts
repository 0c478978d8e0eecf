import { readRows } from '../../src/actions/member/tables.ts';
import { countOf } from '../../src/errors/index.ts';

/** Most rows that a terminal shows. */
const MAX_SHOWN_ROWS = 100;

/** Most characters of a value that a terminal shows. */
const MAX_SHOWN_CHARACTERS = 48;

/** A value for a terminal: on one line, without control characters, and not too long. */
function printable(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '\uFFFD');
  return plain.length <= MAX_SHOWN_CHARACTERS ? plain : `${plain.slice(0, MAX_SHOWN_CHARACTERS - 1)}…`;
}

/** Draws a result for a terminal: headers, a rule, rows with numbers on the right, and how many rows are left out. */
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
    ...(more > 0 ? [`… ${countOf(more, 'more row')}; write all of them to a file with \`--output\``] : []),
  ];
}

/** Widest line the demo prints, in characters. */
const LINE_WIDTH = 100;
const INDENT = '    ';
const GAP = '  ';

/** A table as it is printed: a row is a list of cells, null is a missing value. */
export interface PrintedTable {
  readonly headers: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/**
 * Lays a table out in columns that fit the line; long cells are shortened by `…`, line breaks
 * show as `⏎`, columns of numbers are aligned right.
 */
export function formatTable({ headers, rows }: PrintedTable): string {
  const cells = [headers, ...rows].map((row) => row.map((cell) => (cell ?? '(null)').replaceAll(/\r?\n/gu, '⏎')));
  const natural = headers.map((_, column) => Math.max(...cells.map((row) => [...(row[column] ?? '')].length)));
  const widths = shrinkToFit(natural, headers, LINE_WIDTH - INDENT.length - GAP.length * (headers.length - 1));
  const isNumeric = headers.map((_, column) => rows.every((row) => /^[\d.]*$/u.test(row[column] ?? '')));
  const lines = cells.map((row) =>
    row.map((cell, column) => fitCell(cell, widths[column] ?? 0, isNumeric[column] === true)).join(GAP),
  );
  const rule = widths.map((width) => '-'.repeat(width)).join(GAP);
  return [lines[0] ?? '', rule, ...lines.slice(1)].map((line) => `${INDENT}${line}`.trimEnd()).join('\n');
}

/** Takes characters from the widest column until the sum fits, from headers only when nothing else is left. */
function shrinkToFit(natural: readonly number[], headers: readonly string[], available: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) - available;
  while (excess > 0) {
    const spare = widths.map((width, column) => (width > (headers[column]?.length ?? 0) ? width : 0));
    const candidates = Math.max(...spare) > 0 ? spare : widths;
    const widest = candidates.lastIndexOf(Math.max(...candidates));
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess--;
  }
  return widths;
}

function fitCell(cell: string, width: number, alignRight: boolean): string {
  const characters = [...cell];
  if (characters.length > width) return shortenCell(characters, width);
  const blanks = ' '.repeat(width - characters.length);
  return alignRight ? blanks + cell : cell + blanks;
}

/** Cuts the end off; of a protected cell the middle, since sealed cells of one row all begin with its nonce. */
function shortenCell(characters: readonly string[], width: number): string {
  const tag = /^02:(?:enc|hmac):/u.exec(characters.join(''))?.[0] ?? '';
  const tail = tag === '' ? 0 : Math.max(0, width - 1 - tag.length);
  const head = characters.slice(0, width - 1 - tail).join('');
  return `${head}…${characters.slice(characters.length - tail).join('')}`;
}

/** Breaks text into lines of at most 100 characters, indented like the tables. */
export function formatText(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && INDENT.length + line.length + 1 + word.length > LINE_WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((each) => INDENT + each).join('\n');
}

/** A heading over a step; bold only where the terminal shows it. */
export function formatHeading(text: string, isTerminal: boolean): string {
  return isTerminal ? `\u001b[1m${text}\u001b[22m` : `${text}\n${'='.repeat([...text].length)}`;
}

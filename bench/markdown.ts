/** A column of a {@link markdownTable}: its title, and the width to which cells are filled up. Numbers stand at the right. */
export interface MarkdownColumn {
  readonly title: string;
  readonly width: number;
  readonly isNumber: boolean;
}

/** A table in Markdown whose rows can be printed one by one, for they come one by one. */
export interface MarkdownTable {
  readonly head: string;
  readonly row: (cells: readonly string[]) => string;
}

/** Columns of text and numbers; a title is at most as wide as its column. */
export function markdownTable(columns: readonly MarkdownColumn[]): MarkdownTable {
  const row = (cells: readonly string[]): string => {
    const filled = columns.map(({ width, isNumber }, index) => {
      const cell = cells[index] ?? '';
      return isNumber ? cell.padStart(width) : cell.padEnd(width);
    });
    return `| ${filled.join(' | ')} |`;
  };
  const rule = columns.map(({ width, isNumber }) => '-'.repeat(width - (isNumber ? 1 : 0)) + (isNumber ? ':' : ''));
  return { head: `${row(columns.map(({ title }) => title))}\n| ${rule.join(' | ')} |`, row };
}

/** A column of text. */
export function text(title: string, width: number): MarkdownColumn {
  return { title, width, isNumber: false };
}

/** A column of numbers. */
export function number(title: string, width = Math.max(title.length, 3)): MarkdownColumn {
  return { title, width, isNumber: true };
}

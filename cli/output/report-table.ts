import { countOf, escapeUnprintable, quoteForMessage } from '../../src/errors/index.ts';
import { type ColumnFigures, percent, type MatchKeyReport } from '../../src/suggest/index.ts';
import { formatBytes } from './summary.ts';

/** The report fits into a terminal of this width, whatever its columns are called. */
const MAX_WIDTH = 100;
const MIN_NAME_WIDTH = 12;
const GAP = '  ';

/** A figure of the table: its heading, its text, and whether it says anything. */
interface FigureColumn {
  readonly heading: string;
  readonly text: (figures: ColumnFigures) => string;
  readonly isShown: (figures: ColumnFigures) => boolean;
  /** What the heading means, if it does not say so. */
  readonly meaning?: string;
}

function share(heading: string, count: (figures: ColumnFigures) => number, meaning = ''): FigureColumn {
  return {
    heading,
    meaning,
    text: (figures) => (count(figures) === 0 ? '-' : percent(count(figures) / Math.max(figures.rows, 1))),
    isShown: (figures) => count(figures) > 0,
  };
}

const FIGURES: readonly FigureColumn[] = [
  share('null', ({ nulls }) => nulls),
  share('blank', ({ blanks }) => blanks),
  share('capitals', ({ capitals }) => capitals),
  share('ends', ({ outerBlanks }) => outerBlanks, 'blanks at an end'),
  share('non-ASCII', ({ nonAscii }) => nonAscii),
  share('not NFC', ({ notNfc }) => notNfc),
  share('placeholder', ({ placeholders }) => placeholders),
  {
    heading: 'different',
    text: ({ distinct, isExact }) => `${isExact ? '' : '~'}${distinct.toLocaleString('en')}`,
    isShown: () => true,
  },
  {
    heading: 'top',
    text: ({ topShare }) => percent(topShare),
    isShown: () => true,
    meaning: 'the most frequent value',
  },
];

/** One line of the table: a column as it is, or as it is once it is normalised. */
interface Line {
  readonly name: string;
  readonly figures: ColumnFigures;
  readonly size: string;
}

function linesOf(report: MatchKeyReport): readonly Line[] {
  return report.columns.flatMap(({ column, targets, before, after, normalise, nullTexts }) => {
    if (targets.length === 0) return [];
    const sizes = targets.map(({ cellBytes }) => cellBytes).filter((bytes) => bytes !== null);
    const isMeasured = sizes.length === targets.length;
    const size = isMeasured ? formatBytes(sizes.reduce((sum, bytes) => sum + bytes, 0)) : '-';
    const steps = [...normalise, ...(nullTexts > 0 ? ['nulls'] : [])].join(', ');
    const first = { name: escapeUnprintable(column), figures: before, size };
    return after === null ? [first] : [first, { name: `  after ${steps}`, figures: after, size: '' }];
  });
}

/** A text of at most `width` characters, with `…` in the place of the others. */
export function cutText(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`;
}

/**
 * The lines of an aligned table: the first column to the left, the others to the side that is given, and the first cut so that
 * the table is at most {@link MAX_WIDTH} wide.
 */
export function alignTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  side: 'left' | 'right',
): readonly string[] {
  const all = [headings, ...rows];
  const widths = headings.map((_, at) => Math.max(...all.map((row) => [...(row[at] ?? '')].length)));
  // The last column of texts ends where it ends.
  const others = widths.slice(1, side === 'left' ? -1 : undefined).reduce((sum, width) => sum + width + GAP.length, 0);
  const nameWidth = Math.min(widths[0] ?? 0, Math.max(MAX_WIDTH - others, MIN_NAME_WIDTH));
  const pad = (text: string, width: number): string => (side === 'left' ? text.padEnd(width) : text.padStart(width));
  return all.map(([name = '', ...rest]) =>
    [cutText(name, nameWidth).padEnd(nameWidth), ...rest.map((text, at) => pad(text, widths[at + 1] ?? 0))]
      .join(GAP)
      .trimEnd(),
  );
}

function describeSize({ rows, outputBytes, outputUnit, isWhole }: MatchKeyReport): readonly string[] {
  if (outputBytes === null) return [];
  if (outputUnit === 'csv') return [`size after encryption: ${formatBytes(outputBytes)} as CSV (exact)`];
  const each = rows === 0 ? 0 : Math.round(outputBytes / rows);
  const scope = isWhole ? 'in all' : `for these rows, ${each.toLocaleString('en')} bytes a row`;
  return [`size after encryption: ${formatBytes(outputBytes)} of cells ${scope}, without separators and compression`];
}

/** The match-key report as lines for people: a table of shares of rows, and the size after encryption. */
export function formatReport(report: MatchKeyReport): readonly string[] {
  const lines = linesOf(report);
  const figures = FIGURES.filter(({ isShown }) => lines.some((line) => isShown(line.figures)));
  const hasSizes = lines.some(({ size }) => size !== '' && size !== '-');
  const headings = ['column', ...figures.map(({ heading }) => heading), ...(hasSizes ? ['cells'] : [])];
  const rows = lines.map(({ name, figures: values, size }) => [
    name,
    ...figures.map(({ text }) => text(values)),
    ...(hasSizes ? [size] : []),
  ]);
  const scope = report.isWhole ? 'all rows' : 'a sample';
  const meanings = figures.flatMap(({ heading, meaning = '' }) => (meaning === '' ? [] : [`; ${heading}: ${meaning}`]));
  return [
    `match keys: shares of ${countOf(report.rows, 'row')} (${scope})${meanings.join('')}`,
    ...alignTable(headings, rows, 'right'),
    ...describeSize(report),
  ];
}

/** The alarms of a report, each with its column, and with its rows where these are not all. */
export function listAlarms(report: MatchKeyReport): readonly string[] {
  const scope = report.isWhole ? '' : ` (in a sample of ${countOf(report.rows, 'row')})`;
  return report.columns.flatMap(({ column, alarms }) =>
    alarms.map((alarm) => `column ${quoteForMessage(column)}: ${alarm}${scope}`),
  );
}

import { relative } from 'node:path';
import { countOf } from '../../src/errors/index.ts';
import type { EncryptedTable, RunSummary, UnnamedSecret } from '../../src/actions/member/tables.ts';
import type { TableOutput } from '../../src/tabular/index.ts';
import { type CliIo, say, STANDARD_STREAM, tell } from '../terminal.ts';

/** Prints notes, warnings and the summary of a table command: words to standard error, or one JSON object to standard output. */
export function printSummary(
  io: CliIo,
  args: { readonly json: boolean; readonly 'dry-run': boolean },
  target: TableOutput,
  summary: RunSummary,
  details: readonly string[],
): void {
  const output = target.kind === 'file' ? target.path : STANDARD_STREAM;
  if (args.json) {
    // If the table is on standard output, the summary goes to standard error.
    const stream = output === STANDARD_STREAM ? io.stderr : io.stdout;
    stream.write(`${JSON.stringify({ output: args['dry-run'] ? null : output, ...summary })}\n`);
    return;
  }
  for (const note of summary.notes) say(io, 'note', note);
  for (const warning of summary.warnings) say(io, 'warning', warning);
  const seconds = summary.elapsedMs / 1000;
  const rate = Math.round(summary.rows / Math.max(seconds, 0.001)).toLocaleString('en');
  const name = output === STANDARD_STREAM ? 'standard output' : relative(io.cwd, output) || output;
  const written = args['dry-run']
    ? 'dry run: everything was checked, nothing was written'
    : `wrote ${name}${summary.outputBytes > 0 ? ` (${formatBytes(summary.outputBytes)})` : ''}`;
  const rows = `rows: ${summary.rows.toLocaleString('en')} from ${formatBytes(summary.inputBytes)}`;
  const time = `time: ${seconds.toFixed(1)} s (${rate} rows/s, kernel ${summary.kernel}, ${countOf(summary.threads, 'thread')})`;
  tell(io, [written, rows, ...details, time].join('\n'));
}

/** The line that says which secret a table was encrypted with, for people to compare if no manifest names it. */
export function describeUnnamed(secret: UnnamedSecret | null): readonly string[] {
  if (secret === null) return [];
  return [`secret ${secret.secretId}, generation ${String(secret.generation)}, under ${secret.key}`];
}

/** The line that says what normalising did to a column. */
export function describeNormalised({
  column,
  values,
  changed,
  missing,
  notUnderstood,
}: EncryptedTable['normalised'][number]): string {
  const count = (number: number): string => number.toLocaleString('en');
  return (
    `normalised \`${column}\`: ${countOf(values, 'value')}, ${count(changed)} changed, ` +
    `${count(missing)} missing, ${count(notUnderstood)} not understood`
  );
}

/** A size in the largest unit of which there is at least one. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? String(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

import { countOf, escapeUnprintable, quoteForMessage } from '../../src/errors/index.ts';
import type { ColumnSample } from '../../src/actions/member/tables.ts';
import type { ColumnAdvice, ColumnProfile } from '../../src/suggest/index.ts';

/** A line of a proposal; warnings are marked as such. */
export interface DraftLine {
  readonly kind: 'text' | 'warning';
  readonly text: string;
}

const text = (line: string): DraftLine => ({ kind: 'text', text: line });

/** From so many columns on that are left out for one reason, they are told in one line. */
const MAX_LEFT_OUT = 3;

function describeNulls({ nulls }: ColumnAdvice, { statistics }: ColumnProfile): string {
  const counted = nulls.map(
    (spelling) => `${quoteForMessage(spelling)} (${(statistics.nullTexts[spelling] ?? 0).toLocaleString('en')})`,
  );
  return `null texts ${counted.join(', ')}`;
}

function describeColumn(
  advice: ColumnAdvice,
  profile: ColumnProfile | undefined,
  sample: ColumnSample | undefined,
): readonly DraftLine[] {
  const name = `column ${quoteForMessage(advice.column.header)}`;
  const kinds = advice.kinds.length === 0 ? 'left out' : advice.kinds.join(' and ');
  const steps = [
    ...(advice.normalise.length === 0
      ? []
      : [`normalised by ${advice.normalise.map((step) => `\`${step}\``).join(', ')}`]),
    ...(advice.nulls.length === 0 || profile === undefined ? [] : [describeNulls(advice, profile)]),
  ];
  return [
    text(`${name}: ${kinds}: ${advice.reason}`),
    ...(steps.length === 0 ? [] : [text(`  ${steps.join('; ')}`)]),
    ...(sample === undefined || sample.length === 0
      ? []
      : [text(`  values: ${sample.map((value) => quoteForMessage(value)).join(', ')}`)]),
    ...advice.warnings.map((warning): DraftLine => ({ kind: 'warning', text: `${name}: ${warning}` })),
  ];
}

/** The columns that are left out for one reason, if they are many: in one line for all of them. */
function describeLeftOut(advice: readonly ColumnAdvice[]): ReadonlyMap<string, string> {
  const reasons = new Map<string, ColumnAdvice[]>();
  for (const one of advice) {
    if (one.kinds.length === 0) reasons.set(one.reason, [...(reasons.get(one.reason) ?? []), one]);
  }
  return new Map(
    [...reasons].flatMap(([reason, columns]) => {
      const [first] = columns;
      if (first === undefined || columns.length <= MAX_LEFT_OUT) return [];
      const place = `column ${(first.column.index + 1).toLocaleString('en')} (${quoteForMessage(first.column.header)})`;
      return [[reason, `${countOf(columns.length, 'column')} are left out, from ${place} on: ${reason}`] as const];
    }),
  );
}

/** A proposal as lines for people; values are only in it if there are samples. */
export function formatAdvice(
  advice: readonly ColumnAdvice[],
  profiles: readonly ColumnProfile[],
  samples: readonly ColumnSample[],
): readonly DraftLine[] {
  const leftOut = describeLeftOut(advice);
  const lines = advice.flatMap((one, index) =>
    one.kinds.length === 0 && leftOut.has(one.reason) ? [] : describeColumn(one, profiles[index], samples[index]),
  );
  return [...lines, ...[...leftOut.values()].map((line): DraftLine => ({ kind: 'warning', text: line }))];
}

/** The proposal for `--json`: what was proposed for each column, and why. */
export function adviceAsJson(advice: readonly ColumnAdvice[], profiles: readonly ColumnProfile[]): readonly object[] {
  return advice.map(({ column, what, kinds, reason, warnings, normalise, nulls }, index) => ({
    column: column.header,
    holds: what,
    kinds,
    reason: escapeUnprintable(reason),
    warnings,
    normalise,
    nulls: Object.fromEntries(
      nulls.map((spelling) => [spelling, profiles[index]?.statistics.nullTexts[spelling] ?? 0]),
    ),
  }));
}

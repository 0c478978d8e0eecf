import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type CommittedFigures,
  compareFigures,
  comparisonLines,
  type Figure,
  isFailure,
  type MeasuredFigures,
  UNITS,
} from '../../bench/guard/compare.ts';
import { isSteady, type Pair, ratioFigures } from '../../bench/guard/ratios.ts';

const FILE = join(import.meta.dirname, '..', '..', 'bench', 'guard', 'figures.json');
const COMMITTED = JSON.parse(readFileSync(FILE, 'utf8')) as CommittedFigures;

/** The committed figures, with one of them multiplied. */
function measuredWith(name: string, factor: number): CommittedFigures {
  const figures = COMMITTED.figures.map((figure) =>
    figure.name === name ? { ...figure, value: figure.value * factor } : figure,
  );
  return { ...COMMITTED, figures };
}

function failuresOf(now: MeasuredFigures): string[] {
  return compareFigures(COMMITTED, now)
    .filter(isFailure)
    .map(({ name, verdict }) => `${name}: ${verdict}`);
}

describe('bench/guard', () => {
  it('takes the figures that are committed as they are', () => {
    expect(failuresOf(COMMITTED)).toEqual([]);
    expect(COMMITTED.figures.length).toBeGreaterThan(20);
    expect(COMMITTED.figures.filter(({ unit }) => !Object.hasOwn(UNITS, unit))).toEqual([]);
  });

  it.each(COMMITTED.figures.filter(({ unit }) => unit === 'times').map(({ name }) => name))(
    'refuses 1.6 times %s, and nothing within the noise',
    (name) => {
      expect(failuresOf(measuredWith(name, 1.6))).toEqual([`${name}: worse`]);
      expect(failuresOf(measuredWith(name, 1.35))).toEqual([]);
      expect(compareFigures(COMMITTED, measuredWith(name, 0.5)).map(({ verdict }) => verdict)).toContain('better');
    },
  );

  it.each([
    ['encrypt csv: loaded', 2],
    ['--help: loaded code', 1.5],
    ['encrypt csv: calls', 2],
    ['encrypt csv: peak memory', 1.5],
    ['decrypt csv: read', 1.5],
  ])('refuses much more of the count %s, and takes a little more', (name, factor) => {
    expect(failuresOf(measuredWith(name, factor))).toEqual([`${name}: worse`]);
    expect(failuresOf(measuredWith(name, 1.05))).toEqual([]);
  });

  it.each([
    ['there was no time for it', { value: null, middle: null }],
    ['it was measured too seldom', { value: 3, middle: null }],
    ['others may have made it slow', { value: 3, middle: 2 }],
  ])('does not decide about a ratio if %s', (_, measured) => {
    const before: CommittedFigures = { ...COMMITTED, figures: [{ name: 'a', unit: 'times', value: 2 }] };
    const now: MeasuredFigures = { ...COMMITTED, figures: [{ name: 'a', unit: 'times', ...measured }] };
    expect(compareFigures(before, now)).toMatchObject([{ verdict: 'not decided' }]);
    expect(compareFigures(before, now).filter(isFailure)).toEqual([]);
  });

  it('does not judge ratios of another Node or processor, and counts all the same', () => {
    const slow = measuredWith('encrypt csv: CPU', 3);
    expect(failuresOf({ ...slow, arch: 'other' })).toEqual([]);
    expect(failuresOf({ ...slow, node: '1.0.0' })).toEqual([]);
    expect(failuresOf({ ...measuredWith('encrypt csv: calls', 3), arch: 'other' })).toEqual([
      'encrypt csv: calls: worse',
    ]);
  });

  it('refuses figures that are not committed, and committed ones that are not measured', () => {
    const extra: Figure = { name: 'another', unit: 'MiB', value: 1 };
    expect(failuresOf({ ...COMMITTED, figures: [...COMMITTED.figures, extra] })).toEqual(['another: new']);
    const [first, ...rest] = COMMITTED.figures;
    expect(failuresOf({ ...COMMITTED, figures: rest })).toEqual([`${first?.name ?? ''}: gone`]);
  });

  it('prints what was committed, the limit and what is now', () => {
    const before: CommittedFigures = { ...COMMITTED, figures: [{ name: 'a', unit: 'times', value: 2 }] };
    const now: CommittedFigures = { ...COMMITTED, figures: [{ name: 'a', unit: 'times', value: 3 }] };
    expect(
      comparisonLines(compareFigures(before, now))
        .at(-1)
        ?.split(/ *\| */),
    ).toEqual(['', 'a', 'times', '2', '2.8', '3', 'worse', '']);
  });
});

describe('bench/guard/ratios', () => {
  const pairsOf = (command: readonly number[], calibration: readonly number[]): Pair[] =>
    command.map((seconds, index) => ({ command: seconds, calibration: calibration[index] ?? Number.NaN }));

  it('takes the least times, whenever they were measured', () => {
    const figures = ratioFigures({
      one: pairsOf([3, 2, 2.4, 4], [1.5, 1.1, 1, 1.2]),
      other: pairsOf([6, 5, 4, 8], [1, 1, 0.8, 1]),
    });
    expect(figures).toEqual([
      { name: 'one: CPU', unit: 'times', value: 2.5, middle: 2.2 },
      { name: 'other: CPU', unit: 'times', value: 5, middle: 5.5 },
    ]);
  });

  it('has no median of three pairs, and no value of none', () => {
    expect(ratioFigures({ few: pairsOf([2, 2, 2], [1, 1, 1]), none: [] })).toMatchObject([
      { value: 2, middle: null },
      { value: null, middle: null },
    ]);
  });

  it('calls a ratio steady if both statistics nearly agree, and a count always', () => {
    const figure = { name: 'a', unit: 'times' } as const;
    expect(isSteady({ ...figure, value: 2, middle: 2.3 })).toBe(true);
    expect(isSteady({ ...figure, value: 2, middle: 2.5 })).toBe(false);
    expect(isSteady({ ...figure, value: 2, middle: null })).toBe(false);
    expect(isSteady({ ...figure, value: null, middle: null })).toBe(false);
    expect(isSteady({ ...figure, unit: 'MiB', value: 2 })).toBe(true);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type CommittedFigures,
  compareFigures,
  comparisonLines,
  type Figure,
  isFailure,
  limitOf,
  UNITS,
} from '../../bench/guard/compare.ts';

const FILE = join(import.meta.dirname, '..', '..', 'bench', 'guard', 'figures.json');
const COMMITTED = JSON.parse(readFileSync(FILE, 'utf8')) as CommittedFigures;

/** The committed figures, with one of them multiplied. */
function measuredWith(name: string, factor: number): CommittedFigures {
  const figures = COMMITTED.figures.map((figure) =>
    figure.name === name ? { ...figure, value: figure.value * factor } : figure,
  );
  return { ...COMMITTED, figures };
}

function failuresOf(now: CommittedFigures): string[] {
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
    'refuses half as much again of %s, and nothing within the noise',
    (name) => {
      expect(failuresOf(measuredWith(name, 1.5))).toEqual([`${name}: worse`]);
      expect(failuresOf(measuredWith(name, 1.2))).toEqual([]);
      expect(compareFigures(COMMITTED, measuredWith(name, 0.5)).map(({ verdict }) => verdict)).toContain('better');
    },
  );

  it('refuses one more module at the start', () => {
    const figure = COMMITTED.figures.find(({ unit }) => unit === 'modules');
    if (figure === undefined) throw new Error('a number of modules expected');
    expect(limitOf(figure)).toBe(figure.value);
    expect(failuresOf(measuredWith(figure.name, (figure.value + 1) / figure.value))).toEqual([`${figure.name}: worse`]);
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
    ).toEqual(['', 'a', 'times', '2', '2.5', '3', 'worse', '']);
  });
});

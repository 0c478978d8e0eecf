import { median } from '../median.ts';
import type { MeasuredFigure } from './compare.ts';

/** CPU seconds of a command, and of the calibration that ran right before it. */
export interface Pair {
  readonly command: number;
  readonly calibration: number;
}

/** Fewer pairs have no median that says anything. */
const MIN_PAIRS = 4;

/**
 * The ratio of each command to the calibration. Others who use the machine only ever add to CPU time, so its value is the least time of the
 * command to the least of all calibrations. Where they added to all runs of the command and spared a calibration, the median
 * ratio of pairs, measured side by side, is less.
 *
 * @returns a figure for each name; without a value where there is no pair.
 */
export function ratioFigures(pairsByName: Readonly<Record<string, readonly Pair[]>>): MeasuredFigure[] {
  const calibration = Math.min(...Object.values(pairsByName).flatMap((pairs) => pairs.map((pair) => pair.calibration)));
  return Object.entries(pairsByName).map(([name, pairs]) => {
    const least = Math.min(...pairs.map(({ command }) => command)) / calibration;
    const middle = median(pairs.map((pair) => pair.command / pair.calibration));
    return {
      name: ratioName(name),
      unit: 'times',
      value: pairs.length === 0 ? null : hundredths(least),
      middle: pairs.length < MIN_PAIRS ? null : hundredths(middle),
    };
  });
}

/** The name of a command's ratio. */
export function ratioName(command: string): string {
  return `${command}: CPU`;
}

/** How far the two statistics of a ratio may lie apart where it is written down for later comparisons. */
const STEADY_SHARE = 0.2;

/** Whether a figure can be written down: it was measured, and in a time when the machine was at rest or evenly busy. */
export function isSteady({ value, middle }: MeasuredFigure): boolean {
  if (value === null || middle === null) return false;
  return middle === undefined || Math.abs(middle / value - 1) <= STEADY_SHARE;
}

function hundredths(ratio: number): number {
  return Math.round(ratio * 100) / 100;
}

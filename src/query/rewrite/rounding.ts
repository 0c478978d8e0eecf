import { aggregateType } from '../ast/aggregate-type.ts';
import { calculate, castTo, NOWHERE, wholeNumber } from '../ast/build.ts';
import type { Expression, ExpressionOf } from '../ast/nodes.ts';
import { findScale } from '../ast/scale.ts';
import { BIGINT, decimalOf, DOUBLE, familyOfType } from '../ast/value-type.ts';
import { mapChildren } from '../ast/walk.ts';
import type { ObligationOf } from './obligations.ts';

/** A number as the nearest multiple of a step. */
function roundTo(value: Expression, step: number): Expression {
  const digits = -Math.round(Math.log10(step));
  const isDecimal = step < 1 && Number(step.toFixed(digits)) === step && step === Number(`1e${String(-digits)}`);
  if (isDecimal) {
    return {
      kind: 'call',
      function: 'round',
      arguments: [value, wholeNumber(digits)],
      span: NOWHERE,
      type: value.type,
    };
  }
  const unit: Expression = { kind: 'literal', text: step.toExponential(), span: NOWHERE, type: DOUBLE };
  const units = calculate('/', value, unit, NOWHERE);
  const rounded: Expression = { kind: 'call', function: 'round', arguments: [units], span: NOWHERE, type: DOUBLE };
  const product = calculate('*', rounded, unit, NOWHERE);
  return value.type.kind === 'integer' ? castTo(product, decimalOf(38, 0)) : product;
}

function roundIf(value: Expression, step: number): Expression {
  return step > 0 ? roundTo(value, step) : value;
}

/** The steps of counts and of sums; 0 where they are not rounded. */
interface Steps {
  readonly counts: number;
  readonly sums: number;
}

/**
 * How many counts a sum of a value is at most, as far as it counts: a constant times this, or one for what a sub-query computed;
 * `null` for a column of a table, whose sum is no count.
 */
function countsIn(argument: Expression | null): number | null {
  if (argument === null) return 1;
  if (argument.kind === 'column' && argument.column.origin === null) return 1;
  return findScale(argument);
}

/** An average of what counts as a quotient of a rounded sum and a rounded count: with both exact, it would tell the count. */
function roundAverage(part: ExpressionOf<'aggregate'>, step: number, { counts, sums }: Steps): Expression {
  const { argument, distinct, filter } = part;
  if (argument === null) return part;
  const sum: Expression = { ...part, function: 'sum', type: aggregateType('sum', argument.type) };
  const count: Expression = { ...part, function: 'count', argument, distinct, filter, type: BIGINT };
  return roundIf(calculate('/', roundIf(sum, step), roundTo(count, counts), NOWHERE), sums);
}

function roundAggregate(part: ExpressionOf<'aggregate'>, steps: Steps): Expression {
  if (familyOfType(part.type) !== 'number') return part;
  if (part.function === 'count') return roundIf(part, steps.counts);
  const scale = steps.counts > 0 ? countsIn(part.argument) : null;
  if (scale === null) return roundIf(part, steps.sums);
  //= rules R-53
  const step = Math.max(steps.counts * scale, steps.sums);
  return part.function === 'avg' ? roundAverage(part, step, steps) : roundIf(part, step);
}

/** The same expression with all aggregates in it rounded; what is computed from them is then as coarse as they are. */
export function roundAggregates(expression: Expression, obligations: readonly ObligationOf<'round'>[]): Expression {
  const stepOf = (of: 'counts' | 'sums'): number => obligations.find((each) => each.of === of)?.step ?? 0;
  const steps = { counts: stepOf('counts'), sums: stepOf('sums') };
  const round = (part: Expression): Expression =>
    part.kind === 'aggregate' ? roundAggregate(part, steps) : mapChildren(part, round);
  return round(expression);
}

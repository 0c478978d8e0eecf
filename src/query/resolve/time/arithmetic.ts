import type { Expression } from '../../ast/nodes.ts';
import { BIGINT, DATE, ELAPSED, familyOfType, TIMESTAMP } from '../../ast/value-type.ts';
import type { Span } from '../../findings/finding.ts';
import type { Context } from '../context.ts';
import { asTime, expectAmount, makeCall, negate, setting } from './value.ts';
import { meaningsOf } from '../dialect.ts';

function isTimeType({ type }: Expression): boolean {
  return type.kind === 'date' || type.kind === 'timestamp';
}

function isTextConstant(value: Expression): boolean {
  return value.kind === 'literal' && value.type.kind === 'text';
}

/** A time plus a constant interval. */
function addInterval(time: Expression, interval: Expression, span: Span, context: Context): Expression {
  const unit = interval.type.kind === 'interval' ? interval.type.unit : 'microsecond';
  const amount: Expression = { ...interval, type: BIGINT };
  const meaning = meaningsOf(context).times.datePlusInterval;
  if (time.type.kind !== 'date' || unit === 'microsecond' || meaning === 'timestamp') {
    return makeCall('add_time', [setting(unit, span), amount, time], TIMESTAMP, span, context);
  }
  return makeCall(unit === 'month' ? 'add_months' : 'add_days', [time, amount], DATE, span, context);
}

/** The time from one to the other: days between dates, otherwise a span that can be compared with intervals. */
function subtractTimes(later: Expression, earlier: Expression, span: Span, context: Context): Expression {
  if (later.type.kind === 'date' && earlier.type.kind === 'date') {
    return makeCall('whole_units', [setting('day', span), earlier, later], BIGINT, span, context);
  }
  return makeCall('elapsed', [earlier, later], ELAPSED, span, context);
}

/** `left + right` or `left - right` where one of them is a time or an interval; `null` if none is. */
export function resolveTimeArithmetic(
  operator: '+' | '-',
  left: Expression,
  right: Expression,
  span: Span,
  context: Context,
): Expression | null {
  const isSum = operator === '+';
  if (isSum && isTimeType(right) && !isTimeType(left)) return resolveTimeArithmetic('+', right, left, span, context);
  if (!isTimeType(left)) {
    const isConstantDay = isTextConstant(left) && isTimeType(right);
    return isConstantDay ? resolveTimeArithmetic('-', asTime(left, context), right, span, context) : null;
  }
  if (familyOfType(right.type) === 'interval') {
    if (right.kind === 'literal') return addInterval(left, isSum ? right : negate(right), span, context);
    return null;
  }
  if (!isSum && isTimeType(right)) return subtractTimes(left, right, span, context);
  if (!isSum && isTextConstant(right)) return subtractTimes(left, asTime(right, context), span, context);
  if (left.type.kind !== 'date' || familyOfType(right.type) !== 'number') return null;
  const amount = expectAmount(right, context);
  return makeCall('add_days', [left, isSum ? amount : negate(amount)], DATE, span, context);
}

import { castTo, NOWHERE } from '../../ast/build.ts';
import type { ScalarName } from '../../ast/functions.ts';
import type { Expression, ExpressionOf } from '../../ast/nodes.ts';
import { BIGINT, DATE, integerOf, TIMESTAMP, type ValueType } from '../../ast/value-type.ts';
import { compute, constant, engine } from './engine-expressions.ts';
import { readNumber, readTime, unixSeconds, writeTime } from './time-formats.ts';
import {
  addUnits,
  amountOf,
  dateOf,
  fromYearOne,
  inYears,
  makeDate,
  microsecondsOf,
  monthsBetween,
  MOST_DAYS,
  nextWeekday,
  timePart,
  timestampOf,
  wholeUnits,
} from './time-values.ts';

/** Takes the first argument, as a text if it is a setting, and all arguments, whose parts cannot fail already. */
type Lowering = (name: string, values: readonly [Expression, Expression, Expression], type: ValueType) => Expression;

const asDate = (value: Expression): Expression => inYears(castTo(value, DATE));

/** What each function of times is in the engine. Times outside the years 1 to 9999 are NULL before and after each. */
const LOWERINGS: Partial<Readonly<Record<ScalarName, Lowering>>> = {
  add_days: (_, [time, amount]) => {
    const days = amountOf(amount, MOST_DAYS, integerOf('INTEGER'));
    return inYears(compute('+', dateOf(time), days, DATE));
  },
  add_months: (_, [time, amount]) => inYears(addUnits('month', amount, dateOf(time))),
  add_time: (unit, [, amount, time]) => inYears(addUnits(unit, amount, timestampOf(time))),
  format_time: (format, [, time]) => writeTime(format, timestampOf(time)),
  parse_date: (format, [, text]) => asDate(readTime(format, text)),
  parse_timestamp: (format, [, text]) => inYears(readTime(format, text)),
  parse_number: (format, [, text], type) => readNumber(format, text, type),
  truncate_date: (unit, [, time]) => asDate(truncated(unit, timestampOf(time))),
  whole_units: (unit, [, from, to]) => wholeUnits(unit, timestampOf(from), timestampOf(to)),
  crossed_units: (unit, [, from, to]) =>
    engine('date_diff', [constant(unit), timestampOf(from), timestampOf(to)], BIGINT),
  elapsed: (_, [from, to], type) =>
    compute('-', microsecondsOf(timestampOf(to)), microsecondsOf(timestampOf(from)), type),
  months_between: (_, [later, earlier]) => monthsBetween(timestampOf(later), timestampOf(earlier)),
  last_day: (_, [time]) => engine('last_day', [dateOf(time)], DATE),
  next_weekday: (weekday, [, time]) => asDate(nextWeekday(Number(weekday), timestampOf(dateOf(time)))),
  make_date: (_, [year, month, day]) => makeDate(year, month, day),
  unix_seconds: (_, [time]) => unixSeconds(microsecondsOf(timestampOf(time))),
  date_part: (name, [, time]) => timePart(name, time.type.kind === 'date' ? castTo(time, TIMESTAMP) : time),
  date_trunc: (unit, [, time]) => truncated(unit, fromYearOne(time)),
};

function truncated(unit: string, time: Expression): Expression {
  return { kind: 'call', function: 'date_trunc', arguments: [constant(unit), time], span: NOWHERE, type: TIMESTAMP };
}

/** The conversion that TO_DATE and TO_TIMESTAMP are without a format; `null` for other calls. */
export function findPlainCast(part: ExpressionOf<'call'>): ExpressionOf<'cast'> | null {
  const [format, value] = part.arguments;
  const isReading = part.function === 'parse_date' || part.function === 'parse_timestamp';
  if (!isReading || value === undefined || format?.kind !== 'literal' || format.text !== '') return null;
  return { kind: 'cast', rules: 'spark', value, span: part.span, type: part.type };
}

/** A call of a function of times in terms of the engine's functions, none of which can fail; `null` for other calls. */
export function lowerTimeCall({ function: name, arguments: values, type }: ExpressionOf<'call'>): Expression | null {
  //= rules R-57
  const lowering = LOWERINGS[name];
  const [first, second = first, third = second] = values;
  if (lowering === undefined || first === undefined || second === undefined || third === undefined) return null;
  return lowering(first.kind === 'literal' ? (first.text ?? '') : '', [first, second, third], type);
}

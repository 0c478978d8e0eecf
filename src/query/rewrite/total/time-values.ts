import { castTo, compare, NOWHERE, wholeNumber } from '../../ast/build.ts';
import type { Expression } from '../../ast/nodes.ts';
import { DAY_MICROSECONDS, findTimeUnit, lengthOf } from '../../ast/time-parts.ts';
import {
  BIGINT,
  BOOLEAN,
  DATE,
  decimalOf,
  DOUBLE,
  integerOf,
  TEXT,
  TIMESTAMP,
  type ValueType,
} from '../../ast/value-type.ts';
import { compute, constant, engine, joinTexts, nullOutside } from './engine-expressions.ts';

const INTEGER = integerOf('INTEGER');

/** The first and the last microsecond of the years 1 to 9999, from 1970 on. */
const FIRST = -62_135_596_800_000_000n;
const LAST = 253_402_300_799_999_999n;

/** A date or a timestamp of the years 1 to 9999, or NULL. */
export function inYears(value: Expression): Expression {
  if (value.type.kind === 'date') return castTo(inYears(castTo(value, TIMESTAMP)), DATE);
  return engine('make_timestamp', [nullOutside(microsecondsOf(value), FIRST, LAST)], TIMESTAMP);
}

/** Whether a value was guarded already, so that nested functions do not guard it again. */
function isInYears(value: Expression): boolean {
  if (value.kind === 'cast')
    return (value.type.kind === 'date' || value.type.kind === 'timestamp') && isInYears(value.value);
  return value.kind === 'engineCall' && value.function === 'make_timestamp';
}

/** A value as a timestamp from the year 1 on, or NULL. */
export function fromYearOne(value: Expression): Expression {
  const { span } = value;
  const time = value.type.kind === 'timestamp' ? value : castTo(value, TIMESTAMP);
  const limit: Expression = { ...constant('0000-12-31 23:59:59.999999', TIMESTAMP), span };
  const raised: Expression = { kind: 'call', function: 'greatest', arguments: [time, limit], span, type: TIMESTAMP };
  return { kind: 'call', function: 'nullif', arguments: [raised, limit], span, type: TIMESTAMP };
}

/** A value as a timestamp of the years 1 to 9999, or NULL. */
export function timestampOf(value: Expression): Expression {
  const time = value.type.kind === 'timestamp' ? value : castTo(value, TIMESTAMP);
  return isInYears(time) ? time : inYears(time);
}

/** A value as a date of the years 1 to 9999, or NULL. */
export function dateOf(value: Expression): Expression {
  return castTo(timestampOf(value), DATE);
}

/** A whole number from -most to most, or NULL. */
export function amountOf(value: Expression, most: number, type: ValueType = BIGINT): Expression {
  const isConstant = value.kind === 'literal' && value.text !== null && value.type.kind === 'integer';
  if (isConstant && Math.abs(Number(value.text)) <= most) return castTo(value, type);
  const whole = value.type.kind === 'integer' ? value : castTo(value, BIGINT);
  return castTo(nullOutside(whole, BigInt(-most), BigInt(most)), type);
}

/** More than lies between any two times of the years 1 to 9999. */
const MOST_MICROSECONDS = 320_000_000_000_000_000;
/** More days than lie between any two times of the years 1 to 9999. */
export const MOST_DAYS = 3_700_000;
/** Months in 10,000 years. */
const MOST_MONTHS = 120_000;

/** A time plus a number of units. */
export function addUnits(unit: string, amount: Expression, time: Expression): Expression {
  const known = findTimeUnit(unit);
  const length = known === null ? { microseconds: 1 } : lengthOf(known);
  if ('months' in length) {
    const months = compute('*', amountOf(amount, MOST_MONTHS / length.months), wholeNumber(length.months));
    return castTo(compute('+', time, engine('to_months', [castTo(months, INTEGER)], BIGINT), TIMESTAMP), time.type);
  }
  const { microseconds } = length;
  const total = compute('*', amountOf(amount, Math.floor(MOST_MICROSECONDS / microseconds)), wholeNumber(microseconds));
  return engine('make_timestamp', [compute('+', microsecondsOf(time), total)], TIMESTAMP);
}

/** Microseconds since 1970. */
export function microsecondsOf(time: Expression): Expression {
  const [microseconds] = time.kind === 'engineCall' && time.function === 'make_timestamp' ? time.arguments : [];
  if (microseconds !== undefined) return microseconds;
  return engine('epoch_us', [time], BIGINT);
}

/** A part of a time, by the engine's name. */
export function part(name: string, time: Expression): Expression {
  return engine('date_part', [constant(name), time], BIGINT);
}

/** The quotient without its fraction. */
export function divide(value: Expression, by: number): Expression {
  return engine('divide', [value, wholeNumber(by)], BIGINT);
}

/** The number of months from the year 1 to a time. */
function monthOf(time: Expression): Expression {
  return engine('date_diff', [constant('month'), constant('0001-01-01 00:00:00', TIMESTAMP), time], BIGINT);
}

/** Months of 32 days, in days, so that a month has passed when this has grown by 32. */
function longMonthsOf(day: Expression): Expression {
  return compute('+', compute('*', monthOf(day), wholeNumber(32)), part('day', day));
}

/** The whole units from one time to another, counted towards zero. */
export function wholeUnits(unit: string, from: Expression, to: Expression): Expression {
  const known = findTimeUnit(unit);
  const length = known === null ? { microseconds: 1 } : lengthOf(known);
  const elapsed = compute('-', microsecondsOf(to), microsecondsOf(from));
  if ('microseconds' in length) return divide(elapsed, length.microseconds);
  // The day that is as many whole days away as have passed, as Java counts.
  const days = engine(
    'to_microseconds',
    [compute('*', divide(elapsed, DAY_MICROSECONDS), wholeNumber(DAY_MICROSECONDS))],
    BIGINT,
  );
  const day = compute('+', from, days, TIMESTAMP);
  return divide(compute('-', longMonthsOf(day), longMonthsOf(from)), 32 * length.months);
}

/** Whether a time is on the last day of its month. */
function isLastDay(time: Expression): Expression {
  const next = compute('+', time, engine('to_days', [wholeNumber(1)], BIGINT), TIMESTAMP);
  return compare('=', part('day', next), wholeNumber(1), NOWHERE);
}

/** Microseconds from the first day of the year 1 to that of 1970. */
const BEFORE_EPOCH = 62_135_596_800_000_000;

/** The seconds of a time of day, without their fraction. */
function secondsOfDay(time: Expression): Expression {
  const since = compute('+', microsecondsOf(time), wholeNumber(BEFORE_EPOCH));
  return divide(compute('%', since, wholeNumber(DAY_MICROSECONDS)), 1_000_000);
}

/** Months with a fraction of 31 days; none between the same days of two months, and between two last days. */
export function monthsBetween(later: Expression, earlier: Expression): Expression {
  const months = compute('-', monthOf(later), monthOf(earlier));
  const days = compute('-', part('day', later), part('day', earlier));
  const seconds = compute('-', secondsOfDay(later), secondsOfDay(earlier));
  const difference = compute('+', compute('*', days, wholeNumber(86_400)), seconds);
  const fraction = compute('/', castTo(difference, DOUBLE), constant('2.6784e+6', DOUBLE), DOUBLE);
  const isWhole: Expression = {
    kind: 'logic',
    operator: 'OR',
    terms: [
      compare('=', part('day', later), part('day', earlier), NOWHERE),
      { kind: 'logic', operator: 'AND', terms: [isLastDay(later), isLastDay(earlier)], span: NOWHERE, type: BOOLEAN },
    ],
    span: NOWHERE,
    type: BOOLEAN,
  };
  const rest: Expression = {
    kind: 'case',
    branches: [{ when: isWhole, then: constant('0e+0', DOUBLE) }],
    otherwise: fraction,
    span: NOWHERE,
    type: DOUBLE,
  };
  const sum = compute('+', castTo(months, DOUBLE), rest, DOUBLE);
  return { kind: 'call', function: 'round', arguments: [sum, wholeNumber(8)], span: NOWHERE, type: DOUBLE };
}

/** A year, a month and a day as a date, or NULL if there is none. */
export function makeDate(year: Expression, month: Expression, day: Expression): Expression {
  const text = (value: Expression, most: number, digits: number): Expression => {
    const positive = nullOutside(value.type.kind === 'integer' ? value : castTo(value, BIGINT), 1n, BigInt(most));
    return engine('lpad', [castTo(positive, TEXT), wholeNumber(digits), constant('0')], TEXT);
  };
  const parts = [text(year, 9999, 4), text(month, 12, 2), text(day, 31, 2)];
  return castTo(
    parts.reduce((all, each) => joinTexts(joinTexts(all, constant('-')), each)),
    DATE,
  );
}

/** The next day after a date that is a weekday, counted from Monday as 0. */
export function nextWeekday(weekday: number, date: Expression): Expression {
  const shifted = compute('-', date, engine('to_days', [wholeNumber(weekday)], BIGINT), TIMESTAMP);
  const monday: Expression = {
    kind: 'call',
    function: 'date_trunc',
    arguments: [constant('week'), inYears(shifted)],
    span: NOWHERE,
    type: TIMESTAMP,
  };
  return compute('+', monday, engine('to_days', [wholeNumber(7 + weekday)], BIGINT), TIMESTAMP);
}

/** A part of a time; those that the engine does not have are computed. */
export function timePart(name: string, time: Expression): Expression {
  if (name === 'sundayfirst') return compute('+', part('dayofweek', time), wholeNumber(1));
  if (name === 'mondayzero') return compute('-', part('isodow', time), wholeNumber(1));
  if (name !== 'secondfraction') {
    return { kind: 'call', function: 'date_part', arguments: [constant(name), time], span: NOWHERE, type: BIGINT };
  }
  const microseconds = castTo(part('microsecond', time), decimalOf(8, 0));
  const seconds = compute('*', microseconds, constant('0.000001', decimalOf(7, 6)), decimalOf(15, 6));
  return castTo(seconds, decimalOf(8, 6));
}

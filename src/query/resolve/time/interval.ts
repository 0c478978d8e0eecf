import { quoteForMessage } from '../../../errors/index.ts';
import type { Expression } from '../../ast/nodes.ts';
import { findTimeUnit, lengthOf, type UnitOfTime } from '../../ast/time-parts.ts';
import type { ValueType } from '../../ast/value-type.ts';
import type { Span } from '../../findings/finding.ts';
import type { Context } from '../context.ts';
import { resolveConstant } from '../literal.ts';
import { invalid } from '../scope.ts';
import { foldName, type StrictNode } from '../strict-node.ts';

/** The functions that the parser makes of `INTERVAL 3 DAY`, with the unit of each. */
const UNIT_FUNCTIONS: ReadonlyMap<string, UnitOfTime> = new Map([
  ['to_years', 'year'],
  ['to_quarters', 'quarter'],
  ['to_months', 'month'],
  ['to_weeks', 'week'],
  ['to_days', 'day'],
  ['to_hours', 'hour'],
  ['to_minutes', 'minute'],
  ['to_seconds', 'second'],
  ['to_milliseconds', 'millisecond'],
  ['to_microseconds', 'microsecond'],
]);

/** More than lies between any two times of the years 1 to 9999. */
const MOST_MICROSECONDS = 320_000_000_000_000_000n;
const MOST_MONTHS = 120_000n;
const DAY = 86_400_000_000n;

interface Amount {
  readonly unit: UnitOfTime;
  readonly months: bigint;
  readonly microseconds: bigint;
}

/** A number of units; `null` if it has a fraction that the unit cannot have. */
function readAmount(text: string, unit: UnitOfTime): Amount | null {
  const [, sign, whole, fraction = ''] = /^([+-]?)([0-9]{1,18})(?:\.([0-9]{1,6}))?$/u.exec(text) ?? [];
  if (whole === undefined || (fraction !== '' && unit !== 'second')) return null;
  const length = lengthOf(unit);
  const factor = BigInt(sign === '-' ? -1 : 1);
  if ('months' in length) {
    return { unit, months: factor * BigInt(whole) * BigInt(length.months), microseconds: 0n };
  }
  const part = BigInt(fraction.padEnd(6, '0'));
  const microseconds = BigInt(whole) * BigInt(length.microseconds) + (unit === 'second' ? part : 0n);
  return { unit, months: 0n, microseconds: factor * microseconds };
}

/** The parts of a text such as `3 days 4 hours`; `null` if it is none. */
function readParts(text: string): readonly Amount[] | null {
  const words = text.trim().split(/\s+/u);
  if (words.length < 2 || words.length % 2 !== 0) return null;
  const amounts: Amount[] = [];
  for (let index = 0; index < words.length; index += 2) {
    const [number = '', name = ''] = words.slice(index, index + 2);
    const unit = findTimeUnit(name.replace(/s$/iu, ''));
    const amount = unit === null || unit === 'dayofyear' ? null : readAmount(number, unit);
    if (amount === null) return null;
    amounts.push(amount);
  }
  return amounts;
}

function isWholeDays({ unit }: Amount): boolean {
  return unit === 'day' || unit === 'week';
}

/** The sum of amounts as a constant, or a finding. */
function intervalOf(amounts: readonly Amount[], span: Span, { walk }: Context): Expression {
  const months = amounts.reduce((sum, amount) => sum + amount.months, 0n);
  const microseconds = amounts.reduce((sum, amount) => sum + amount.microseconds, 0n);
  const calendar = amounts.filter(({ unit }) => 'months' in lengthOf(unit)).length;
  if (calendar > 0 && calendar < amounts.length) {
    walk.found.add('LITERAL_FORMAT', span, 'the interval has months or years next to days or hours', {
      help: 'Add two intervals one after the other, as in `d + INTERVAL 1 MONTH + INTERVAL 3 DAY`.',
    });
    return invalid(span);
  }
  const size = (value: bigint): bigint => (value < 0n ? -value : value);
  if (size(months) > MOST_MONTHS || size(microseconds) > MOST_MICROSECONDS) {
    walk.found.add('LITERAL_RANGE', span, 'the interval is longer than 10,000 years');
    return invalid(span);
  }
  const literal = (value: bigint, type: ValueType): Expression => ({
    kind: 'literal',
    text: String(value),
    type,
    span,
  });
  if (calendar > 0) return literal(months, { kind: 'interval', unit: 'month' });
  return amounts.every(isWholeDays)
    ? literal(microseconds / DAY, { kind: 'interval', unit: 'day' })
    : literal(microseconds, { kind: 'interval', unit: 'microsecond' });
}

/** The constant that the parser wrapped into conversions, or `null` if it is none. */
function readWrapped(node: StrictNode, context: Context): Expression | null {
  const kind = node.text('class');
  if (kind === 'CONSTANT') {
    node.text('type');
    node.text('alias');
    return resolveConstant(node, context);
  }
  if (kind === 'CAST') {
    const value = readWrapped(node.node('child'), context);
    node.skipAll();
    return value;
  }
  const [child, more] = kind === 'FUNCTION' && node.text('function_name') === 'trunc' ? node.nodes('children') : [];
  const value = child === undefined || more !== undefined ? null : readWrapped(child, context);
  node.skipAll();
  return value;
}

function refuse(text: string | null, span: Span, { walk }: Context): Expression {
  const got = text === null ? 'something else' : quoteForMessage(text);
  walk.found.add('LITERAL_FORMAT', span, `expected a constant interval, got ${got}`, {
    help: "Write INTERVAL '14' DAY or INTERVAL '3 days 4 hours'; for an amount in a column write DATEADD(day, amount, d).",
  });
  return invalid(span);
}

/** Whether a function in lower case is what the parser makes of an interval. */
export function isIntervalFunction(name: string): boolean {
  return UNIT_FUNCTIONS.has(name);
}

/** Resolves `INTERVAL 3 DAY`, which the parser turns into a function of its unit. Only constants are intervals. */
export function resolveIntervalFunction(node: StrictNode, context: Context): Expression {
  const { span } = node;
  const unit = UNIT_FUNCTIONS.get(foldName(node.text('function_name')));
  const [child, more] = node.nodes('children');
  node.skipAll();
  const value = child === undefined || more !== undefined ? null : readWrapped(child, context);
  const text = value?.kind === 'literal' ? value.text : null;
  const amount = text === null || unit === undefined ? null : readAmount(text.trim(), unit);
  return amount === null ? refuse(text, span, context) : intervalOf([amount], span, context);
}

/** The constant of `INTERVAL '3 days 4 hours'`. */
export function resolveIntervalText(value: Expression, span: Span, context: Context): Expression {
  const text = value.kind === 'literal' && value.type.kind === 'text' ? value.text : null;
  const amounts = text === null ? null : readParts(text);
  return amounts === null ? refuse(text, span, context) : intervalOf(amounts, span, context);
}

import { outputsOf } from '../../ast/outputs.ts';
import { fullOrder } from '../full-order.ts';
import { castTo } from '../../ast/build.ts';
import type { Expression, ExpressionOf, Query, Relation } from '../../ast/nodes.ts';
import type { ScalarName } from '../../ast/functions.ts';
import {
  commonType,
  decimalOf,
  digitsOf,
  DOUBLE,
  familyOfType,
  integerOf,
  MAX_DIGITS,
  meetExactly,
  NULL,
  TEXT,
  TIMESTAMP,
} from '../../ast/value-type.ts';
import { mapChildren } from '../../ast/walk.ts';
import { sparkCast } from './conversions.ts';
import { findPlainCast, lowerTimeCall } from './time-calls.ts';
import { asDouble, lowerValueCall, orNullIfZero } from './value-calls.ts';

const HUGEINT = integerOf('HUGEINT');
/** A sum of fewer than 10^12 values with this many digits fits into the engine's largest number type. */
const MAX_SUM_DIGITS = 26;
/** Digits that the engine computes with in 64 bits. */
const SHORT_DIGITS = 18;

function asHugeInteger(value: Expression): Expression {
  if (value.type.kind !== 'integer' || value.type.name === 'HUGEINT') return value;
  return castTo(value, HUGEINT);
}

/** Turns days outside the range of timestamps into NULL, where the engine would fail. */
function asTimestamp(value: Expression): Expression {
  return value.type.kind === 'date' ? castTo(value, TIMESTAMP) : value;
}

/**
 * A conversion that never gives more digits than its type has. The engine's largest integers have more digits than are computed
 * with, and a text with an exponent becomes a decimal with too many digits unless it is read again without the exponent.
 */
function safeCast(part: ExpressionOf<'cast'>): Expression {
  const { value, type } = part;
  const isHuge = type.kind === 'integer' && type.name === 'HUGEINT' && value.type.kind !== 'integer';
  if (isHuge) return { ...part, value: safeCast({ ...part, value, type: decimalOf(MAX_DIGITS, 0) }) };
  if (type.kind !== 'decimal' || value.type.kind !== 'text') return part;
  return { ...part, value: castTo(part, TEXT) };
}

function safeArithmetic(part: ExpressionOf<'arithmetic'>): Expression {
  const widen = part.type.kind === 'integer' ? asHugeInteger : part.type.kind === 'double' ? asDouble : asDecimal;
  const left = widenDecimal(widen(part.left), part);
  const right = widen(part.right);
  const isDivision = part.operator === '/' || part.operator === '%';
  return { ...part, left, right: isDivision ? orNullIfZero(right) : right };
}

/** An integer that is combined with a decimal gets the width that its values need, not that of its type. */
function asDecimal(value: Expression): Expression {
  const digits = digitsOf(value.type);
  if (value.type.kind !== 'integer' || digits === null) return value;
  return castTo(value, { kind: 'decimal', precision: digits.before, scale: 0, digits: digits.before });
}

/** Makes the engine compute with more than 18 digits, which it only does if one operand is wider; else the result may overflow. */
function widenDecimal(value: Expression, { type }: Expression): Expression {
  const isNarrow = value.type.kind === 'decimal' && value.type.precision <= SHORT_DIGITS;
  if (!isNarrow || type.kind !== 'decimal' || type.precision <= SHORT_DIGITS) return value;
  return castTo(value, { ...value.type, precision: SHORT_DIGITS + 1 });
}

/** Functions that bring their arguments to one type. */
const MEETING: ReadonlySet<ScalarName> = new Set<ScalarName>(['coalesce', 'nullif', 'greatest', 'least']);

function meetingCall(part: ExpressionOf<'call'>): Expression {
  const values = level(part.arguments);
  const isRaised = part.type.kind === 'date' && values.some((value) => value.type.kind === 'timestamp');
  return isRaised ? castTo({ ...part, arguments: values, type: TIMESTAMP }, part.type) : { ...part, arguments: values };
}

function safeCall(part: ExpressionOf<'call'>): Expression {
  const { function: name } = part;
  const lowered = lowerValueCall(part);
  if (lowered !== null) return lowered;
  if (MEETING.has(name)) return meetingCall(part);
  const cast = findPlainCast(part);
  if (cast !== null) return safeCast(sparkCast(cast));
  const time = lowerTimeCall(part);
  if (time !== null) return time;
  if (name !== 'abs' && name !== 'round') return part;
  if (part.type.kind === 'double' && part.type.name === 'DOUBLE') {
    return { ...part, arguments: part.arguments.map((value, index) => (index === 0 ? asDouble(value) : value)) };
  }
  return { ...part, arguments: part.arguments.map((value, index) => (index === 0 ? asHugeInteger(value) : value)) };
}

/**
 * Values that are combined: dates next to timestamps as timestamps, and numbers unchanged if the engine can bring them to one type
 * without loss, otherwise as DOUBLE.
 */
function level(values: readonly Expression[]): readonly Expression[] {
  if (values.some((value) => value.type.kind === 'timestamp')) return values.map(asTimestamp);
  if (meetExactly(values.map((value) => value.type))) return values;
  return values.map((value) => (familyOfType(value.type) === 'number' ? asDouble(value) : value));
}

/** The argument of a sum or an average; as DOUBLE if its digits leave no room for the sum. */
function safeSummand(name: string, argument: Expression): Expression {
  // The engine would interpolate decimals with the digits that they have.
  const isMiddle = name === 'median' || name === 'quantile_cont';
  if (isMiddle) return familyOfType(argument.type) === 'number' ? asDouble(argument) : asTimestamp(argument);
  const digits = name === 'sum' || name === 'avg' ? digitsOf(argument.type) : null;
  return digits === null || digits.before + digits.after <= MAX_SUM_DIGITS ? argument : asDouble(argument);
}

function isWidened(before: Expression, after: Expression): boolean {
  return after.type.kind === 'double' && before.type.kind !== 'double';
}

function safeAggregate(part: ExpressionOf<'aggregate'>): Expression {
  if (part.argument === null) return part;
  const argument = safeSummand(part.function, part.argument);
  return { ...part, argument, type: isWidened(part.argument, argument) ? DOUBLE : part.type };
}

function safeWindow(part: ExpressionOf<'window'>): Expression {
  const values = part.arguments.map((value) => safeSummand(part.function, value));
  const [first, distance, other] = values;
  if (first !== undefined && distance !== undefined && other !== undefined) {
    // The engine would convert the last one to the type of the first.
    const type = commonType(first.type, other.type);
    const isNumber = familyOfType(first.type) === 'number' && familyOfType(other.type) === 'number';
    const [value, instead] = isNumber ? [castTo(first, type), castTo(other, type)] : [first, other];
    return { ...part, arguments: [value, distance, instead], type };
  }
  const isDouble = values.some((value, index) => isWidened(part.arguments[index] ?? value, value));
  return { ...part, arguments: values, type: isDouble ? DOUBLE : part.type };
}

function safePart(part: Expression): Expression {
  switch (part.kind) {
    case 'arithmetic':
      return safeArithmetic(part);
    case 'call':
      return safeCall(part);
    case 'aggregate':
      return safeAggregate(part);
    case 'comparison': {
      const [left = part.left, right = part.right] = level([part.left, part.right]);
      return { ...part, left, right };
    }
    case 'between': {
      const [value = part.value, low = part.low, high = part.high] = level([part.value, part.low, part.high]);
      return { ...part, value, low, high };
    }
    case 'in': {
      const [value = part.value, ...options] = level([part.value, ...part.options]);
      return { ...part, value, options };
    }
    case 'case': {
      const results = level([
        ...part.branches.map((branch) => branch.then),
        ...(part.otherwise === null ? [] : [part.otherwise]),
      ]);
      const branches = part.branches.map(({ when, then }, index) => ({ when, then: results[index] ?? then }));
      const otherwise = part.otherwise === null ? null : (results.at(-1) ?? null);
      return { ...part, branches, otherwise, type: results.map((value) => value.type).reduce(commonType, NULL) };
    }
    case 'inQuery':
      return { ...part, query: makeTotal(part.query) };
    case 'scalarQuery':
      return { ...part, query: makeTotal(part.query) };
    case 'window':
      return safeWindow(part);
    case 'cast':
      return safeCast(part.rules === 'spark' ? sparkCast(part) : part);
    case 'column':
    case 'literal':
    case 'parameter':
    case 'saltedHash':
    case 'grouping':
    case 'engineCall':
    case 'logic':
    case 'not':
    case 'isNull':
    case 'like':
    case 'invalid':
      return part;
  }
}

function safeExpression(expression: Expression): Expression {
  return safePart(mapChildren(expression, safeExpression));
}

function safeRelation(relation: Relation): Relation {
  switch (relation.kind) {
    case 'scan':
    case 'named':
      return relation;
    case 'derived':
      return { ...relation, query: makeTotal(relation.query) };
    case 'join': {
      const [left, right] = [safeRelation(relation.left), safeRelation(relation.right)];
      return { ...relation, left, right, on: safeExpression(relation.on) };
    }
  }
}

/**
 * The same query, rewritten so that it cannot fail because of a value: a failure would be one bit of information about the data.
 * Divisions by zero and roots of negative numbers give NULL; numbers are widened so that nothing overflows.
 */
export function makeTotal(query: Query): Query {
  //= rules R-9
  const named = query.named.map((each) => ({ ...each, query: makeTotal(each.query) }));
  // Which of several rows a LIMIT keeps must not be up to the engine.
  const isLimited = query.limit !== null || query.offset !== null;
  const order = isLimited ? fullOrder(query.order, outputsOf(query).length) : query.order;
  if (query.kind === 'set') {
    return { ...query, named, order, left: makeTotal(query.left), right: makeTotal(query.right) };
  }
  const orNull = (value: Expression | null): Expression | null => (value === null ? null : safeExpression(value));
  return {
    ...query,
    named,
    order,
    items: query.items.map(({ name, value }) => ({ name, value: safeExpression(value) })),
    from: query.from === null ? null : safeRelation(query.from),
    where: orNull(query.where),
    groups: query.groups.map(safeExpression),
    having: orNull(query.having),
    qualify: orNull(query.qualify),
  };
}

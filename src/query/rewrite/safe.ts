import { castTo, compare, wholeNumber } from '../ast/build.ts';
import type { Expression, ExpressionOf, Query, Relation } from '../ast/nodes.ts';
import type { ScalarName } from '../ast/functions.ts';
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
  TIMESTAMP,
} from '../ast/value-type.ts';
import { mapChildren } from '../ast/walk.ts';

const HUGEINT = integerOf('HUGEINT');
/** Sums of fewer than 10^12 values of so many digits fit the engine's largest numbers. */
const MAX_SUM_DIGITS = 26;

/** Two decimals of so many digits have products and sums of at most 18. */
const NARROW_DIGITS = 9;
/** The least digits of a decimal that the engine computes with in its largest numbers. */
const WIDE_DIGITS = 19;

function asDouble(value: Expression): Expression {
  return value.type.kind === 'double' && value.type.name === 'DOUBLE' ? value : castTo(value, DOUBLE);
}

function asHugeInteger(value: Expression): Expression {
  // A constant has the type that the engine reads it as, whatever ours is called.
  if (value.type.kind !== 'integer' || (value.type.name === 'HUGEINT' && value.kind !== 'literal')) return value;
  // The least of these numbers has no opposite.
  return value.type.digits > MAX_DIGITS ? asDouble(value) : castTo(value, HUGEINT);
}

function orNullIfZero(value: Expression): Expression {
  const zero: Expression = { ...wholeNumber(0), span: value.span };
  return { kind: 'call', function: 'nullif', arguments: [value, zero], span: value.span, type: value.type };
}

function safeArithmetic(part: ExpressionOf<'arithmetic'>): Expression {
  const [left, right] = operandsOf(part);
  const isDivision = part.operator === '/' || part.operator === '%';
  return { ...part, left, right: isDivision ? orNullIfZero(right) : right };
}

/** Both sides in types whose result has room for all digits that it can have. */
function operandsOf({ operator, left, right, type }: ExpressionOf<'arithmetic'>): readonly [Expression, Expression] {
  if (type.kind === 'integer') return [asHugeInteger(left), asHugeInteger(right)];
  if (type.kind !== 'decimal') return [asDouble(left), asDouble(right)];
  if (operator !== '*') return [asDecimal(left, type.scale), asDecimal(right, type.scale)];
  return [asDecimal(left, digitsOf(left.type)?.after ?? 0), asDecimal(right, digitsOf(right.type)?.after ?? 0)];
}

/**
 * A decimal of the digits that its values need. The engine keeps results of narrow ones to 18 digits and fails on more, so
 * that all that do not surely stay below are wide.
 */
function asDecimal(value: Expression, scale: number): Expression {
  const digits = (digitsOf(value.type)?.before ?? 0) + scale;
  const precision = digits <= NARROW_DIGITS ? Math.max(digits, 1) : Math.max(digits, WIDE_DIGITS);
  return castTo(value, decimalOf(precision, scale, Math.max(digits, 1)));
}

/** A function that is undefined for small arguments, as NULL there. */
function definedAbove(part: ExpressionOf<'call'>, operator: '>' | '>='): Expression {
  const [argument] = part.arguments.map(asDouble);
  if (argument === undefined) return part;
  const when = compare(operator, argument, { ...wholeNumber(0), span: part.span }, part.span);
  return onlyWhere(when, { ...part, arguments: [argument], type: DOUBLE });
}

function onlyWhere(when: Expression, then: Expression): Expression {
  return { kind: 'case', branches: [{ when, then }], otherwise: null, span: then.span, type: then.type };
}

/** Days that are too far away for an instant are NULL. */
function asInstant(value: Expression): Expression {
  return value.type.kind === 'date' ? castTo(value, TIMESTAMP) : value;
}

/** The begin of a period that began before the first instant there is would be none: NULL before the year 1. */
function truncateInstant(part: ExpressionOf<'call'>): Expression {
  const [unit, time] = part.arguments.map(asInstant);
  if (unit === undefined || time === undefined) return part;
  const first: Expression = { kind: 'literal', text: '0001-01-01 00:00:00', span: part.span, type: TIMESTAMP };
  return onlyWhere(compare('>=', time, first, part.span), { ...part, arguments: [unit, time] });
}

/** Functions whose arguments meet in one type. */
const MEETING: ReadonlySet<ScalarName> = new Set<ScalarName>(['coalesce', 'nullif', 'greatest', 'least']);

function safeCall(part: ExpressionOf<'call'>): Expression {
  const { function: name } = part;
  if (name === 'sqrt') return definedAbove(part, '>=');
  if (name === 'ln' || name === 'log10') return definedAbove(part, '>');
  if (name === 'date_part') return { ...part, arguments: part.arguments.map(asInstant) };
  if (name === 'date_trunc') return truncateInstant(part);
  if (MEETING.has(name)) return { ...part, arguments: level(part.arguments) };
  if (name !== 'abs' && name !== 'round') return part;
  return { ...part, arguments: part.arguments.map((value, index) => (index === 0 ? asHugeInteger(value) : value)) };
}

/** Numbers that meet: as they are if the engine can bring them to one type without loss, as DOUBLE otherwise. */
function level(values: readonly Expression[]): readonly Expression[] {
  if (meetExactly(values.map((value) => value.type))) return values;
  return values.map((value) => (familyOfType(value.type) === 'number' ? asDouble(value) : value));
}

/** An argument of a sum or an average whose digits leave no room for the sum. */
function safeSummand(name: string, argument: Expression): Expression {
  const digits = name === 'sum' || name === 'avg' ? digitsOf(argument.type) : null;
  return digits === null || digits.before + digits.after <= MAX_SUM_DIGITS ? argument : asDouble(argument);
}

function safeAggregate(part: ExpressionOf<'aggregate'>): Expression {
  if (part.argument === null) return part;
  const argument = part.function === 'median' ? asInstant(part.argument) : safeSummand(part.function, part.argument);
  if (part.function === 'median') return { ...part, argument };
  return argument === part.argument ? part : { ...part, argument, type: DOUBLE };
}

function safeWindow(part: ExpressionOf<'window'>): Expression {
  const values = part.arguments.map((value) => safeSummand(part.function, value));
  return values.every((value, index) => value === part.arguments[index])
    ? part
    : { ...part, arguments: values, type: DOUBLE };
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
      return { ...part, query: makeSafe(part.query) };
    case 'scalarQuery':
      return { ...part, query: makeSafe(part.query) };
    case 'window':
      return safeWindow(part);
    case 'column':
    case 'literal':
    case 'parameter':
    case 'logic':
    case 'not':
    case 'isNull':
    case 'like':
    case 'cast':
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
      return { ...relation, query: makeSafe(relation.query) };
    case 'join': {
      const [left, right] = [safeRelation(relation.left), safeRelation(relation.right)];
      return { ...relation, left, right, on: safeExpression(relation.on) };
    }
  }
}

/**
 * The same query in forms that cannot fail on any value: a failure would be a bit about the data. Divisions by zero and roots
 * of negative numbers give NULL; numbers are widened so that nothing overflows.
 */
export function makeSafe(query: Query): Query {
  //= rules R-9
  const named = query.named.map((each) => ({ ...each, query: makeSafe(each.query) }));
  if (query.kind === 'set') return { ...query, named, left: makeSafe(query.left), right: makeSafe(query.right) };
  const orNull = (value: Expression | null): Expression | null => (value === null ? null : safeExpression(value));
  return {
    ...query,
    named,
    items: query.items.map(({ name, value }) => ({ name, value: safeExpression(value) })),
    from: query.from === null ? null : safeRelation(query.from),
    where: orNull(query.where),
    groups: query.groups.map(safeExpression),
    having: orNull(query.having),
    qualify: orNull(query.qualify),
  };
}

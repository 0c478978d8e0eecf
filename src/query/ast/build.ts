import type { Span } from '../findings/finding.ts';
import type { Arithmetic, Comparison, Expression, ExpressionOf, RelationColumn } from './nodes.ts';
import {
  BOOLEAN,
  commonType,
  decimalOf,
  digitsOf,
  DOUBLE,
  familyOfType,
  integerOf,
  MAX_DIGITS,
  UNKNOWN,
  type ValueType,
} from './value-type.ts';

/** The span of parts that a rewrite adds. */
export const NOWHERE: Span = { start: 0, end: 0 };

/** The constant TRUE. */
export const TRUE: Expression = { kind: 'literal', text: 'true', span: NOWHERE, type: BOOLEAN };

/** A SELECT without any clause, to be completed. */
export const PLAIN_SELECT = {
  kind: 'select',
  named: [],
  hasStar: false,
  distinct: false,
  from: null,
  where: null,
  groups: [],
  having: null,
  qualify: null,
  order: [],
  limit: null,
  offset: null,
} as const;

/** `AND` or `OR` over terms, merged with nested ones of the same operator. A single term is returned as it is; none gives `null`. */
export function logic(operator: 'AND' | 'OR', parts: readonly Expression[], span: Span): Expression | null {
  const terms = parts.flatMap((part) => (part.kind === 'logic' && part.operator === operator ? part.terms : [part]));
  const [first] = terms;
  if (first === undefined || terms.length === 1) return first ?? null;
  return { kind: 'logic', operator, terms, span, type: BOOLEAN };
}

const OPPOSITE = {
  '=': '<>',
  '<>': '=',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
  'IS DISTINCT FROM': 'IS NOT DISTINCT FROM',
  'IS NOT DISTINCT FROM': 'IS DISTINCT FROM',
} as const satisfies Readonly<Record<Comparison, Comparison>>;

/** `NOT value`; a comparison is inverted instead, as the parser does. */
export function not(value: Expression, span: Span): Expression {
  if (value.kind === 'comparison') return { ...value, operator: OPPOSITE[value.operator] };
  return { kind: 'not', value, span, type: BOOLEAN };
}

/** A column of the relation with an alias. */
export function columnOf(alias: string, column: RelationColumn, span: Span = NOWHERE): ExpressionOf<'column'> {
  return { kind: 'column', relation: alias, name: column.name, column, span, type: column.type };
}

/** A comparison of two values of one family. */
export function compare(operator: Comparison, left: Expression, right: Expression, span: Span): Expression {
  return { kind: 'comparison', operator, left, right, span, type: BOOLEAN };
}

/** The type of `left operator right`, computed so that it cannot overflow: exact while the digits suffice. */
function arithmeticType(operator: Arithmetic, left: ValueType, right: ValueType): ValueType {
  if (familyOfType(left) !== 'number' || familyOfType(right) !== 'number') return UNKNOWN;
  const [a, b] = [digitsOf(left), digitsOf(right)];
  if (operator === '/' || a === null || b === null) return DOUBLE;
  if (operator === '%') {
    const type = commonType(left, right);
    return type.kind === 'integer' ? integerOf('HUGEINT', type.digits) : type;
  }
  const after = operator === '*' ? a.after + b.after : Math.max(a.after, b.after);
  const digits = operator === '*' ? a.before + b.before + after : Math.max(a.before, b.before) + after + 1;
  if (digits > MAX_DIGITS) return DOUBLE;
  return left.kind === 'integer' && right.kind === 'integer' ? integerOf('HUGEINT', digits) : decimalOf(digits, after);
}

/** Arithmetic over two numbers. */
export function calculate(
  operator: Arithmetic,
  left: Expression,
  right: Expression,
  span: Span,
): ExpressionOf<'arithmetic'> {
  return { kind: 'arithmetic', operator, left, right, span, type: arithmeticType(operator, left.type, right.type) };
}

/** A whole number. */
export function wholeNumber(value: number, span: Span = NOWHERE): Expression {
  const text = String(value);
  return { kind: 'literal', text, span, type: integerOf('BIGINT', text.replace('-', '').length) };
}

/** A conversion that gives NULL where a value does not fit, by the rules of the engine or of Spark. */
export function castTo(value: Expression, type: ValueType, rules: 'engine' | 'spark' = 'engine'): ExpressionOf<'cast'> {
  return { kind: 'cast', value, rules, span: value.span, type: narrow(type, value.type) };
}

/** The target type of a conversion, with the maximum digits that the values can have. */
function narrow(type: ValueType, from: ValueType): ValueType {
  if (type.kind === 'integer' && from.kind === 'integer') return integerOf(type.name, from.digits);
  return type;
}

import { readTypedText } from '../../../collab/light.ts';
import type { Expression, ExpressionOf } from '../../ast/nodes.ts';
import { isGuarded, type ScalarName } from '../../ast/functions.ts';
import { BIGINT, DATE, familyOfType, integerOf, TEXT, TIMESTAMP, type ValueType } from '../../ast/value-type.ts';
import { sizeOf } from '../../ast/walk.ts';
import type { Span } from '../../findings/finding.ts';
import type { Context } from '../context.ts';
import { foldConstant, isTime } from '../literal.ts';
import { invalid } from '../scope.ts';

/** What to write instead of a span of time in a place where there can be none. */
export const SPAN_HELP = 'Write DATEDIFF(unit, a, b), which is a number, or compare the span with an INTERVAL.';

/** A constant that a resolver put into a call, such as a unit or a format. */
export function setting(text: string, span: Span): Expression {
  return { kind: 'literal', text, span, type: TEXT };
}

/** A call whose arguments were checked. What it copies into the SQL counts as often as it stands there. */
export function makeCall(
  name: ScalarName,
  values: readonly Expression[],
  type: ValueType,
  span: Span,
  context: Context,
): ExpressionOf<'call'> {
  const call: ExpressionOf<'call'> = { kind: 'call', function: name, arguments: values, span, type };
  //= rules R-3
  if (isGuarded(name)) context.nodes.add(sizeOf(call) - values.reduce((size, value) => size + sizeOf(value), 1));
  return call;
}

/** A text constant as the date or timestamp that it is; other values as they are. */
export function asTime(value: Expression, context: Context): Expression {
  if (value.kind !== 'literal' || value.text === null || value.type.kind !== 'text') return value;
  const type = readTypedText(value.text, 'DATE') === null ? TIMESTAMP : DATE;
  return foldConstant(value, type, context) ?? value;
}

function mismatch(expected: string, value: Expression, context: Context, help?: string): Expression {
  const family = familyOfType(value.type);
  const isProtected = value.kind === 'column' && value.column.protection.kind !== 'cleartext';
  if (family === null || isProtected) return value;
  context.walk.found.add('TYPE_MISMATCH', value.span, `expected ${expected}, got a ${family} value`, { help });
  return invalid(value.span, [value]);
}

/** A date or a timestamp; text constants are read as one, and anything else is reported. */
export function expectTime(value: Expression, context: Context): Expression {
  const time = asTime(value, context);
  if (isTime(time.type)) return time;
  return mismatch(
    'a date or a timestamp',
    time,
    context,
    'Convert text with TO_DATE or CAST where the rule allows it.',
  );
}

/** A text; anything else is reported. */
export function expectText(value: Expression, context: Context): Expression {
  return value.type.kind === 'text' ? value : mismatch('a text value', value, context);
}

/** A whole number; anything else is reported. The negative of a constant is a constant. */
export function expectAmount(value: Expression, context: Context): Expression {
  if (value.kind === 'arithmetic' && value.operator === '-' && value.right.kind === 'literal') {
    const isNegation = value.left.kind === 'literal' && value.left.text === '0' && value.right.type.kind === 'integer';
    if (isNegation) return negate(value.right);
  }
  if (value.type.kind === 'integer' || familyOfType(value.type) === null) return value;
  const family = familyOfType(value.type);
  const isFraction = family === 'number';
  const help = 'Write a whole number, or CAST(… AS INTEGER).';
  if (!isFraction) return mismatch('a whole number', value, context, help);
  context.walk.found.add('TYPE_MISMATCH', value.span, 'expected a whole number, got one with a fraction', { help });
  return invalid(value.span, [value]);
}

/** A whole number with the opposite sign. */
export function negate(value: Expression): Expression {
  if (value.kind === 'literal' && value.text !== null) return { ...value, text: String(-BigInt(value.text)) };
  const zero: Expression = { kind: 'literal', text: '0', span: value.span, type: BIGINT };
  const type = value.type.kind === 'integer' ? integerOf('HUGEINT', value.type.digits + 1) : value.type;
  return { kind: 'arithmetic', operator: '-', left: zero, right: value, span: value.span, type };
}

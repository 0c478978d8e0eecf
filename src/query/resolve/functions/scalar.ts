import { quoteForMessage } from '../../../errors/index.ts';
import { type ArgumentKind, DATE_PARTS, type ScalarName, shapeOf } from '../../ast/functions.ts';
import type { Expression } from '../../ast/nodes.ts';
import { resultType } from '../../ast/result-type.ts';
import { familyOfType } from '../../ast/value-type.ts';
import type { Span } from '../../findings/finding.ts';
import type { Context } from '../context.ts';
import { isTime, unify } from '../literal.ts';
import { invalid } from '../scope.ts';
import { asTime, expectAmount, makeCall } from '../time/value.ts';

const MAX_LITERAL_ARGUMENT = 1_000_000;
const MAX_SIZE = 1_000;

function isProtectedColumn(value: Expression): boolean {
  return value.kind === 'column' && value.column.protection.kind !== 'cleartext';
}

/** Reports a value that is not a number. Protected columns have other findings. */
export function expectNumber(value: Expression, context: Context): void {
  const family = familyOfType(value.type);
  if (family === null || family === 'number' || isProtectedColumn(value)) return;
  context.walk.found.add('TYPE_MISMATCH', value.span, `expected a number, got a ${family} value`);
}

/** Reports an argument that is not what its function needs. */
export function checkArgument(kind: ArgumentKind, value: Expression, context: Context): void {
  const { found } = context.walk;
  const family = familyOfType(value.type);
  const mismatch = (expected: string): void => {
    if (family === null || isProtectedColumn(value)) return;
    found.add('TYPE_MISMATCH', value.span, `expected a ${expected}, got a ${family} value`);
  };
  switch (kind) {
    case 'text':
      if (family !== 'text') mismatch('text value');
      break;
    case 'number':
      if (family !== 'number') mismatch('number');
      break;
    case 'time':
      if (!isTime(value.type)) mismatch('date');
      break;
    case 'literal':
      if (value.kind !== 'literal' || value.type.kind !== 'integer') {
        found.add('ARGUMENT_NOT_LITERAL', value.span, 'expected a whole number that is written in the query');
      } else if (Math.abs(Number(value.text)) > MAX_LITERAL_ARGUMENT) {
        const most = String(MAX_LITERAL_ARGUMENT);
        found.add('LITERAL_RANGE', value.span, `expected a number from -${most} to ${most}, got ${String(value.text)}`);
      }
      break;
    case 'part':
      if (value.kind !== 'literal' || value.text === null || !DATE_PARTS.has(value.text)) {
        found.add('ARGUMENT_NOT_LITERAL', value.span, `expected one of ${[...DATE_PARTS].join(', ')}`);
      }
      break;
    case 'size':
      checkSize(value, context);
      break;
    case 'constant':
      if (value.kind !== 'literal' || value.type.kind !== 'text') {
        found.add('ARGUMENT_NOT_LITERAL', value.span, 'expected a text that is written in the query');
      }
      break;
    case 'amount':
    case 'setting':
    case 'same':
      break;
  }
}

function checkSize(value: Expression, { walk }: Context): void {
  if (value.kind !== 'literal' || value.type.kind !== 'integer') {
    walk.found.add('ARGUMENT_NOT_LITERAL', value.span, 'expected a whole number that is written in the query');
  } else if (Number(value.text) > MAX_SIZE || Number(value.text) < 0) {
    const message = `expected a number from 0 to ${String(MAX_SIZE)}, got ${String(value.text)}`;
    walk.found.add('LITERAL_RANGE', value.span, message);
  }
}

/** A call of a scalar function, with its arguments checked against the function's shape. */
export function callScalar(name: ScalarName, parts: readonly Expression[], span: Span, context: Context): Expression {
  const shape = shapeOf(name);
  const most = shape.repeats === true ? Number.POSITIVE_INFINITY : shape.arguments.length;
  const least = shape.arguments.length - (shape.optional ?? (shape.repeats === true ? 1 : 0));
  if (parts.length < least || parts.length > most) {
    context.walk.found.add(
      'FUNCTION_NOT_ALLOWED',
      span,
      `${quoteForMessage(name)} does not take ${String(parts.length)} arguments`,
    );
    return invalid(span, parts);
  }
  const isSame = shape.arguments.includes('same');
  const values = (isSame ? unify(parts, context) : parts).map((value, index) =>
    readArgument(shape.arguments[index], value, context),
  );
  for (const [index, value] of values.entries()) checkArgument(shape.arguments[index] ?? 'same', value, context);
  return makeCall(name, values, resultType(shape.result, values), span, context);
}

/** Reads text constants as times, and negatives of constants as constants. */
function readArgument(kind: ArgumentKind | undefined, value: Expression, context: Context): Expression {
  if (kind === 'amount') return expectAmount(value, context);
  return kind === 'time' ? asTime(value, context) : value;
}

import { quoteForMessage } from '../../errors/index.ts';
import { aggregateType } from '../ast/aggregate-type.ts';
import { resultType } from '../ast/result-type.ts';
import { calculate, wholeNumber } from '../ast/build.ts';
import { type Arithmetic, ARITHMETIC, type Expression } from '../ast/nodes.ts';
import {
  type AggregateName,
  type ArgumentKind,
  DATE_PARTS,
  findAggregate,
  findScalar,
  isRefusedAggregate,
  type ScalarName,
  shapeOf,
} from '../ast/functions.ts';
import { familyOfType, UNKNOWN } from '../ast/value-type.ts';
import type { Span } from '../findings/finding.ts';
import type { Context } from './context.ts';
import { countedWhere } from './count-where.ts';
import { type StrictNode, foldName } from './strict-node.ts';
import { findLike, LIKE_NAMES, resolveLike } from './like.ts';
import { isIntervalFunction, resolveIntervalFunction } from './interval.ts';
import { isTime, unify } from './literal.ts';
import { invalid } from './scope.ts';
import { resolveTimeArithmetic } from './time-arithmetic.ts';
import { readUnit, resolveTimeCall, takesUnit } from './time-call.ts';
import { functionMeant } from './operator-functions.ts';
import { asTime, expectAmount, makeCall, negate } from './time-value.ts';

/** Resolves a part of an expression; passed as an argument to avoid a circular import. */
export type ResolvePart = (node: StrictNode, context: Context) => Expression;

/** Functions that the parser inserts for special syntax, with a schema that is not in the text. */
const PARSER_MADE = new Set([
  'substring',
  'trim',
  'ltrim',
  'rtrim',
  'date_part',
  'timezone',
  'row',
  'list_value',
  'struct_pack',
]);

const MAX_LITERAL_ARGUMENT = 1_000_000;

function isProtectedColumn(value: Expression): boolean {
  return value.kind === 'column' && value.column.protection.kind !== 'cleartext';
}

function isArithmetic(name: string): name is Arithmetic {
  return ARITHMETIC.some((operator) => operator === name);
}

/** Reports a value that is not a number. Protected columns have other findings. */
function expectNumber(value: Expression, context: Context): void {
  const family = familyOfType(value.type);
  if (family === null || family === 'number' || isProtectedColumn(value)) return;
  context.walk.found.add('TYPE_MISMATCH', value.span, `expected a number, got a ${family} value`);
}

/** Reports an argument that an aggregate cannot take. */
export function checkAggregateArgument(name: AggregateName, argument: Expression, context: Context): void {
  if (name === 'count' || name === 'min' || name === 'max' || name === 'median') return;
  expectNumber(argument, context);
  if (name === 'sum' || name === 'avg' || argument.type.kind !== 'double') return;
  context.walk.found.add(
    'TYPE_MISMATCH',
    argument.span,
    `${quoteForMessage(name)} takes a decimal or whole number, not a DOUBLE`,
    {
      help: 'Convert it with CAST(… AS DECIMAL(38,6)); a DOUBLE can make the function fail, which reveals something about the data.',
    },
  );
}

function resolveAggregate(name: AggregateName, node: StrictNode, context: Context, resolve: ResolvePart): Expression {
  const { span } = node;
  const { found } = context.walk;
  const distinct = node.flag('distinct');
  const filterNode = node.optionalNode('filter');
  const written = filterNode === null ? null : resolve(filterNode, context);
  const children = node.nodes('children').map((child) => resolveArgument(child, context, resolve));
  const orders = node.node('order_bys');
  if (orders.isGiven('orders')) found.add('AGG_ORDER_BY', span, 'the aggregate has an ORDER BY');
  orders.word('type', ['ORDER_MODIFIER']);
  orders.close();
  node.empty('export_state', 'is_operator');
  node.close();
  const [given = null, second] = children;
  if (second !== undefined || (given === null && name !== 'count')) {
    found.add('AGG_ARG', span, `${quoteForMessage(name)} takes one argument, got ${String(children.length)}`);
    return invalid(span, children);
  }
  const { argument, filter } = countedWhere(name, given, written);
  if (argument !== null) checkAggregateArgument(name, argument, context);
  const type = aggregateType(name, argument?.type ?? UNKNOWN);
  return { kind: 'aggregate', function: name, distinct: distinct && argument !== null, argument, filter, span, type };
}

/** Resolves the argument of an aggregate; a star is reported as a wrong argument and not as an output. */
function resolveArgument(node: StrictNode, context: Context, resolve: ResolvePart): Expression {
  if (node.text('class') !== 'STAR') return resolve(node, context);
  node.skipAll();
  context.walk.found.add('AGG_ARG', node.span, 'the argument of the aggregate is a star');
  return invalid(node.span);
}

function refuseFunction(name: string, parts: readonly Expression[], span: Span, context: Context): Expression {
  const { found } = context.walk;
  if (isRefusedAggregate(name))
    found.add('AGG_FUNCTION', span, `${quoteForMessage(name)} returns values of individual rows or cannot be checked`);
  else found.add('FUNCTION_NOT_ALLOWED', span, `${quoteForMessage(name)} is not one of the functions that may run`);
  return invalid(span, parts);
}

function checkArgument(kind: ArgumentKind, value: Expression, context: Context): void {
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
    case 'amount':
    case 'setting':
    case 'same':
      break;
  }
}

/** A call of a scalar function, with its arguments checked against the function's shape. */
function callScalar(name: ScalarName, parts: readonly Expression[], span: Span, context: Context): Expression {
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
  return makeCall(name, values, resultType(shape.result, name, values), span, context);
}

/** Reads text constants as times, and negatives of constants as constants. */
function readArgument(kind: ArgumentKind | undefined, value: Expression, context: Context): Expression {
  if (kind === 'amount') return expectAmount(value, context);
  return kind === 'time' ? asTime(value, context) : value;
}

function resolveSymbol(name: string, parts: readonly Expression[], span: Span, context: Context): Expression {
  const [left, right, more] = parts;
  const like = findLike(name);
  if (like !== null && parts.length === (LIKE_NAMES.has(name) ? 3 : 2)) {
    for (const value of parts) checkArgument('text', value, context);
    return resolveLike(like, parts, span, context);
  }
  if (left === undefined || more !== undefined) return refuseFunction(name, parts, span, context);
  if (right === undefined) {
    if (left.kind === 'literal' && left.type.kind === 'interval') return name === '-' ? negate(left) : left;
    expectNumber(left, context);
    if (name === '-') return calculate('-', wholeNumber(0, span), left, span);
    return name === '+' ? left : refuseFunction(name, parts, span, context);
  }
  if (name === '||') return callScalar('||', parts, span, context);
  if (!isArithmetic(name)) return refuseFunction(name, parts, span, context);
  const time = name === '+' || name === '-' ? resolveTimeArithmetic(name, left, right, span, context) : null;
  if (time !== null) return time;
  for (const value of [left, right]) expectNumber(value, context);
  return calculate(name, left, right, span);
}

function resolveScalar(written: string, node: StrictNode, context: Context, resolve: ResolvePart): Expression {
  const { span } = node;
  const meant = functionMeant(written, context.manifest.dialect);
  const name = meant ?? written;
  const { found } = context.walk;
  const isSymbol = node.flag('is_operator') && meant === undefined;
  if (!isSymbol && isIntervalFunction(name)) return resolveIntervalFunction(node, context);
  const children = node.nodes('children');
  const hasUnit = !isSymbol && takesUnit(name, children.length);
  const parts = children.map((child, index) =>
    hasUnit && index === 0 ? readUnit(child, context) : resolve(child, context),
  );
  if (node.flag('distinct'))
    found.add('FUNCTION_NOT_ALLOWED', span, `${quoteForMessage(name)} is not an aggregate and does not take DISTINCT`);
  if (node.isGiven('filter')) found.add('FILTER_CLAUSE', span, `${quoteForMessage(name)} has a FILTER`);
  if (node.node('order_bys').isGiven('orders'))
    found.add('AGG_ORDER_BY', span, `${quoteForMessage(name)} has an ORDER BY`);
  node.empty('export_state');
  node.close();
  // LIKE with ESCAPE is a function to the parser.
  if (isSymbol || (node.text('schema') !== '' && LIKE_NAMES.has(name)))
    return resolveSymbol(name, parts, span, context);
  const time = resolveTimeCall(name, parts, span, context);
  if (time !== null) return time;
  //= rules R-10
  const scalar = findScalar(name);
  if (scalar === null || scalar === '||') return refuseFunction(name, parts, span, context);
  return callScalar(scalar, parts, span, context);
}

/** Resolves a function, an aggregate, or an operator in the form of a function. `given` is its name if the node has none. */
export function resolveFunction(
  node: StrictNode,
  context: Context,
  resolve: ResolvePart,
  given?: ScalarName,
): Expression {
  const { span } = node;
  if (given !== undefined) {
    const parts = node.nodes('children').map((child) => resolve(child, context));
    node.close();
    return callScalar(given, parts, span, context);
  }
  const name = foldName(node.text('function_name'));
  const schema = node.text('schema');
  node.empty('catalog');
  if (schema !== '' && !(schema === 'main' && (PARSER_MADE.has(name) || LIKE_NAMES.has(name)))) {
    const parts = node.nodes('children').map((child) => resolve(child, context));
    node.skipAll();
    context.walk.found.add(
      'FUNCTION_NOT_ALLOWED',
      span,
      `${quoteForMessage(`${schema}.${name}`)} is not a function that may run`,
    );
    return invalid(span, parts);
  }
  const aggregate = name === 'count_star' ? 'count' : findAggregate(name);
  return aggregate === null
    ? resolveScalar(name, node, context, resolve)
    : resolveAggregate(aggregate, node, context, resolve);
}

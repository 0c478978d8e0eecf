import { quoteForMessage } from '../../errors/index.ts';
import { calculate, compare, not, wholeNumber } from '../ast/build.ts';
import { type Arithmetic, ARITHMETIC, type Expression } from '../ast/nodes.ts';
import {
  type AggregateName,
  type ArgumentKind,
  DATE_PARTS,
  findAggregate,
  findScalar,
  isRefusedAggregate,
  PART_FUNCTIONS,
  type ResultKind,
  type ScalarName,
  shapeOf,
} from '../ast/functions.ts';
import {
  BIGINT,
  BOOLEAN,
  commonType,
  DATE,
  decimalOf,
  digitsOf,
  DOUBLE,
  familyOfType,
  integerOf,
  MAX_DIGITS,
  TEXT,
  TIMESTAMP,
  UNKNOWN,
  type ValueType,
} from '../ast/value-type.ts';
import type { Span } from '../findings/finding.ts';
import type { Context } from './context.ts';
import { type StrictNode, foldName } from './strict-node.ts';
import { convertTo, isTime, unify } from './literal.ts';
import { invalid } from './scope.ts';
import { readWrittenCall } from './written-call.ts';
import { readWrittenType } from './written-type.ts';

/** Resolves a part of an expression; passed as an argument to avoid a circular import. */
export type ResolvePart = (node: StrictNode, context: Context) => Expression;

/** Functions that the parser inserts for special syntax, with a schema that is not in the text. */
const PARSER_MADE = new Set([
  'substring',
  'trim',
  'ltrim',
  'rtrim',
  'position',
  'date_part',
  'row',
  'list_value',
  'struct_pack',
]);

const LIKES: ReadonlyMap<string, { readonly negated: boolean; readonly ignoreCase: boolean }> = new Map([
  ['~~', { negated: false, ignoreCase: false }],
  ['!~~', { negated: true, ignoreCase: false }],
  ['~~*', { negated: false, ignoreCase: true }],
  ['!~~*', { negated: true, ignoreCase: true }],
]);

/** Tables are assumed to have fewer than ten to this power rows, which limits the digits of a sum. */
const ROW_DIGITS = 12;
const MAX_LITERAL_ARGUMENT = 1_000_000;
const MAX_SIZE = 1_000;

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

/** The type of an aggregate's result, by the type of its argument. */
export function aggregateType(name: AggregateName, argument: ValueType): ValueType {
  switch (name) {
    case 'count':
      return BIGINT;
    case 'sum':
      if (argument.kind === 'integer') return integerOf('HUGEINT', argument.digits + ROW_DIGITS);
      if (argument.kind === 'decimal') return decimalOf(38, argument.scale, argument.digits + ROW_DIGITS);
      return argument.kind === 'double' ? DOUBLE : UNKNOWN;
    case 'min':
    case 'max':
      return argument;
    case 'median':
      if (argument.kind === 'date') return TIMESTAMP;
      return argument.kind === 'integer' ? DOUBLE : argument;
    case 'avg':
    case 'stddev_samp':
    case 'stddev_pop':
    case 'var_samp':
    case 'var_pop':
      return DOUBLE;
  }
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
  const filter = filterNode === null ? null : resolve(filterNode, context);
  const children = node.nodes('children').map((child) => resolveArgument(child, context, resolve));
  const orders = node.node('order_bys');
  if (orders.isGiven('orders')) found.add('AGG_ORDER_BY', span, 'the aggregate has an ORDER BY');
  orders.word('type', ['ORDER_MODIFIER']);
  orders.close();
  node.empty('export_state', 'is_operator');
  node.close();
  const [argument = null, second] = children;
  if (second !== undefined || (argument === null && name !== 'count')) {
    found.add('AGG_ARG', span, `${quoteForMessage(name)} takes one argument, got ${String(children.length)}`);
    return invalid(span, children);
  }
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
    case 'size':
      checkSize(value, context);
      break;
    case 'setting':
      if (value.kind !== 'literal' || value.type.kind !== 'text') {
        found.add('ARGUMENT_NOT_LITERAL', value.span, 'expected a text that is written in the query');
      }
      break;
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

/** The type of a number rounded to `places`: a carry can add a digit. */
function roundedType(type: ValueType, places: number): ValueType {
  const digits = digitsOf(type);
  if (digits === null) return type;
  const after = Math.min(Math.max(places, 0), digits.after);
  const total = digits.before + after + (places < digits.after ? 1 : 0);
  if (total > MAX_DIGITS) return DOUBLE;
  return type.kind === 'integer' ? integerOf('HUGEINT', total) : decimalOf(total, after);
}

/** The type of a number without the digits after `places`. */
function cutType(type: ValueType, places: number): ValueType {
  if (type.kind !== 'decimal') return type;
  const after = Math.min(Math.max(places, 0), type.scale);
  return decimalOf(type.precision, after, type.digits - type.scale + after);
}

/** The type of the whole part of a quotient, whose divisor may have digits after the point. */
function quotientType([left, right]: readonly ValueType[]): ValueType {
  const [above, below] = [digitsOf(left ?? UNKNOWN), digitsOf(right ?? UNKNOWN)];
  if (above === null || below === null) return UNKNOWN;
  return integerOf('HUGEINT', Math.min(above.before + Math.max(above.after, below.after), MAX_DIGITS));
}

function resultType(kind: ResultKind, values: readonly Expression[]): ValueType {
  const types = values.map((value) => value.type);
  const [first = UNKNOWN] = types;
  switch (kind) {
    case 'text':
      return TEXT;
    case 'integer':
      return integerOf('INTEGER');
    case 'bigint':
      return BIGINT;
    case 'double':
      return DOUBLE;
    case 'cut': {
      const places = values[1];
      return cutType(first, places?.kind === 'literal' ? Number(places.text) : 0);
    }
    case 'quotient':
      return quotientType(types);
    case 'boolean':
      return BOOLEAN;
    case 'date':
      return DATE;
    case 'timestamp':
      return TIMESTAMP;
    case 'first':
      return first;
    case 'rounded': {
      const places = values[1];
      return roundedType(first, places?.kind === 'literal' ? Number(places.text) : 0);
    }
    case 'common':
      return types.reduce(commonType, UNKNOWN);
    case 'whole':
      if (first.kind === 'decimal') return decimalOf(first.precision, 0, first.digits - first.scale + 1);
      return first.kind === 'integer' ? DOUBLE : first;
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
    lowerPart(shape.arguments[index], value),
  );
  for (const [index, value] of values.entries()) checkArgument(shape.arguments[index] ?? 'same', value, context);
  return { kind: 'call', function: name, arguments: values, span, type: resultType(shape.result, values) };
}

/** Lower-cases the name of a date part, for which case is ignored. */
function lowerPart(kind: ArgumentKind | undefined, value: Expression): Expression {
  if (kind !== 'part' || value.kind !== 'literal' || value.text === null) return value;
  return { ...value, text: value.text.toLowerCase() };
}

function resolveSymbol(name: string, parts: readonly Expression[], span: Span, context: Context): Expression {
  const [left, right, more] = parts;
  const like = LIKES.get(name);
  if (left === undefined || more !== undefined) return refuseFunction(name, parts, span, context);
  if (right === undefined) {
    expectNumber(left, context);
    if (name === '-') return calculate('-', wholeNumber(0, span), left, span);
    return name === '+' ? left : refuseFunction(name, parts, span, context);
  }
  if (like !== undefined) {
    for (const value of [left, right]) checkArgument('text', value, context);
    const matches: Expression = {
      kind: 'like',
      value: left,
      pattern: right,
      ignoreCase: like.ignoreCase,
      span,
      type: BOOLEAN,
    };
    return like.negated ? not(matches, span) : matches;
  }
  if (name === '||') return callScalar('||', parts, span, context);
  if (name === '<=>') {
    const [a = left, b = right] = unify(parts, context);
    return compare('IS NOT DISTINCT FROM', a, b, span);
  }
  if (!isArithmetic(name)) return refuseFunction(name, parts, span, context);
  for (const value of [left, right]) expectNumber(value, context);
  return calculate(name, left, right, span);
}

/** `CONVERT(type, value)`, in which the type looks like a name or a call. */
function resolveConvert(type: StrictNode, [value]: readonly Expression[], span: Span, context: Context): Expression {
  const target = readWrittenType(type);
  if (target !== null && value !== undefined) return convertTo(value, target, context);
  context.walk.found.add('UNSUPPORTED_NODE', type.span, 'values cannot be converted to this type');
  return invalid(span, value === undefined ? [] : [value]);
}

function resolveScalar(
  name: string,
  isSyntax: boolean,
  node: StrictNode,
  context: Context,
  resolve: ResolvePart,
): Expression {
  const { span } = node;
  const { found } = context.walk;
  const isSymbol = node.flag('is_operator');
  const children = node.nodes('children');
  const [type, ...rest] = name === 'convert' && children.length === 2 ? children : [undefined, ...children];
  const parts = rest.flatMap((child) => (child === undefined ? [] : [resolve(child, context)]));
  if (node.flag('distinct'))
    found.add('FUNCTION_NOT_ALLOWED', span, `${quoteForMessage(name)} is not an aggregate and does not take DISTINCT`);
  if (node.isGiven('filter')) found.add('FILTER_CLAUSE', span, `${quoteForMessage(name)} has a FILTER`);
  if (node.node('order_bys').isGiven('orders'))
    found.add('AGG_ORDER_BY', span, `${quoteForMessage(name)} has an ORDER BY`);
  node.empty('export_state');
  node.close();
  if (isSymbol) return resolveSymbol(name, parts, span, context);
  if (type !== undefined) return resolveConvert(type, parts, span, context);
  const written = readWrittenCall(parts, {
    name,
    span,
    context,
    isSyntax,
    scalar: (scalarName, values) => callScalar(scalarName, values, span, context),
    remainder: (values) => resolveSymbol('%', values, span, context),
  });
  if (written !== null) return written;
  if (PART_FUNCTIONS.has(name) && parts.length === 1) {
    const part: Expression = { kind: 'literal', text: name, span, type: TEXT };
    return callScalar('date_part', [part, ...parts], span, context);
  }
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
  if (schema !== '' && !(schema === 'main' && PARSER_MADE.has(name))) {
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
    ? resolveScalar(name, schema !== '', node, context, resolve)
    : resolveAggregate(aggregate, node, context, resolve);
}

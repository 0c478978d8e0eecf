import { quoteForMessage } from '../../errors/index.ts';
import { compare, logic, not } from '../ast/build.ts';
import type { Comparison, Expression, Query } from '../ast/nodes.ts';
import { firstSelect, isAggregated } from '../ast/walk.ts';
import {
  BIGINT,
  BOOLEAN,
  commonType,
  familyOfType,
  meetExactly,
  NULL,
  readTypeName,
  type ValueType,
} from '../ast/value-type.ts';
import { resolveForm } from './functions/aggregate-forms.ts';
import { resolveFunction } from './functions/call.ts';
import type { Context } from './context.ts';
import { type StrictNode, MAX_LIST } from './strict-node.ts';
import { convertTo, resolveConstant, unify } from './literal.ts';
import { resolveIntervalText } from './time/interval.ts';
import { resolveName } from './name.ts';
import { invalid } from './scope.ts';
import { SPAN_HELP } from './time/value.ts';
import { resolveWindow } from './functions/window.ts';
import { meaningsOf } from './dialect.ts';

const COMPARISON_TYPES: Readonly<Record<string, Comparison>> = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '<>',
  COMPARE_LESSTHAN: '<',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHAN: '>',
  COMPARE_GREATERTHANOREQUALTO: '>=',
  COMPARE_DISTINCT_FROM: 'IS DISTINCT FROM',
  COMPARE_NOT_DISTINCT_FROM: 'IS NOT DISTINCT FROM',
};

type Handler = (node: StrictNode, type: string, context: Context) => Expression;

/** A handler for each class of expression; a class without one is a finding. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  COLUMN_REF: (node, _type, context) => resolveName(node, context),
  CONSTANT: (node, _type, context) => resolveConstant(node, context),
  FUNCTION: (node, _type, context) =>
    resolveForm(node, context, resolveExpression) ?? resolveFunction(node, context, resolveExpression),
  WINDOW: (node, type, context) => resolveWindow(node, type, context, resolveExpression),
  COMPARISON: resolveComparison,
  CONJUNCTION: resolveConjunction,
  OPERATOR: resolveOperator,
  BETWEEN: resolveBetween,
  CASE: (node, _type, context) => resolveCase(node, context),
  CAST: (node, _type, context) => resolveCast(node, context),
  SUBQUERY: (node, _type, context) => resolveSubquery(node, context),
  PARAMETER: (node, _type, context) => resolveParameter(node, context),
  STAR: (node, _type, context) => {
    node.skipAll();
    context.walk.found.add('STAR', node.span, 'a star is not allowed here');
    return invalid(node.span);
  },
};

/** Resolves an expression of the parser's tree: every name and every type. Whatever is not known becomes a finding. */
export function resolveExpression(node: StrictNode, context: Context): Expression {
  if (node.isTooDeep) return invalid(node.span);
  context.nodes.add(1);
  const kind = node.text('class');
  const type = node.text('type');
  node.text('alias');
  const handler = Object.hasOwn(HANDLERS, kind) ? HANDLERS[kind] : undefined;
  if (handler !== undefined) return handler(node, type, context);
  node.skipAll();
  context.walk.found.add('UNSUPPORTED_NODE', node.span, `${quoteForMessage(kind)} is not supported`);
  return invalid(node.span);
}

function unsupported(node: StrictNode, type: string, context: Context): Expression {
  node.skipAll();
  context.walk.found.add('UNSUPPORTED_NODE', node.span, `${quoteForMessage(type)} is not supported`);
  return invalid(node.span);
}

function resolveComparison(node: StrictNode, type: string, context: Context): Expression {
  const operator = Object.hasOwn(COMPARISON_TYPES, type) ? COMPARISON_TYPES[type] : undefined;
  if (operator === undefined) return unsupported(node, type, context);
  const sides = [resolveExpression(node.node('left'), context), resolveExpression(node.node('right'), context)];
  node.close();
  const [left, right] = unify(sides, context);
  return left === undefined || right === undefined ? invalid(node.span) : compare(operator, left, right, node.span);
}

/** Reports a value that is not true or false. */
export function expectTruth(value: Expression, context: Context): Expression {
  const family = familyOfType(value.type);
  if (family === null || family === 'boolean') return value;
  context.walk.found.add('TYPE_MISMATCH', value.span, `expected a condition, got a ${family} value`);
  return value;
}

function resolveTruths(nodes: readonly StrictNode[], context: Context): readonly Expression[] {
  return nodes.map((node) => expectTruth(resolveExpression(node, context), context));
}

function resolveConjunction(node: StrictNode, type: string, context: Context): Expression {
  const terms = resolveTruths(node.nodes('children'), context);
  node.close();
  if (type !== 'CONJUNCTION_AND' && type !== 'CONJUNCTION_OR') return unsupported(node, type, context);
  return logic(type === 'CONJUNCTION_AND' ? 'AND' : 'OR', terms, node.span) ?? invalid(node.span);
}

function resolveBetween(node: StrictNode, type: string, context: Context): Expression {
  if (type !== 'COMPARE_BETWEEN') return unsupported(node, type, context);
  const parts = ['input', 'lower', 'upper'].map((name) => resolveExpression(node.node(name), context));
  node.close();
  const [value, low, high] = unify(parts, context);
  if (value === undefined || low === undefined || high === undefined) return invalid(node.span);
  return { kind: 'between', value, low, high, span: node.span, type: BOOLEAN };
}

function resolveOperator(node: StrictNode, type: string, context: Context): Expression {
  const { span } = node;
  if (type === 'OPERATOR_COALESCE') return resolveFunction(node, context, resolveExpression, 'coalesce');
  if (type === 'ARRAY_EXTRACT' || type === 'STRUCT_EXTRACT' || type === 'ARRAY_SLICE') {
    const parts = node.nodes('children').map((child) => resolveExpression(child, context));
    context.walk.found.add('STRUCT_ACCESS', span, 'columns have no parts');
    return invalid(span, parts);
  }
  if (type === 'GROUPING_FUNCTION') {
    const parts = node.nodes('children').map((child) => resolveExpression(child, context));
    node.close();
    return { kind: 'grouping', arguments: parts, span, type: BIGINT };
  }
  if (type === 'COMPARE_IN' || type === 'COMPARE_NOT_IN') {
    const found = resolveIn(node, context);
    return type === 'COMPARE_IN' ? found : not(found, span);
  }
  const known = ['OPERATOR_NOT', 'OPERATOR_IS_NULL', 'OPERATOR_IS_NOT_NULL'];
  if (!known.includes(type)) return unsupported(node, type, context);
  const [value, more] = node.nodes('children').map((child) => resolveExpression(child, context));
  node.close();
  if (value === undefined || more !== undefined) return unsupported(node, type, context);
  if (type === 'OPERATOR_NOT') return not(expectTruth(value, context), span);
  const isNull: Expression = { kind: 'isNull', value, span, type: BOOLEAN };
  return type === 'OPERATOR_IS_NULL' ? isNull : not(isNull, span);
}

function resolveIn(node: StrictNode, context: Context): Expression {
  const { span } = node;
  const children = node.nodes('children');
  node.close();
  if (children.length > MAX_LIST + 1) {
    context.walk.found.add(
      'TOO_LARGE',
      span,
      `expected at most ${String(MAX_LIST)} values, got ${String(children.length - 1)}`,
    );
    return invalid(span);
  }
  const [value, ...options] = unify(
    children.map((child) => resolveExpression(child, context)),
    context,
  );
  if (value === undefined || options.length === 0) return unsupported(node, 'IN', context);
  for (const option of options) {
    if (option.kind === 'literal' || option.kind === 'parameter' || option.kind === 'invalid') continue;
    context.walk.found.add('IN_NOT_LITERAL', option.span, 'expected a value, got an expression');
  }
  return { kind: 'in', value, options, span, type: BOOLEAN };
}

function resolveCase(node: StrictNode, context: Context): Expression {
  const whens: Expression[] = [];
  const thens: Expression[] = [];
  for (const check of node.nodes('case_checks')) {
    whens.push(expectTruth(resolveExpression(check.node('when_expr'), context), context));
    thens.push(resolveExpression(check.node('then_expr'), context));
    check.close();
  }
  thens.push(resolveExpression(node.node('else_expr'), context));
  node.close();
  const results = unify(thens, context);
  const branches = whens.flatMap((when, index) => {
    const then = results[index];
    return then === undefined ? [] : [{ when, then }];
  });
  const last = results.at(-1) ?? null;
  const otherwise = last?.kind === 'literal' && last.text === null ? null : last;
  const type = results.map((result) => result.type).reduce(commonType, NULL);
  return { kind: 'case', branches, otherwise, span: node.span, type };
}

/** A type by a name that DuckDB does not know. */
function readOwnType(node: StrictNode, context: Context): ValueType | null {
  const info = node.node('type_info');
  node.close();
  info.empty('alias', 'extension_info', 'catalog', 'schema', 'user_type_modifiers');
  info.word('type', ['UNBOUND_TYPE_INFO']);
  const type = meaningsOf(context).types.get(info.text('name').toUpperCase());
  info.skipAll();
  return type === undefined ? null : readTypeName(type);
}

/** The target type of a conversion, or `null` if values cannot be converted to it. */
function readCastType(node: StrictNode, context: Context): ValueType | null {
  const id = node.text('id');
  if (id === 'UNBOUND') return readOwnType(node, context);
  if (id !== 'DECIMAL') {
    const isPlain = !node.isGiven('type_info');
    node.close();
    return isPlain ? readTypeName(id) : null;
  }
  const fields = node.optionalNode('type_info');
  node.close();
  if (fields === null) return readTypeName('DECIMAL(18,3)');
  fields.empty('alias', 'extension_info');
  fields.word('type', ['DECIMAL_TYPE_INFO']);
  const name = `DECIMAL(${fields.text('width')},${fields.text('scale')})`;
  fields.close();
  return readTypeName(name);
}

function resolveCast(node: StrictNode, context: Context): Expression {
  const child = node.node('child');
  const value = resolveExpression(child, context);
  node.flag('try_cast');
  const target = node.node('cast_type');
  const isInterval = target.text('id') === 'INTERVAL';
  const type = readCastType(target, context);
  node.close();
  const span = node.span.end === node.span.start ? value.span : node.span;
  if (isInterval) return resolveIntervalText(value, span, context);
  if (type === null) {
    context.walk.found.add('UNSUPPORTED_NODE', span, 'values cannot be converted to this type', {
      help: 'Convert to a text, a number, BOOLEAN, DATE or TIMESTAMP.',
    });
    return invalid(span, [value]);
  }
  if (familyOfType(value.type) === 'interval') {
    context.walk.found.add('TYPE_MISMATCH', span, 'a span of time cannot be converted', { help: SPAN_HELP });
    return invalid(span, [value]);
  }
  return convertTo(value, type, context);
}

function resolveParameter(node: StrictNode, context: Context): Expression {
  const { span } = node;
  const name = node.text('identifier');
  node.close();
  const { parameters, walk } = context;
  if (parameters === null) {
    walk.found.add('PARAMETER', span, `the query has a parameter ${quoteForMessage(name)} but is not a template`);
    return invalid(span);
  }
  const type = parameters.get(name);
  if (type !== undefined) return { kind: 'parameter', name, span, type };
  walk.found.add('PARAMETER', span, `the template does not declare a parameter ${quoteForMessage(name)}`);
  return invalid(span);
}

function givesOneRow(query: Query): boolean {
  return query.kind === 'select' && query.groups.length === 0 && query.having === null && isAggregated(query);
}

function resolveSubquery(node: StrictNode, context: Context): Expression {
  const { span } = node;
  const { found } = context.walk;
  const kind = node.word('subquery_type', ['SCALAR', 'ANY', 'EXISTS', 'NOT_EXISTS']);
  const operator = node.text('comparison_type');
  const child = node.optionalNode('child');
  const value = child === null ? null : resolveExpression(child, { ...context, isCorrelated: false });
  const query = context.resolveInner(node.node('subquery'), context);
  node.close();
  const [item, more] = query === null ? [] : firstSelect(query).items;
  if (query === null || item === undefined) return invalid(span);
  if (more !== undefined) found.add('SUBQUERY', span, 'a sub-query that is used as a value must have a single output');
  if (kind === 'SCALAR') {
    //= rules R-32
    if (!givesOneRow(query))
      found.add('SUBQUERY_MULTIROW', span, 'the sub-query may return more or fewer rows than one');
    return { kind: 'scalarQuery', query, span, type: item.value.type };
  }
  if (kind === 'ANY' && operator === 'COMPARE_EQUAL' && value !== null) {
    unify([value, { ...item.value, span }], context);
    if (value.type.kind !== item.value.type.kind && familyOfType(value.type) !== 'number') {
      if (familyOfType(value.type) !== null && familyOfType(item.value.type) !== null)
        found.add('TYPE_MISMATCH', span, 'the values on both sides have different types');
    }
    if (!meetExactly([value.type, item.value.type])) {
      found.add('TYPE_MISMATCH', span, 'the numbers on both sides have too many digits to be compared exactly');
    }
    return { kind: 'inQuery', value, query, span, type: BOOLEAN };
  }
  const isExists = kind === 'EXISTS' || kind === 'NOT_EXISTS';
  found.add('SUBQUERY', span, 'this kind of sub-query is not supported in a condition; use IN', {
    help: isExists
      ? 'EXISTS is a condition that all rows must meet, combined with AND. Elsewhere write `column IN (SELECT …)`.'
      : undefined,
  });
  return invalid(span);
}

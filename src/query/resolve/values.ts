import { columnOf, PLAIN_SELECT } from '../ast/build.ts';
import type { Expression, Item, Leaf, Query, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { meetExactly } from '../ast/value-type.ts';
import type { Span } from '../findings/finding.ts';
import type { Context } from './context.ts';
import { resolveExpression } from './expression.ts';
import { unify } from './literal.ts';
import { NO_SCOPE } from './scope.ts';
import { MAX_LIST, type StrictNode } from './strict-node.ts';
import { meaningsOf } from './dialect.ts';

/** The names in a list after an alias; empty if there is none. */
export function readColumnNames(node: StrictNode): readonly string[] {
  return node.has('column_name_alias') ? node.texts('column_name_alias') : [];
}

/** `SELECT *` from a relation, with all columns named. */
export function selectAll(leaf: Leaf): Select {
  const items = leaf.columns.map((column) => ({ name: column.name, value: columnOf(leaf.alias, column, leaf.span) }));
  return { ...PLAIN_SELECT, items, from: leaf, span: leaf.span };
}

function renamed(query: Query, names: readonly string[]): Query {
  if (query.kind === 'set') return { ...query, left: renamed(query.left, names) };
  const items = query.items.map(({ name, value }, index): Item => ({ name: names[index] ?? name, value }));
  return { ...query, items };
}

/** The same query with other names for its outputs, which were checked by their old ones. */
export function renameOutputs(query: Query, names: readonly string[], span: Span, { walk }: Context): Query {
  if (names.length === 0) return query;
  const outputs = outputsOf(query).length;
  //= rules R-7
  if (names.length !== outputs) {
    const message = `the list has ${String(names.length)} names, and the sub-query ${String(outputs)} outputs`;
    walk.found.add('COLUMN_ALIAS_LIST', span, message, { help: 'Give each output one name.' });
  }
  return renamed(query, names);
}

/** `SELECT … UNION ALL SELECT …` in the form of a tree that is as flat as it can be. */
function unionAll(selects: readonly Query[], span: Span): Query | null {
  const [first] = selects;
  if (first === undefined || selects.length === 1) return first ?? null;
  const half = selects.length >> 1;
  const [left, right] = [unionAll(selects.slice(0, half), span), unionAll(selects.slice(half), span)];
  if (left === null || right === null) return left ?? right;
  const parts = { named: [], order: [], limit: null, offset: null, span } as const;
  return { kind: 'set', operator: 'UNION', all: true, left, right, ...parts };
}

function isConstant({ kind }: Expression): boolean {
  return kind === 'literal' || kind === 'parameter' || kind === 'invalid';
}

/** The values of VALUES by rows, each of them a constant; `null` if the rows have different lengths. */
function readRows(node: StrictNode, context: Context): readonly (readonly Expression[])[] | null {
  const { span } = node;
  const { found } = context.walk;
  const lists = node.nodeLists('values');
  if (lists.length > MAX_LIST) {
    found.add('TOO_LARGE', span, `expected at most ${String(MAX_LIST)} rows, got ${String(lists.length)}`);
    return null;
  }
  const inside = { ...context, scope: NO_SCOPE };
  const rows = lists.map((list) => list.map((value) => resolveExpression(value, inside)));
  const [first = []] = rows;
  if (first.length === 0 || rows.some((row) => row.length !== first.length)) {
    found.add('UNSUPPORTED_NODE', span, 'the rows of VALUES do not have the same number of values');
    return null;
  }
  for (const value of rows.flat()) {
    if (isConstant(value)) continue;
    found.add('ARGUMENT_NOT_LITERAL', value.span, 'VALUES has an expression instead of a value');
  }
  return rows;
}

/** Resolves VALUES to the UNION ALL of SELECTs of its rows; `null` if it is not supported. */
export function resolveValues(node: StrictNode, context: Context): Query | null {
  const { span } = node;
  node.text('alias');
  node.empty('sample', 'expected_names', 'expected_types');
  const rows = readRows(node, context);
  node.close();
  if (rows === null) return null;
  //= rules R-60
  const columns = (rows[0] ?? []).map((_, index) => {
    const values = unify(
      rows.flatMap((row) => row[index] ?? []),
      context,
    );
    if (meetExactly(values.map(({ type }) => type))) return values;
    context.walk.found.add('TYPE_MISMATCH', span, 'the numbers have too many digits to be of one type');
    return values;
  });
  const start = meaningsOf(context).firstColumn;
  const selects = rows.map((row, place): Select => {
    const items = row.map((value, index) => ({
      name: `col${String(index + start)}`,
      value: columns[index]?.[place] ?? value,
    }));
    return { ...PLAIN_SELECT, items, span: row[0]?.span ?? span };
  });
  return unionAll(selects, span);
}

import type { TableColumn, Expression, Query, RelationColumn, Select, SetOperation } from './nodes.ts';
import { commonType } from './value-type.ts';
import { childrenOf, firstSelect } from './walk.ts';

const CLEARTEXT = { kind: 'cleartext' } as const;

function unite(sources: readonly TableColumn[]): readonly TableColumn[] {
  return [...new Map(sources.map((source) => [`${source.table}.${source.column}`, source])).values()];
}

/**
 * The table columns that a value depends on. A count depends on none, because columns that may not be shown may be counted; this
 * does not extend to the count's filter.
 */
function sourcesOf(expression: Expression): readonly TableColumn[] {
  if (expression.kind === 'column') return expression.column.sources;
  if (expression.kind === 'aggregate' && expression.function === 'count') {
    return expression.filter === null ? [] : sourcesOf(expression.filter);
  }
  const own = childrenOf(expression).flatMap(sourcesOf);
  if (expression.kind !== 'scalarQuery' && expression.kind !== 'inQuery') return unite(own);
  return unite([...own, ...outputsOf(expression.query).flatMap((column) => column.sources)]);
}

function selectOutputs(select: Select): readonly RelationColumn[] {
  return select.items.map(({ name, value }) => {
    const { type } = value;
    if (value.kind === 'column') return { ...value.column, name };
    return { name, type, protection: CLEARTEXT, origin: null, sources: sourcesOf(value) };
  });
}

/** Without it, each of many nested set operations would look at all sides again. */
const KNOWN = new WeakMap<Query, readonly RelationColumn[]>();

/** The columns that a query returns, with what is known about each. */
export function outputsOf(query: Query): readonly RelationColumn[] {
  const known = KNOWN.get(query) ?? (query.kind === 'select' ? selectOutputs(query) : setOutputs(query));
  KNOWN.set(query, known);
  return known;
}

function setOutputs(query: SetOperation): readonly RelationColumn[] {
  const names = firstSelect(query).items.map((item) => item.name);
  const left = outputsOf(query.left);
  const right = outputsOf(query.right);
  return left.flatMap((column, index) => {
    const other = right[index];
    const name = names[index];
    if (other === undefined || name === undefined) return [];
    const sources = unite([...column.sources, ...other.sources]);
    return [{ ...column, name, type: commonType(column.type, other.type), origin: null, sources }];
  });
}

import type { CustomRule, OutputConstraint } from '../../collab/index.ts';
import type { Expression, Query } from '../ast/nodes.ts';
import { childrenOf } from '../ast/walk.ts';

/** What the minimum of a row is found by. */
interface Minimums {
  readonly table: string;
  readonly rule: CustomRule;
  /** The minimum where no column has its own. */
  readonly usual: number;
}

/** The minimums of the columns that a value is made of; empty for constants, and for counts of the last SELECT. */
function minimumsIn(value: Expression, minimums: Minimums): readonly number[] {
  const { table, rule, usual } = minimums;
  switch (value.kind) {
    case 'literal':
    case 'parameter':
      return [];
    case 'aggregate':
      return value.function === 'count' || value.argument === null ? [] : minimumsIn(value.argument, minimums);
    case 'scalarQuery':
    case 'inQuery':
      return [usual];
    case 'column': {
      const { sources } = value.column;
      if (sources.length === 0) return [usual];
      return sources.map((source) => {
        const own = rule.outputColumnThresholds.find(({ columnName }) => columnName === source.column);
        return source.table === table ? (own?.minimum ?? usual) : usual;
      });
    }
    case 'window':
    case 'call':
    case 'saltedHash':
    case 'grouping':
    case 'engineCall':
    case 'arithmetic':
    case 'comparison':
    case 'between':
    case 'logic':
    case 'not':
    case 'isNull':
    case 'in':
    case 'like':
    case 'case':
    case 'cast':
    case 'invalid':
      return childrenOf(value).flatMap((child) => minimumsIn(child, minimums));
  }
}

/**
 * The minimum that a constraint means for a query: the highest of the columns that its rows show, group by and are chosen by in
 * HAVING and QUALIFY, of which some have one of their own. Counts show no column. 0: the rows are exempt.
 */
export function minimumFor(
  query: Query,
  table: string,
  rule: CustomRule,
  { minimum: usual }: OutputConstraint,
): number {
  if (rule.outputColumnThresholds.length === 0 || query.kind === 'set') return usual;
  const { items, groups, having, qualify } = query;
  const conditions = [having, qualify].filter((condition) => condition !== null);
  const values = [...items.map(({ value }) => value), ...groups, ...conditions];
  //= rules R-54
  const found = values.flatMap((value) => minimumsIn(value, { table, rule, usual }));
  return found.length === 0 ? usual : Math.max(...found);
}

import { compare, logic, NOWHERE } from '../ast/build.ts';
import { canonicalText } from '../ast/equal.ts';
import type { Expression, ExpressionOf, Select } from '../ast/nodes.ts';
import { isExtreme, mapChildren, shownIn, within } from '../ast/walk.ts';
import { rowsOf, selectRows } from './rows.ts';

const RANKED = 'ranked';

/** A SELECT, and the thresholds of its rows in terms of its FROM. */
interface Thresholded {
  readonly select: Select;
  readonly thresholds: readonly Expression[];
}

/** A threshold that counts only the rows that meet a condition. */
function thresholdWhere(threshold: Expression, filter: Expression): Expression {
  if (threshold.kind === 'aggregate') return { ...threshold, filter };
  return mapChildren(threshold, (child) => thresholdWhere(child, filter));
}

/** `CASE WHEN enough persons have exactly the value THEN it END`, with the value of the group in `most`, beside each row. */
function sharedOnly(part: ExpressionOf<'aggregate'>, most: Expression, thresholds: readonly Expression[]): Expression {
  if (part.argument === null) return part;
  const isValue = compare('=', part.argument, most, NOWHERE);
  const when = logic(
    'AND',
    thresholds.map((threshold) => thresholdWhere(threshold, isValue)),
    NOWHERE,
  );
  if (when === null) return part;
  return { kind: 'case', branches: [{ when, then: part }], otherwise: null, span: part.span, type: part.type };
}

/**
 * The same SELECT with MIN and MAX that are NULL unless as many persons as the thresholds ask for have exactly that value in the
 * group. For that, each row has the smallest or largest value of its group beside it.
 */
function shareExtremes(select: Select, thresholds: readonly Expression[]): Thresholded {
  const { from, where, groups } = select;
  const found = shownIn(select).flatMap((value) => [...within(value)].filter(isExtreme));
  const extremes = [...new Map(found.map((part) => [canonicalText(part), part])).values()];
  if (extremes.length === 0 || thresholds.length === 0 || from === null) return { select, thresholds };
  //= rules R-66
  const computed = extremes.map(({ function: name, argument, span, type }): Expression => {
    const values = argument === null ? [] : [argument];
    return { kind: 'window', function: name, arguments: values, partition: groups, order: [], frame: null, span, type };
  });
  const values = [...shownIn(select), ...groups, ...thresholds];
  const rows = rowsOf(select, from, values, { alias: RANKED, where, qualify: null, computed });
  const counted = thresholds.map(rows.change);
  const shared = new Map<string, Expression>();
  for (const [index, extreme] of extremes.entries()) {
    const [part, most] = [rows.change(extreme), rows.computed[index]];
    if (part.kind === 'aggregate' && most !== undefined) {
      shared.set(canonicalText(part), sharedOnly(part, most, counted));
    }
  }
  const replace = (value: Expression): Expression =>
    shared.get(canonicalText(value)) ?? mapChildren(value, (child) => replace(child));
  const over = selectRows(select, rows);
  return {
    select: {
      ...over,
      items: over.items.map(({ name, value }) => ({ name, value: replace(value) })),
      having: over.having === null ? null : replace(over.having),
      qualify: over.qualify === null ? null : replace(over.qualify),
    },
    thresholds: counted,
  };
}

/** The SELECT with thresholds in HAVING, next to its own conditions, and with MIN and MAX only where enough persons share the value. */
export function applyThresholds(select: Select, thresholds: readonly Expression[]): Thresholded {
  const shared = shareExtremes(select, thresholds);
  const own = shared.select.having === null ? [] : [shared.select.having];
  const having = logic('AND', [...own, ...shared.thresholds], NOWHERE);
  return { select: { ...shared.select, having }, thresholds: shared.thresholds };
}

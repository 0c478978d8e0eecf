import type { Expression, ExpressionOf, Relation } from '../ast/nodes.ts';
import { isSameIfEqual } from '../ast/value-type.ts';
import { columnsIn, isFilterJoin, joinsIn, leavesOf, termsOf, visibleLeavesOf } from '../ast/walk.ts';

type Join = Extract<Relation, { readonly kind: 'join' }>;

/** The text by which a set knows a column of a FROM. */
export function columnKey(relation: string, name: string): string {
  return JSON.stringify([relation, name]);
}

/** {@link columnKey} of a column. */
export function keyOf(part: ExpressionOf<'column'>): string {
  return columnKey(part.relation, part.name);
}

/** `from` being known makes `to` known; an empty `from` is a constant. */
export interface Link {
  readonly from: string;
  readonly to: string;
  /** Columns that must be known as well. */
  readonly guards: readonly string[];
}

/** Whether a value is a column as it is. */
export function isBare(value: Expression): value is ExpressionOf<'column'> {
  return value.kind === 'column';
}

/** Whether a value is the same for all rows of a query. */
export function isConstant(value: Expression): boolean {
  return value.kind === 'literal' || value.kind === 'parameter' || value.kind === 'scalarQuery';
}

/** Links in both directions for terms that hold in every row. */
export function linksOf(terms: readonly Expression[]): readonly Link[] {
  return terms.flatMap((term): readonly Link[] => {
    if (term.kind !== 'comparison' || term.operator !== '=') return [];
    const { left, right } = term;
    // Different values may be equal after a conversion that loses digits.
    if (!isSameIfEqual(left.type, right.type)) return [];
    if (isBare(left) && isBare(right)) {
      const [a, b] = [keyOf(left), keyOf(right)];
      return [
        { from: a, to: b, guards: [] },
        { from: b, to: a, guards: [] },
      ];
    }
    const [column, other] = isBare(left) ? [left, right] : [right, left];
    return isBare(column) && isConstant(other) ? [{ from: '', to: keyOf(column), guards: [] }] : [];
  });
}

/** Links from the side of an outer join whose rows all stay to the other one, which is null in a row without a match. */
function linksAcross(on: Expression, stays: Relation): readonly Link[] {
  const aliases = new Set(visibleLeavesOf(stays).map((leaf) => leaf.alias));
  const terms = termsOf(on);
  const guards = terms
    .flatMap(columnsIn)
    .filter((part) => aliases.has(part.relation))
    .map(keyOf);
  return linksOf(terms)
    .filter((link) => guards.includes(link.from) && !guards.includes(link.to))
    .map((link) => ({ ...link, guards }));
}

interface Sides {
  readonly inLeft: boolean;
  readonly inRight: boolean;
  readonly mayMissLeft: boolean;
  readonly mayMissRight: boolean;
}

/** Which sides of a join have a relation that is given, and which may have no row where a given one has. */
function sidesOf({ type, left, right }: Join, given: ReadonlySet<string>): Sides {
  const isIn = (side: Relation): boolean => leavesOf(side).some((leaf) => given.has(leaf.alias));
  const [inLeft, inRight] = [isIn(left), isIn(right)];
  const mayMissLeft = (type === 'RIGHT' || type === 'FULL') && !inLeft;
  const mayMissRight = (type === 'LEFT' || type === 'FULL') && !inRight;
  return { inLeft, inRight, mayMissLeft, mayMissRight };
}

/** The aliases of relations that may have no row in the rows of a FROM in which the given relations have one. */
export function missingIn(relation: Relation | null, given: ReadonlySet<string>): ReadonlySet<string> {
  const missing = joinsIn(relation).flatMap((join) => {
    const { mayMissLeft, mayMissRight } = sidesOf(join, given);
    return [...(mayMissLeft ? leavesOf(join.left) : []), ...(mayMissRight ? leavesOf(join.right) : [])];
  });
  return new Set(missing.map(({ alias }) => alias));
}

/** The links of a FROM in the rows in which the given relations have a row. */
export function linksIn(relation: Relation | null, given: ReadonlySet<string>): readonly Link[] {
  if (relation?.kind !== 'join') return [];
  const { type, left, right, on } = relation;
  const { inLeft, inRight, mayMissLeft, mayMissRight } = sidesOf(relation, given);
  // Where a side may be missing, its columns are null instead of the constants that its conditions want.
  const linksOfSide = (side: Relation, mayMiss: boolean): readonly Link[] =>
    linksIn(side, given).filter((link) => !mayMiss || link.from !== '');
  if (isFilterJoin(relation)) return linksOfSide(left, mayMissLeft);
  const below = [...linksOfSide(left, mayMissLeft), ...linksOfSide(right, mayMissRight)];
  if (type === 'INNER') return [...below, ...linksOf(termsOf(on))];
  // In the rows in which a relation of the side that may be null has a row, there was a match.
  const hasMatch = (type === 'LEFT' && inRight && !inLeft) || (type === 'RIGHT' && inLeft && !inRight);
  if (hasMatch) return [...below, ...linksOf(termsOf(on))];
  if (type === 'FULL' && inLeft === inRight) return below;
  const stays = type === 'LEFT' || (type === 'FULL' && inLeft) ? left : right;
  return [...below, ...linksAcross(on, stays)];
}

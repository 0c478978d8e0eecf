import { logic, TRUE } from '../ast/build.ts';
import type { Expression, ExpressionOf, Relation } from '../ast/nodes.ts';
import { aliasesIn, isCross, isFilterJoin, leavesOf } from '../ast/walk.ts';
import type { Span } from '../findings/finding.ts';

type Join = Extract<Relation, { readonly kind: 'join' }>;

/** A FROM, and the terms of WHERE that are left. */
interface Spread {
  readonly from: Relation;
  readonly terms: readonly Expression[];
}

function crossJoin(left: Relation, right: Relation, span: Span): Join {
  return { kind: 'join', type: 'INNER', left, right, on: { ...TRUE, span }, span };
}

/** The relations that CROSS JOINs and commas combine, in the order of the text. */
function partsOf(relation: Relation): readonly Relation[] {
  if (relation.kind !== 'join' || !isCross(relation)) return [relation];
  return [...partsOf(relation.left), ...partsOf(relation.right)];
}

function isEquality(term: Expression): term is ExpressionOf<'comparison'> {
  if (term.kind !== 'comparison' || term.operator !== '=') return false;
  return term.left.kind === 'column' && term.right.kind === 'column';
}

/** Joins the parts of a FROM by the terms of WHERE that are equalities between them. */
class CommaJoins {
  readonly #span: Span;
  #terms: readonly Expression[];

  constructor(terms: readonly Expression[], span: Span) {
    this.#terms = terms;
    this.#span = span;
  }

  get terms(): readonly Expression[] {
    return this.#terms;
  }

  /** The terms that compare columns of two sides, or combine such terms with OR. */
  #across(left: Relation, right: Relation): readonly Expression[] {
    const [lefts, rights] = [left, right].map((side) => new Set(leavesOf(side).map(({ alias }) => alias)));
    const isAcross = (term: Expression): boolean => {
      if (term.kind === 'logic' && term.operator === 'OR') return term.terms.every(isAcross);
      if (!isEquality(term)) return false;
      const [a, b] = [[...aliasesIn(term.left)], [...aliasesIn(term.right)]].map(([alias = '']) => alias);
      if (a === undefined || b === undefined || lefts === undefined || rights === undefined) return false;
      return (lefts.has(a) && rights.has(b)) || (lefts.has(b) && rights.has(a));
    };
    return this.#terms.filter(isAcross);
  }

  #join(left: Relation, right: Relation): Relation {
    const own = this.#across(left, right);
    const on = logic('AND', own, this.#span);
    if (on === null) return crossJoin(left, right, this.#span);
    this.#terms = this.#terms.filter((term) => !own.includes(term));
    const joined = { ...on, span: own[0]?.span ?? on.span };
    return { kind: 'join', type: 'INNER', left, right, on: joined, form: 'comma', span: right.span };
  }

  #chain(parts: readonly Relation[]): Relation | null {
    const rest = [...parts];
    let tree = rest.shift() ?? null;
    while (tree !== null && rest.length > 0) {
      const done: Relation = tree;
      const next = rest.findIndex((part) => this.#across(done, part).length > 0);
      const [part] = rest.splice(Math.max(0, next), 1);
      if (part === undefined) break;
      tree = this.#join(done, part);
    }
    return tree;
  }

  /** The same rows once the rest of the terms holds: only joins are reached whose rows WHERE sees as they are. */
  spread(relation: Relation): Relation {
    if (relation.kind !== 'join') return relation;
    if (isCross(relation)) return this.#chain(partsOf(relation).map((part) => this.spread(part))) ?? relation;
    const { type, left, right } = relation;
    const inLeft = type === 'INNER' || type === 'LEFT' || isFilterJoin(relation);
    const inRight = type === 'INNER' || type === 'RIGHT';
    return {
      ...relation,
      left: inLeft ? this.spread(left) : left,
      right: inRight ? this.spread(right) : right,
    };
  }
}

/** A FROM in which relations without a condition are joined by those of WHERE, as in `FROM a, b WHERE a.x = b.x`. */
export function joinByWhere(from: Relation, terms: readonly Expression[]): Spread {
  //= rules R-60
  const joins = new CommaJoins(terms, from.span);
  return { from: joins.spread(from), terms: joins.terms };
}

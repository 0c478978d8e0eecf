import type { AnalysisRule, ManifestTable, OutputConstraint, Rounding } from '../../collab/index.ts';
import type { Query } from '../ast/nodes.ts';
import { personColumns } from '../analysis/person-columns.ts';
import { minimumFor } from '../check/own-minimum.ts';
import type { GroupLimit } from '../check/fan-out.ts';

/** A change that must be made to a query before it runs. */
export type Obligation =
  /** Each row of the answer is based on at least `minimum` different values of a column, in each scan of the table. */
  | { readonly kind: 'threshold'; readonly table: string; readonly column: string; readonly minimum: number }
  /** Each value of a column keeps the rows of at most `groups` groups, chosen by a salted hash; rows without a value are left out. */
  | { readonly kind: 'maxGroups'; readonly table: string; readonly column: string; readonly groups: number }
  /** Released numbers are rounded to multiples of a step. */
  | { readonly kind: 'round'; readonly of: 'counts' | 'sums'; readonly step: number }
  /** One extra row sums up the rows that the thresholds remove, if it passes them itself. */
  | { readonly kind: 'summary' }
  /** The rows of grouping sets with fewer groups are of the groups that pass the thresholds only. */
  | { readonly kind: 'totals' }
  /** Rows are ordered by all outputs, after the order that the query asks for, so that their order reveals nothing. */
  | { readonly kind: 'order' }
  /** At most `maxRows` rows are released. */
  | { readonly kind: 'rowLimit'; readonly maxRows: number };

/** The obligations of one kind. */
export type ObligationOf<Kind extends Obligation['kind']> = Extract<Obligation, { readonly kind: Kind }>;

/**
 * Whether a threshold has something to count. A table of the asking member that only excludes rows has nobody in the answer, and the persons
 * of one that is free may not come out.
 */
function isCounted(query: Query, table: string, column: string, isFree: boolean): boolean {
  if (query.kind === 'set') return true;
  const persons = personColumns(query, table, column);
  return isFree ? persons.some((person) => person.column !== null) : persons.length > 0;
}

/** The constraints of a table's rule, with the minimums that they mean for a query. */
function constraintsOf({ name, rule }: ManifestTable, query: Query, isFree: boolean): readonly OutputConstraint[] {
  if (rule === null || rule.kind === 'list') return [];
  const found =
    rule.kind === 'aggregation'
      ? rule.outputConstraints
      : rule.outputConstraints.map((each) => ({ ...each, minimum: minimumFor(query, name, rule, each) }));
  return found.filter(({ minimum, columnName }) => minimum > 0 && isCounted(query, name, columnName, isFree));
}

function roundingOf(rule: AnalysisRule | null): Rounding | null {
  return rule === null || rule.kind === 'list' ? null : rule.round;
}

/** The coarsest steps of all tables; empty if no table rounds. */
function findSteps(tables: readonly ManifestTable[]): readonly Obligation[] {
  const roundings = tables.map((table) => roundingOf(table.rule)).filter((rounding) => rounding !== null);
  const counts = Math.max(1, ...roundings.map((rounding) => rounding.counts));
  const sums = Math.max(0, ...roundings.map((rounding) => rounding.sums ?? 0));
  return [
    ...(counts > 1 ? [{ kind: 'round', of: 'counts', step: counts } as const] : []),
    ...(sums > 0 ? [{ kind: 'round', of: 'sums', step: sums } as const] : []),
  ];
}

/** Whether every table with thresholds asks for a row that sums up the suppressed ones. */
function wantsSummary(query: Query, tables: readonly ManifestTable[]): boolean {
  if (query.kind === 'set' || query.groups.length === 0) return false;
  const wishes = tables.flatMap(({ rule }) =>
    rule === null || rule.kind === 'list' || rule.outputConstraints.length === 0 ? [] : [rule.suppression],
  );
  return wishes.length > 0 && wishes.every((wish) => wish === 'summary');
}

/**
 * The obligations that the rules of its tables add to an allowed query.
 *
 * @param free names of tables without a threshold where their persons cannot be counted
 */
export function obligationsOf(
  query: Query,
  tables: readonly ManifestTable[],
  limits: readonly GroupLimit[],
  maxRows: number,
  free: ReadonlySet<string>,
): readonly Obligation[] {
  const thresholds = tables.flatMap((table) =>
    constraintsOf(table, query, free.has(table.name)).map(
      ({ columnName, minimum }) => ({ kind: 'threshold', table: table.name, column: columnName, minimum }) as const,
    ),
  );
  return Object.freeze([
    ...thresholds,
    ...limits.map((limit) => ({ kind: 'maxGroups', ...limit }) as const),
    ...findSteps(tables),
    ...(wantsSummary(query, tables) ? [{ kind: 'summary' } as const] : []),
    ...(query.kind === 'select' && query.totals !== undefined && thresholds.length > 0
      ? [{ kind: 'totals' } as const]
      : []),
    { kind: 'order' } as const,
    { kind: 'rowLimit', maxRows } as const,
  ]);
}

/** An obligation as a sentence for the querying member. */
export function describeObligation(obligation: Obligation): string {
  switch (obligation.kind) {
    case 'threshold': {
      const { table, column, minimum } = obligation;
      return `Each row needs at least ${String(minimum)} different values of \`${table}.${column}\`; rows with fewer are left out.`;
    }
    case 'maxGroups': {
      const { table, column, groups } = obligation;
      return `Each \`${table}.${column}\` is kept in at most ${String(groups)} group${groups === 1 ? '' : 's'}, chosen at random; rows without one are left out.`;
    }
    case 'round':
      return `${obligation.of === 'counts' ? 'Counts' : 'Sums and averages'} are rounded to multiples of ${String(obligation.step)}.`;
    case 'summary':
      return 'One extra row without groups sums up the rows that are left out, if it has enough different values itself.';
    case 'totals':
      return 'Totals are of the rows that are shown: what is left out does not count in them.';
    case 'order':
      return 'Rows that tie are sorted by the other outputs, so that their order reveals nothing.';
    case 'rowLimit':
      return `At most ${obligation.maxRows.toLocaleString('en')} rows are released.`;
  }
}

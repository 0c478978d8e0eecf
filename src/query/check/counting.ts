import { joinFilters } from '../analysis/filters.ts';
import { KnownKeys, type TableKey } from '../analysis/known-keys.ts';
import { personColumns } from '../analysis/person-columns.ts';
import { RowAnalysis } from '../analysis/row-analysis.ts';
import type { Query, Select } from '../ast/nodes.ts';
import { expressionsOf, isAggregated, selectsIn, within } from '../ast/walk.ts';
import { Findings } from '../findings/finding.ts';
import { checkFanOut, type GroupLimit, personsOf } from './fan-out.ts';
import { checkJoinSize } from './join-size.ts';
import type { CheckContext, RuleContext } from './rule-context.ts';

/** How often the rows of other members' tables count in an answer. */
export interface Counting {
  /** The query, with SEMI joins for tables that only filter. */
  readonly query: Query;
  readonly limits: readonly GroupLimit[];
  readonly assumed: readonly TableKey[];
}

function isBroken(query: Query): boolean {
  const values = selectsIn(query).flatMap(expressionsOf);
  return values.some((value) => [...within(value)].some((part) => part.kind === 'invalid'));
}

/** The scans of a table whose persons can be counted. */
function countedScans(query: Select, table: string, column: string, shown?: ReadonlySet<string>): readonly number[] {
  return personColumns(query, table, column, shown).flatMap((person) => (person.column === null ? [] : [person.scan]));
}

/** The query with SEMI joins for tables that only filter, where all thresholds can still be counted. */
function withFilters(query: Query, { tables }: RuleContext): Query {
  if (query.kind === 'set' || !isAggregated(query)) return query;
  const canHide = (shown: ReadonlySet<string>): boolean =>
    tables.every((table) =>
      personsOf(table).every((column) => {
        const counted = countedScans(query, table.name, column, shown);
        return countedScans(query, table.name, column).every((scan) => counted.includes(scan));
      }),
    );
  return joinFilters(query, canHide);
}

function checkWith(query: Query, keys: KnownKeys, check: RuleContext): Counting {
  const rows = new RowAnalysis(keys);
  const limits = checkFanOut(query, rows, check);
  const filtered = withFilters(query, check);
  checkJoinSize(filtered, rows, keys, check);
  return { query: filtered, limits, assumed: keys.assumed };
}

/** Checks that the rows of other members' tables count once, whatever the asking member joins them with. */
export function checkCounting(query: Query, { facts = new Map() }: CheckContext, check: RuleContext): Counting {
  const { manifest, member, tables } = check;
  const isProtected = tables.some((table) => table.owner !== member && personsOf(table).length > 0);
  // What was refused may have had any meaning.
  if (!isProtected || isBroken(query)) return { query, limits: [], assumed: [] };
  const found = new Findings();
  const counting = checkWith(query, new KnownKeys(manifest, member, facts, false), { ...check, found });
  if (found.size === 0) return counting;
  return checkWith(query, new KnownKeys(manifest, member, facts, true), check);
}

import type { ManifestTable } from '../../collab/index.ts';
import { OwnGroups } from '../analysis/own-groups.ts';
import { placed, selectPlaces, type Placed } from '../analysis/places.ts';
import { areEqual, type PersonColumn, personColumns } from '../analysis/person-columns.ts';
import type { RowAnalysis } from '../analysis/row-analysis.ts';
import type { Expression, ExpressionOf, Query, Select } from '../ast/nodes.ts';
import {
  columnsIn,
  isAggregated,
  isMultiplied,
  leavesOf,
  selectsIn,
  shownIn,
  usedAliases,
  visibleLeavesOf,
  within,
} from '../ast/walk.ts';
import type { Span } from '../findings/finding.ts';
import type { RuleContext, Scan } from './rule-context.ts';

/** How many groups of an answer one value of a column may be in; the rewrite drops the others. */
export interface GroupLimit {
  readonly table: string;
  readonly column: string;
  readonly groups: number;
}

/** The columns whose values are the persons of a table: those of its output constraints. Empty if rows may leave the room. */
export function personsOf({ rule }: ManifestTable): readonly string[] {
  return rule === null || rule.kind === 'list' ? [] : rule.outputConstraints.map(({ columnName }) => columnName);
}

type Column = ExpressionOf<'column'>;

function maxGroupsOf({ rule }: ManifestTable): number | null {
  return rule === null || rule.kind === 'list' ? null : rule.maxGroups;
}

/** Checks that the rows and persons of other members' tables count once. */
class FanOutCheck {
  readonly #place: Placed;
  readonly #rows: RowAnalysis;
  readonly #check: RuleContext;
  readonly #scans: ReadonlyMap<number, ManifestTable>;
  readonly #ownGroups = new Map<string, OwnGroups>();

  constructor(query: Query, rows: RowAnalysis, check: RuleContext) {
    this.#place = placed(query);
    this.#rows = rows;
    this.#check = check;
    const scans = selectsIn(query)
      .flatMap(({ from }) => leavesOf(from))
      .filter((leaf): leaf is Scan => leaf.kind === 'scan');
    this.#scans = new Map(scans.map(({ scan, table }) => [scan, table]));
  }

  #isProtected(table: ManifestTable): boolean {
    return table.owner !== this.#check.member && personsOf(table).length > 0;
  }

  #report(span: Span, { name, rule }: ManifestTable, message: string, help: string): void {
    const key = rule?.kind === 'custom' ? rule.constraintKey : 'outputConstraints';
    this.#check.found.add('FAN_OUT', span, message, { help, rule: { table: name, key } });
  }

  /** Reports sums, averages and counts over rows that a join has multiplied. */
  checkMeasures(): void {
    for (const place of selectPlaces(this.#place)) {
      for (const part of shownIn(place.query).flatMap((value) => [...within(value)])) {
        if (isMultiplied(part)) this.#checkMeasure(part, place);
      }
    }
  }

  #checkMeasure(part: Expression, place: Placed<Select>): void {
    for (const scan of this.#rows.scansOf(part, place)) {
      const table = this.#scans.get(scan);
      if (table === undefined || !this.#isProtected(table)) continue;
      //= rules R-41
      const determined = this.#rows.fromRowOf(place, scan);
      const many = visibleLeavesOf(place.query.from).find(({ alias }) => determined?.leaves.has(alias) !== true);
      if (many === undefined) continue;
      const by = determined === null ? 'the sub-query it comes from' : `\`${many.alias}\``;
      const message = `${by} can have several rows for one row of \`${table.name}\`, which would count more than once`;
      const help =
        `Move what only filters into \`WHERE column IN (SELECT …)\`, use COUNT(DISTINCT …), ` +
        'or join on columns that are unique there: in a table of yours by its rows, in others by `x-unique` in the manifest.';
      this.#report(part.span, table, message, help);
    }
  }

  /** Reports groups that put one person into several of them, unless the owner allows a number of them. */
  checkGroups(): readonly GroupLimit[] {
    const { query } = this.#place;
    if (query.kind === 'set' || !isAggregated(query)) return [];
    const limits: GroupLimit[] = [];
    for (const table of this.#check.tables) {
      if (!this.#isProtected(table)) continue;
      for (const column of personsOf(table)) {
        const persons = personColumns(query, table.name, column).flatMap((person) => person.column ?? []);
        const first = query.groups.find((group) => this.#isSpread(group, query, table, persons));
        if (first === undefined) continue;
        //= rules R-42
        const allowed = maxGroupsOf(table);
        if (allowed === null) this.#reportGroups(first, table);
        else {
          limits.push({ table: table.name, column, groups: allowed });
          this.#checkLimit(first, query, table, column);
        }
      }
    }
    return limits;
  }

  /**
   * Reports other scans of protected tables next to one of which each person keeps some groups, unless their persons are the same: if one
   * of those persons leaves, many of these would keep other groups.
   */
  #checkLimit(group: Expression, query: Select, table: ManifestTable, column: string): void {
    const limited = personColumns(query, table.name, column);
    const [{ scan, column: person } = { scan: 0, column: null }] = limited;
    for (const other of this.#check.tables.filter((each) => this.#isProtected(each))) {
      const persons = personsOf(other).flatMap((name) => personColumns(query, other.name, name));
      const isMoved = (each: PersonColumn): boolean =>
        each.scan !== scan && (person === null || each.column === null || !areEqual(query, person, each.column));
      if (!persons.some(isMoved)) continue;
      const message = `\`x-maxGroups\` of \`${table.name}\` keeps groups that depend on who is in \`${other.name}\``;
      const help = `Join \`${other.name}\` on \`${column}\` of \`${table.name}\`, or group by columns of \`${table.owner}\`.`;
      this.#report(group.span, other, message, help);
    }
  }

  #reportGroups(group: Expression, table: ManifestTable): void {
    const [part] = columnsIn(group);
    const name = part === undefined ? 'the group' : `\`${part.relation}.${part.name}\``;
    const message = `${name} can put one person of \`${table.name}\` into several groups`;
    const help =
      `Group by columns of \`${table.owner}\`, or join on columns that are unique on the way from the person to ${name}. ` +
      `\`${table.owner}\` can allow a number of groups for each person with \`x-maxGroups\`.`;
    this.#report(group.span, table, message, help);
  }

  /** Whether a group depends on what others than the table's owner bring, and one person can have several values of it. */
  #isSpread(group: Expression, query: Select, { owner }: ManifestTable, persons: readonly Column[]): boolean {
    const place = { query, around: this.#place.around };
    const own = this.#ownGroupsOf(owner);
    return persons.some((person) => {
      const isForeign = (part: Column): boolean =>
        !own.hangsInUnion(part, person, place) &&
        ([...this.#rows.scansOf(part, place)].some((scan) => this.#scans.get(scan)?.owner !== owner) ||
          !own.hangsOn(part, person, place));
      const foreign = columnsIn(group).filter(isForeign);
      if (foreign.length === 0) return false;
      const determined = this.#rows.determine(place, { columns: [person] });
      return foreign.some((part) => !this.#rows.isDetermined(part, determined));
    });
  }

  #ownGroupsOf(owner: string): OwnGroups {
    const own = this.#ownGroups.get(owner) ?? new OwnGroups((scan) => this.#scans.get(scan)?.owner === owner);
    this.#ownGroups.set(owner, own);
    return own;
  }

  /** Reports tables that only filter, if their thresholds can only be counted in a product of rows, or not at all. */
  checkFilters(): void {
    const { query } = this.#place;
    if (query.kind === 'set') return;
    const used = usedAliases(query);
    const leaves = visibleLeavesOf(query.from);
    const isMany = (table: ManifestTable): boolean =>
      leaves.some((leaf) => {
        if (leaf.kind !== 'scan' || leaf.table.name !== table.name || used.has(leaf.alias)) return false;
        const others = leaves.map(({ alias }) => alias).filter((alias) => alias !== leaf.alias);
        const place = { query, around: this.#place.around };
        return others.length > 0 && !this.#rows.determine(place, { leaves: others }).leaves.has(leaf.alias);
      });
    for (const table of this.#check.tables) {
      const others = leaves.filter(
        (leaf) => leaf.kind !== 'scan' || leaf.table.name !== table.name || used.has(leaf.alias),
      );
      const outside = this.#isProtected(table) && isMany(table) ? new Set(others.map(({ alias }) => alias)) : undefined;
      for (const column of personsOf(table)) {
        const isCounted = (aliases?: ReadonlySet<string>): boolean =>
          personColumns(query, table.name, column, aliases).every((person) => person.column !== null);
        // Under a custom rule, R-33 reports what cannot be counted at all.
        if (isCounted(outside) || (table.rule?.kind === 'custom' && !isCounted())) continue;
        //= rules R-40
        const message = `\`${table.name}\` only filters, and nothing outside equals its \`${column}\`, which must be counted`;
        const help = `Compare \`${column}\` with a column outside, or count it in the answer.`;
        this.#report(query.span, table, message, help);
      }
    }
  }
}

/**
 * Checks that every row of another member's table counts once, and that every person in it is in one group, or in as many as its owner
 * allows.
 *
 * @returns the limits that the rewrite must apply
 */
export function checkFanOut(query: Query, rows: RowAnalysis, check: RuleContext): readonly GroupLimit[] {
  const fanOut = new FanOutCheck(query, rows, check);
  fanOut.checkMeasures();
  fanOut.checkFilters();
  return fanOut.checkGroups();
}

import type { AttemptEvent, BudgetChange, StartEvent, TableUse } from './audit-record.ts';

/** How many queries may read a table, as in AWS Clean Rooms' access budgets, or how many rows may be released from it. */
export interface BudgetLimit {
  readonly type: BudgetChange['type'];
  /** What is counted; default: queries. */
  readonly unit?: BudgetUnit | undefined;
  /** Number of queries or rows in one period, at least 1. */
  readonly budget: number;
  /** Whether each period has the full budget; otherwise it is for all time. */
  readonly autoRefresh: boolean;
}

/** What a budget counts: queries that start, or rows that are released. */
export type BudgetUnit = 'QUERIES' | 'ROWS';

/** A table that a query reads, and the budgets that its owner gave it. */
export interface Charge {
  readonly use: TableUse;
  readonly limits: readonly BudgetLimit[];
}

/** The name of the period that never ends. */
const LIFETIME = 'lifetime';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The period of a limit that contains a moment, in UTC: `2026-11-24`, `2026-W48` (a week of ISO 8601, from Monday on),
 * `2026-11` or `lifetime`.
 */
export function budgetPeriod({ type, autoRefresh }: BudgetLimit, time: Date): string {
  //= audit A-41
  if (!autoRefresh) return LIFETIME;
  switch (type) {
    case 'CALENDAR_DAY':
      return dayOf(time);
    case 'CALENDAR_WEEK':
      return weekOf(time);
    case 'CALENDAR_MONTH':
      return monthOf(time);
    case 'LIFETIME':
      return LIFETIME;
  }
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

function monthOf(time: Date): string {
  return time.toISOString().slice(0, 7);
}

/** ISO 8601: the week belongs to the year of its Thursday. */
function weekOf(time: Date): string {
  const daysSinceMonday = (time.getUTCDay() + 6) % 7;
  const thursday = new Date(time.getTime() + (3 - daysSinceMonday) * DAY_MS);
  const firstDay = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.floor((thursday.getTime() - firstDay) / DAY_MS / 7) + 1;
  return `${String(thursday.getUTCFullYear())}-W${String(week).padStart(2, '0')}`;
}

/**
 * How many queries read each table in each period, and how many rows were released from it: what the `start` and `attempt` records
 * of a log say, and nothing else. So the log is the ledger, and anyone who has the log can recompute it.
 *
 * A query that starts costs one query and one row. If its result is released with more than one row, the other rows are spent too.
 */
export class Ledger {
  readonly #spent = new Map<string, number>();

  /** Counts a query that started, once for each of its tables, with or without budgets. */
  add(event: StartEvent, time: Date): void {
    //= audit A-40
    for (const unit of ['QUERIES', 'ROWS'] as const) this.#spend(event.tables, unit, 1, time);
  }

  /** Counts the rows of a result that is released, of which the start has spent one. */
  addReleased({ tables, outcome }: AttemptEvent, time: Date): void {
    //= audit A-44
    if (outcome.kind === 'released') this.#spend(tables ?? [], 'ROWS', furtherRows(outcome.rows), time);
  }

  #spend(tables: readonly TableUse[], unit: BudgetUnit, amount: number, time: Date): void {
    for (const { owner, table } of tables) {
      for (const period of [dayOf(time), weekOf(time), monthOf(time), LIFETIME]) {
        const key = keyOf(owner, table, unit, period);
        this.#spent.set(key, (this.#spent.get(key) ?? 0) + amount);
      }
    }
  }

  /** Whether a budget's change is what a query that starts at this moment causes. */
  agrees(change: BudgetChange, time: Date): boolean {
    return change.before > 0 && this.#costs(change, 1, time);
  }

  /** Whether a row budget's change is what the release of a result of `rows` rows at this moment causes. */
  agreesWithRelease(change: BudgetChange, rows: number, time: Date): boolean {
    return change.unit === 'ROWS' && this.#costs(change, furtherRows(rows), time);
  }

  #costs(change: BudgetChange, cost: number, time: Date): boolean {
    const { owner, table, type, unit = 'QUERIES', period, budget, before, after } = change;
    const periods = [true, false].map((autoRefresh) => budgetPeriod({ type, budget, autoRefresh }, time));
    const left = budget - (this.#spent.get(keyOf(owner, table, unit, period)) ?? 0);
    return periods.includes(period) && before === Math.max(left, 0) && after === before - cost;
  }

  /**
   * How a query that starts would change the budgets of its tables.
   *
   * @returns the change of each budget, or those that have nothing left
   */
  charge(charges: readonly Charge[], time: Date): ChargeOutcome {
    //= audit A-42
    return this.#charge(charges, 1, time);
  }

  /**
   * How the release of a result would change the row budgets of its tables.
   *
   * @returns the change of each row budget, or those that have too few rows left
   */
  chargeRelease(charges: readonly Charge[], rows: number, time: Date): ChargeOutcome {
    //= audit A-45
    const ofRows = charges.map(({ use, limits }) => ({ use, limits: limits.filter(({ unit }) => unit === 'ROWS') }));
    return this.#charge(ofRows, furtherRows(rows), time);
  }

  #charge(charges: readonly Charge[], cost: number, time: Date): ChargeOutcome {
    const budgets = charges.flatMap(({ use: { owner, table }, limits }) =>
      limits.map((limit): BudgetChange => {
        const { type, budget, unit = 'QUERIES' } = limit;
        const period = budgetPeriod(limit, time);
        // A budget that was lowered may already be overdrawn.
        const before = Math.max(budget - (this.#spent.get(keyOf(owner, table, unit, period)) ?? 0), 0);
        const after = Math.max(before - cost, 0);
        return { table, owner, type, ...(unit === 'ROWS' ? { unit } : {}), period, budget, before, after };
      }),
    );
    const exhausted = budgets.filter(({ before }) => before < cost);
    return exhausted.length === 0 ? { granted: true, budgets } : { granted: false, exhausted };
  }
}

/** The rows of a result beyond the one that its start has spent. */
function furtherRows(rows: number): number {
  return Math.max(rows - 1, 0);
}

/** Whether the budgets of a query's tables are sufficient. */
export type ChargeOutcome =
  | { readonly granted: true; readonly budgets: readonly BudgetChange[] }
  | { readonly granted: false; readonly exhausted: readonly BudgetChange[] };

function keyOf(owner: string, table: string, unit: BudgetUnit, period: string): string {
  return JSON.stringify([owner, table, unit, period]);
}

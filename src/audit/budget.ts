import type { BudgetChange, StartEvent, TableUse } from './audit-record.ts';

/** How many queries may read a table, as in AWS Clean Rooms' access budgets. */
export interface BudgetLimit {
  readonly type: BudgetChange['type'];
  /** Number of queries in one period, at least 1. */
  readonly budget: number;
  /** Whether each period has the full budget; otherwise it is for all time. */
  readonly autoRefresh: boolean;
}

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
 * How many queries read each table in each period: the number of `start` records of a log, and nothing else. So the log is the
 * ledger, and anyone who has the log can recompute it.
 */
export class Ledger {
  readonly #spent = new Map<string, number>();

  /** Counts a query that started, once for each of its tables, with or without budgets. */
  add(event: StartEvent, time: Date): void {
    //= audit A-40
    for (const { owner, table } of event.tables) {
      for (const period of [dayOf(time), weekOf(time), monthOf(time), LIFETIME]) {
        const key = keyOf(owner, table, period);
        this.#spent.set(key, (this.#spent.get(key) ?? 0) + 1);
      }
    }
  }

  /** The number of queries that read a table in a period. */
  spent(owner: string, table: string, period: string): number {
    return this.#spent.get(keyOf(owner, table, period)) ?? 0;
  }

  /** Whether a budget's change is what a query at this moment causes. */
  agrees({ owner, table, type, period, budget, before, after }: BudgetChange, time: Date): boolean {
    const periods = [true, false].map((autoRefresh) => budgetPeriod({ type, budget, autoRefresh }, time));
    const left = budget - this.spent(owner, table, period);
    return periods.includes(period) && left > 0 && before === left && after === left - 1;
  }

  /**
   * How a query would change the budgets of its tables.
   *
   * @returns the change of each budget, or those that have nothing left
   */
  charge(charges: readonly Charge[], time: Date): ChargeOutcome {
    const budgets = charges.flatMap(({ use: { owner, table }, limits }) =>
      limits.map((limit): BudgetChange => {
        const { type, budget } = limit;
        const period = budgetPeriod(limit, time);
        // A budget that was lowered may already be overdrawn.
        const before = Math.max(budget - this.spent(owner, table, period), 0);
        return { table, owner, type, period, budget, before, after: Math.max(before - 1, 0) };
      }),
    );
    const exhausted = budgets.filter(({ before }) => before === 0);
    //= audit A-42
    return exhausted.length === 0 ? { granted: true, budgets } : { granted: false, exhausted };
  }
}

/** Whether the budgets of a query's tables are sufficient. */
export type ChargeOutcome =
  | { readonly granted: true; readonly budgets: readonly BudgetChange[] }
  | { readonly granted: false; readonly exhausted: readonly BudgetChange[] };

function keyOf(owner: string, table: string, period: string): string {
  return JSON.stringify([owner, table, period]);
}

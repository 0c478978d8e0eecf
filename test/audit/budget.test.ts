import { describe, expect, test } from 'vitest';
import { budgetPeriod, type BudgetLimit } from 'sealroom/audit';
import { Ledger } from '#src/audit/budget';
import { charge, HASH, released, USE } from './support.ts';

const START = {
  kind: 'start',
  attempt: '6d1f8f0e-95a4-4d57-9d0a-1f0f1f5f2c11',
  member: 'brand',
  manifestSha256: HASH,
  irSha256: HASH,
  tables: [USE],
  budgets: [],
} as const;

function limit(type: BudgetLimit['type'], budget = 2, autoRefresh = true): BudgetLimit {
  return { type, budget, autoRefresh };
}

describe('A-41 periods of budgets', () => {
  test.each([
    ['CALENDAR_DAY', '2026-11-24T23:59:59.999Z', '2026-11-24'],
    ['CALENDAR_MONTH', '2026-11-24T23:59:59.999Z', '2026-11'],
    ['CALENDAR_WEEK', '2026-11-24T00:00:00.000Z', '2026-W48'],
    // Weeks begin on Monday, and belong to the year of their Thursday.
    ['CALENDAR_WEEK', '2026-11-22T23:59:59.999Z', '2026-W47'],
    ['CALENDAR_WEEK', '2026-11-23T00:00:00.000Z', '2026-W48'],
    ['CALENDAR_WEEK', '2024-12-30T00:00:00.000Z', '2025-W01'],
    ['CALENDAR_WEEK', '2027-01-03T00:00:00.000Z', '2026-W53'],
    ['LIFETIME', '2026-11-24T00:00:00.000Z', 'lifetime'],
  ] as const)('%s at %s is %s', (type, time, period) => {
    expect(budgetPeriod(limit(type), new Date(time))).toBe(period);
  });

  test('that are not renewed are all time', () => {
    expect(budgetPeriod(limit('CALENDAR_DAY', 2, false), new Date())).toBe('lifetime');
  });
});

describe('A-40 the ledger', () => {
  const monday = new Date('2026-11-30T10:00:00.000Z');
  const tuesday = new Date('2026-12-01T10:00:00.000Z');

  test('counts one for each table and query, in each period', () => {
    const ledger = new Ledger();
    ledger.add(START, monday);
    ledger.add(START, tuesday);
    const limits = [limit('CALENDAR_DAY'), limit('CALENDAR_WEEK', 5), limit('CALENDAR_MONTH'), limit('LIFETIME', 9)];
    const outcome = ledger.charge([charge(limits)], tuesday);
    expect(outcome.granted && outcome.budgets.map(({ period, before, after }) => [period, before, after])).toEqual([
      ['2026-12-01', 1, 0],
      ['2026-W49', 3, 2],
      ['2026-12', 1, 0],
      ['lifetime', 7, 6],
    ]);
  });

  test('A-44 counts one row for each start, and the further rows of each released result', () => {
    const rows = { ...limit('CALENDAR_DAY', 10), unit: 'ROWS' } as const;
    const ledger = new Ledger();
    const left = (): unknown => {
      const outcome = ledger.charge([charge([rows, limit('LIFETIME', 9)])], tuesday);
      return outcome.granted ? outcome.budgets.map(({ unit, before }) => [unit, before]) : outcome.exhausted;
    };
    expect(left()).toEqual([
      ['ROWS', 10],
      [undefined, 9],
    ]);
    for (const count of [0, 1, 5]) {
      ledger.add(START, tuesday);
      const outcome = { kind: 'released', rows: count, saltedResultSha256: HASH, duration: 'longer' } as const;
      ledger.addReleased(released(START.attempt, { outcome }), tuesday);
    }
    // A failure costs what its start does; the day before has its own budget.
    ledger.add(START, tuesday);
    ledger.addReleased(
      released(START.attempt, { outcome: { kind: 'failed', code: 'X', duration: 'longer' } }),
      tuesday,
    );
    ledger.add(START, monday);
    expect(left()).toEqual([
      ['ROWS', 2],
      [undefined, 4],
    ]);
    expect(ledger.chargeRelease([charge([rows])], 3, tuesday)).toMatchObject({
      granted: true,
      budgets: [{ after: 0 }],
    });
    expect(ledger.chargeRelease([charge([rows])], 4, tuesday)).toMatchObject({
      granted: false,
      exhausted: [{ before: 2 }],
    });
    expect(ledger.chargeRelease([charge([limit('LIFETIME', 1)])], 4, tuesday)).toEqual({ granted: true, budgets: [] });
  });

  test('A-42 refuses where one budget has nothing left, and names all of those', () => {
    const ledger = new Ledger();
    ledger.add(START, monday);
    ledger.add(START, monday);
    const outcome = ledger.charge(
      [charge([limit('CALENDAR_DAY'), limit('CALENDAR_WEEK', 3), limit('LIFETIME', 1)])],
      monday,
    );
    expect(!outcome.granted && outcome.exhausted.map(({ type, before }) => [type, before])).toEqual([
      ['CALENDAR_DAY', 0],
      ['LIFETIME', 0],
    ]);
    expect(ledger.charge([charge([limit('CALENDAR_DAY')])], tuesday).granted).toBe(true);
    expect(ledger.charge([{ use: { ...USE, table: 'other' }, limits: [limit('LIFETIME', 1)] }], monday).granted).toBe(
      true,
    );
  });
});

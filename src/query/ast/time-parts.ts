/** Units of time that are added and counted. `dayofyear` is a day. */
const UNITS = {
  year: { months: 12 },
  quarter: { months: 3 },
  month: { months: 1 },
  week: { microseconds: 604_800_000_000 },
  day: { microseconds: 86_400_000_000 },
  dayofyear: { microseconds: 86_400_000_000 },
  hour: { microseconds: 3_600_000_000 },
  minute: { microseconds: 60_000_000 },
  second: { microseconds: 1_000_000 },
  millisecond: { microseconds: 1000 },
  microsecond: { microseconds: 1 },
} as const;

/** One of the units of time. */
export type UnitOfTime = keyof typeof UNITS;

/** The unit with a name in any case, or `null`. */
export function findTimeUnit(name: string): UnitOfTime | null {
  const lower = name.toLowerCase();
  return isTimeUnit(lower) ? lower : null;
}

function isTimeUnit(name: string): name is UnitOfTime {
  return Object.hasOwn(UNITS, name);
}

/** The names of all units, for messages. */
export const TIME_UNITS: readonly string[] = Object.keys(UNITS).map((name) => name.toUpperCase());

/** How long a unit is: in calendar months, or in microseconds. */
export function lengthOf(unit: UnitOfTime): { readonly months: number } | { readonly microseconds: number } {
  return UNITS[unit];
}

/** Microseconds in a day. */
export const DAY_MICROSECONDS = UNITS.day.microseconds;

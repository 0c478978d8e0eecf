/** A value of a row: days as `2024-02-29`, instants as `2024-02-29 13:45:00`. */
export type Value = string | number | boolean | null;

/** The types of the model. */
export type Type = 'text' | 'number' | 'date' | 'time' | 'truth';

/** A function of Spark, written down once more: its text with a `?` for each argument, and what it gives. */
export interface ModelFunction {
  readonly sql: string;
  readonly takes: readonly Type[];
  readonly gives: Type;
  /** Called with values other than null, unless `nulls` is set. */
  readonly at: (...values: never[]) => Value;
  readonly nulls?: true;
}

const DAY_MS = 86_400_000;

function dayOf(date: string): number {
  return Date.parse(`${date.slice(0, 10)}T00:00:00Z`) / DAY_MS;
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

function millisecondsOf(time: string): number {
  return Date.parse(`${time.replace(' ', 'T')}Z`);
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
}

function addMonths(date: string, months: number): string {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const all = year * 12 + month - 1 + months;
  const [y, m] = [Math.floor(all / 12), ((all % 12) + 12) % 12];
  return dateOf(Date.UTC(y, m, Math.min(day, daysIn(y, m))) / DAY_MS);
}

function lastDay(date: string): string {
  const [year = 0, month = 1] = date.split('-').map(Number);
  return `${date.slice(0, 8)}${String(daysIn(year, month - 1)).padStart(2, '0')}`;
}

function monthsBetween(a: string, b: string): number {
  const months = (date: string): number => Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7));
  const day = (date: string): number => Number(date.slice(8, 10));
  const whole = months(a) - months(b);
  if (day(a) === day(b) || (lastDay(a) === a && lastDay(b) === b)) return whole;
  return Number((whole + (day(a) - day(b)) / 31).toFixed(8));
}

/** 1 for Sunday. */
function dayOfWeek(date: string): number {
  return new Date(dayOf(date) * DAY_MS).getUTCDay() + 1;
}

function substring(text: string, start: number, length: number): string {
  const first = start > 0 ? start - 1 : start < 0 ? text.length + start : 0;
  return text.slice(Math.max(first, 0), Math.max(first + length, 0));
}

const and = (a: boolean | null, b: boolean | null): Value => {
  if (a === false || b === false) return false;
  return a === null || b === null ? null : true;
};

const or = (a: boolean | null, b: boolean | null): Value => {
  if (a === true || b === true) return true;
  return a === null || b === null ? null : false;
};

function fn(
  sql: string,
  takes: readonly Type[],
  gives: Type,
  at: (...values: never[]) => Value,
  nulls?: true,
): ModelFunction {
  return { sql, takes, gives, at, ...(nulls === undefined ? {} : { nulls }) };
}

const N = 'number';
const T = 'text';
const D = 'date';
const I = 'time';
const B = 'truth';

const NUMBERS = [
  fn('(? + ?)', [N, N], N, (a: number, b: number) => a + b),
  fn('(? - ?)', [N, N], N, (a: number, b: number) => a - b),
  fn('(? * ?)', [N, N], N, (a: number, b: number) => a * b),
  fn('(? / ?)', [N, N], N, (a: number, b: number) => (b === 0 ? null : a / b)),
  fn('abs(?)', [N], N, (a: number) => Math.abs(a)),
  fn('sign(?)', [N], N, (a: number) => Math.sign(a)),
  fn('floor(?)', [N], N, (a: number) => Math.floor(a)),
  fn('ceil(?)', [N], N, (a: number) => Math.ceil(a)),
  fn('power(?, 2)', [N], N, (a: number) => a * a),
  fn('length(?)', [T], N, (a: string) => a.length),
  fn("position('a' IN ?)", [T], N, (a: string) => a.indexOf('a') + 1),
  fn('datediff(?, ?)', [D, D], N, (a: string, b: string) => dayOf(a) - dayOf(b)),
  fn('datediff(day, ?, ?)', [D, D], N, (a: string, b: string) => dayOf(b) - dayOf(a)),
  fn('(? - ?)', [D, D], N, (a: string, b: string) => dayOf(a) - dayOf(b)),
  fn('months_between(?, ?)', [D, D], N, monthsBetween),
  fn('dayofweek(?)', [D], N, dayOfWeek),
  fn('year(?)', [D], N, (a: string) => Number(a.slice(0, 4))),
  fn('month(?)', [D], N, (a: string) => Number(a.slice(5, 7))),
  fn('hour(?)', [I], N, (a: string) => Number(a.slice(11, 13))),
  fn('extract(day FROM ?)', [I], N, (a: string) => Number(a.slice(8, 10))),
  fn('coalesce(?, ?)', [N, N], N, (a: Value, b: Value) => a ?? b, true),
  fn('nvl2(?, ?, ?)', [T, N, N], N, (a: Value, b: Value, c: Value) => (a === null ? c : b), true),
  fn('nullif(?, ?)', [N, N], N, (a: Value, b: Value) => (a !== null && a === b ? null : a), true),
  fn(
    'greatest(?, ?)',
    [N, N],
    N,
    (a: number | null, b: number | null) => (a === null || b === null ? (a ?? b) : Math.max(a, b)),
    true,
  ),
  fn(
    'least(?, ?)',
    [N, N],
    N,
    (a: number | null, b: number | null) => (a === null || b === null ? (a ?? b) : Math.min(a, b)),
    true,
  ),
  fn(
    "decode(?, 'c0', ?, NULL, 7, ?)",
    [T, N, N],
    N,
    (a: Value, b: Value, c: Value) => (a === 'c0' ? b : a === null ? 7 : c),
    true,
  ),
  fn('CASE WHEN ? THEN ? ELSE ? END', [B, N, N], N, (a: Value, b: Value, c: Value) => (a === true ? b : c), true),
] as const;

const TEXTS = [
  fn("concat(?, '-', ?)", [T, T], T, (a: string, b: string) => `${a}-${b}`),
  fn('(? || ?)', [T, T], T, (a: string, b: string) => a + b),
  fn('upper(?)', [T], T, (a: string) => a.toUpperCase()),
  fn('substring(?, 0, 2)', [T], T, (a: string) => substring(a, 0, 2)),
  fn('substring(?, -2, 1)', [T], T, (a: string) => substring(a, -2, 1)),
  fn('left(?, 1)', [T], T, (a: string) => a.slice(0, 1)),
  fn("replace(?, '0', 'zero')", [T], T, (a: string) => a.replaceAll('0', 'zero')),
  fn("split_part(?, 'c', 2)", [T], T, (a: string) => a.split('c')[1] ?? ''),
  fn("lpad(?, 4, 'x')", [T], T, (a: string) => a.padStart(4, 'x').slice(0, 4)),
  fn("date_format(?, 'yyyy-MM')", [D], T, (a: string) => a.slice(0, 7)),
  fn("to_char(?, 'YYYY/MM/DD')", [D], T, (a: string) => a.replaceAll('-', '/')),
  fn('nvl(?, ?)', [T, T], T, (a: Value, b: Value) => a ?? b, true),
  fn('IF(?, ?, ?)', [B, T, T], T, (a: Value, b: Value, c: Value) => (a === true ? b : c), true),
] as const;

const TIMES = [
  fn('date_add(?, 3)', [D], D, (a: string) => dateOf(dayOf(a) + 3)),
  fn('(? + 14)', [D], D, (a: string) => dateOf(dayOf(a) + 14)),
  fn('(? - 1)', [D], D, (a: string) => dateOf(dayOf(a) - 1)),
  fn('add_months(?, 1)', [D], D, (a: string) => addMonths(a, 1)),
  fn('add_months(?, -13)', [D], D, (a: string) => addMonths(a, -13)),
  fn('last_day(?)', [D], D, lastDay),
  fn("trunc(?, 'MONTH')", [D], D, (a: string) => `${a.slice(0, 8)}01`),
  fn('CAST(? AS DATE)', [I], D, (a: string) => a.slice(0, 10)),
  fn("coalesce(?, to_date('2024-02-29'))", [D], D, (a: Value) => a ?? '2024-02-29', true),
  fn('dateadd(day, 3, ?)', [D], I, (a: string) => `${dateOf(dayOf(a) + 3)} 00:00:00`),
  fn("(? + INTERVAL '36' HOUR)", [I], I, (a: string) => timeOf(millisecondsOf(a) + 36 * 3_600_000)),
  fn("date_trunc('hour', ?)", [I], I, (a: string) => `${a.slice(0, 13)}:00:00`),
] as const;

const TRUTHS = [
  fn('(? = ?)', [N, N], B, (a: number, b: number) => a === b),
  fn('(? < ?)', [N, N], B, (a: number, b: number) => a < b),
  fn('(? >= ?)', [D, D], B, (a: string, b: string) => a >= b),
  fn('(? <> ?)', [T, T], B, (a: string, b: string) => a !== b),
  fn(
    '(? BETWEEN ? AND ?)',
    [N, N, N],
    B,
    (a: Value, b: Value, c: Value) => {
      const below = a === null || c === null ? null : a <= c;
      const above = a === null || b === null ? null : a >= b;
      return and(above, below);
    },
    true,
  ),
  fn(
    "(? - ? <= INTERVAL '2' DAY)",
    [I, I],
    B,
    (a: string, b: string) => millisecondsOf(a) - millisecondsOf(b) <= 2 * DAY_MS,
  ),
  fn("(? IN ('c0', 'c2'))", [T], B, (a: string) => a === 'c0' || a === 'c2'),
  fn("(? LIKE 'c%')", [T], B, (a: string) => a.startsWith('c')),
  fn("(? RLIKE '^c[01]$')", [T], B, (a: string) => /^c[01]$/.test(a)),
  fn('(? IS NULL)', [T], B, (a: Value) => a === null, true),
  fn('(? <=> ?)', [T, T], B, (a: Value, b: Value) => a === b, true),
  fn('(NOT ?)', [B], B, (a: boolean) => !a),
  fn('(? AND ?)', [B, B], B, and, true),
  fn('(? OR ?)', [B, B], B, or, true),
] as const;

/** Every function of the model. */
export const FUNCTIONS: readonly ModelFunction[] = [...NUMBERS, ...TEXTS, ...TIMES, ...TRUTHS];

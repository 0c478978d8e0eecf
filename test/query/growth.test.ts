import process from 'node:process';
import { expect, test } from 'vitest';
import type { ScalarName } from '#src/query/ast/functions';
import { checkContextOf } from '../adversarial/adversarial-file.ts';
import { useRoom } from './room.ts';

const CUSTOM = checkContextOf({ context: 'customAny' });

const room = useRoom();

type Kind = 'number' | 'text' | 'date' | 'truth';

/** How a value of each kind is made of one of another. */
const AS: Readonly<Record<Kind, string>> = { number: 'DOUBLE', text: 'VARCHAR', date: 'DATE', truth: 'BOOLEAN' };

const COLUMNS: Readonly<Record<Kind, string>> = {
  number: 'seconds',
  text: 'page',
  date: 'visit_date',
  truth: '(seconds > 1)',
};

/** The kind of the argument, and a call in which `?` is the value that is nested, once. */
type Form = readonly [Kind, ...(readonly string[])];

/** A call of each function, with the value that is nested in each of its arguments. */
const CALLS: Readonly<Record<ScalarName, Form>> = {
  lower: ['text', 'lower(?)'],
  upper: ['text', 'upper(?)'],
  trim: ['text', 'trim(?)', "trim(?, 'x')", "trim('x', ?)"],
  ltrim: ['text', 'ltrim(?)'],
  rtrim: ['text', 'rtrim(?)'],
  substring: ['text', 'substring(?, -2, 3)'],
  abs: ['number', 'abs(?)'],
  ceil: ['number', 'ceil(?)'],
  floor: ['number', 'floor(?)'],
  round: ['number', 'round(?, 2)'],
  trunc: ['number', 'trunc(?, 1)'],
  ln: ['number', 'ln(?)'],
  log10: ['number', 'log10(?)'],
  sqrt: ['number', 'sqrt(?)'],
  coalesce: ['number', 'coalesce(?, seconds)', 'coalesce(seconds, ?)'],
  date_part: ['date', 'dayofweek(?)', 'extract(second FROM ?)'],
  current_date: ['date', 'greatest(?, current_date)'],
  current_localtimestamp: ['date', 'greatest(?, getdate())'],
  add_days: ['date', 'date_add(?, 3)', '(CAST(? AS DATE) + 3)'],
  add_months: ['date', 'add_months(?, 3)'],
  add_time: ['date', 'dateadd(hour, 3, ?)', 'dateadd(month, seconds, ?)', "(? + INTERVAL '1' MONTH)"],
  format_time: ['date', "date_format(?, 'yyyy-MM-dd')", "to_char(?, 'Q YYYY Q D W WW')", "to_char(?, 'FMDay Q D')"],
  parse_date: ['text', "to_date(?, 'yyyy-MM-dd')", 'to_date(?)'],
  parse_timestamp: ['text', "to_timestamp(?, 'yyyy-MM-dd HH:mm:ss.SSS')", 'to_timestamp(?)'],
  parse_number: ['text', "to_number(?, 'S9,999.99')", "to_number(?, '999D99S')"],
  truncate_date: ['date', "trunc(?, 'week')"],
  whole_units: [
    'date',
    'datediff(month, visit_date, ?)',
    'datediff(year, ?, visit_date)',
    'datediff(day, ?, visit_date)',
  ],
  crossed_units: ['date', 'datediff(visit_date, ?)'],
  elapsed: ['date', "((CAST(? AS TIMESTAMP) - CAST(visit_date AS TIMESTAMP)) > INTERVAL '1' DAY)"],
  months_between: ['date', 'months_between(?, visit_date)', 'months_between(visit_date, ?)'],
  last_day: ['date', 'last_day(?)'],
  next_weekday: ['date', "next_day(?, 'mon')"],
  make_date: ['number', 'make_date(CAST(? AS INT), 1, 2)', 'make_date(2024, 1, CAST(? AS INT))'],
  unix_seconds: ['date', 'unix_timestamp(?)'],
  '||': ['text', "(? || 'x')"],
  date_trunc: ['date', "date_trunc('month', ?)"],
  length: ['text', 'length(?)'],
  starts_with: ['text', "starts_with(?, 'x')", "starts_with('x', ?)"],
  contains: ['text', "contains(?, 'x')"],
  nullif: ['number', 'nullif(?, 0)', 'nullif(0, ?)', 'nullif(?, seconds)'],
  greatest: ['number', 'greatest(?, seconds)'],
  least: ['number', 'least(?, seconds)'],
  natural_log: ['number', 'log(?)'],
  log_to_base: ['number', 'log(?, seconds)', 'log(2, ?)'],
  log2: ['number', 'log2(?)'],
  whole_ceil: ['number', 'ceil(CAST(? AS DOUBLE))'],
  whole_floor: ['number', 'floor(CAST(? AS DOUBLE))'],
  div: ['number', 'div(seconds, ?)', '(? DIV seconds)', 'div(seconds, CAST(? AS BIGINT))'],
  exp: ['number', 'exp(?)'],
  power: ['number', 'power(?, 2)', 'power(2, ?)'],
  cbrt: ['number', 'cbrt(?)'],
  degrees: ['number', 'degrees(?)'],
  radians: ['number', 'radians(?)'],
  sign: ['number', 'sign(?)'],
  pi: ['number', '(? + pi())'],
  hash: ['number', 'hash(?)'],
  xxhash64: ['number', 'xxhash64(?)'],
  concat_ws: ['text', "concat_ws('-', ?, page)", "concat_ws(?, page, 'x')"],
  replace: ['text', "replace(?, 'a', 'bc')", "replace(page, ?, 'bc')"],
  split_part: ['text', "split_part(?, '-', 2)"],
  left: ['text', 'left(?, 3)', 'left(?, -3)'],
  right: ['text', 'right(?, 3)', 'right(?, -3)'],
  lpad: ['text', "lpad(?, 30, 'x')"],
  rpad: ['text', "rpad(?, 30, 'x')"],
  repeat: ['text', 'repeat(?, 2)'],
  reverse: ['text', 'reverse(?)'],
  initcap: ['text', 'initcap(?)'],
  instr: ['text', "instr(?, 'x')", "instr('x', ?)", "locate('x', ?)", "position('x' IN ?)"],
  ascii: ['text', 'ascii(?)'],
  translate: ['text', "translate(?, 'ab', 'cd')"],
  ends_with: ['text', "endswith(?, 'x')"],
  md5: ['text', 'md5(?)'],
  sha1: ['text', 'sha1(?)'],
  sha256: ['text', 'sha2(?, 256)'],
  regexp_like: ['text', "regexp_like(?, 'a+')"],
  regexp_replace: ['text', "regexp_replace(?, 'a+', 'bc')"],
  regexp_extract: ['text', "regexp_extract(?, '(a)(b)', 1)", "regexp_substr(?, 'a+')"],
};

/** What is no function. */
const FORMS: readonly Form[] = [
  ['number', '(? + 1)', '(1 - ?)', '(? * ?)', '(? / 3)', '(3 / ?)', '(? % 3)', '(3 % ?)', '(-?)'],
  [
    'number',
    '(? BETWEEN 1 AND 2)',
    '(1 BETWEEN ? AND 2)',
    '(? BETWEEN seconds AND seconds)',
    '(? NOT BETWEEN 1 AND 2)',
  ],
  ['number', '(? IN (1))', '(? IN (1, 2, 3, 4, 5, 6, 7, 8))', '(? NOT IN (1, 2))'],
  [
    'number',
    '(? IS NULL)',
    '(? <=> 1)',
    '(? = 1)',
    'nvl2(?, 1, 2)',
    'nvl2(1, ?, 2)',
    'if(seconds > 1, ?, 0)',
    'decode(?, 1, 2, 3)',
  ],
  [
    'number',
    'CASE WHEN ? > 1 THEN 1 ELSE 2 END',
    'CASE ? WHEN 1 THEN 2 WHEN 2 THEN 3 END',
    'CASE WHEN seconds > 1 THEN ? END',
  ],
  ['truth', '(NOT ?)', '(? AND seconds > 2)', '(? OR seconds > 3 AND page > page)', 'CASE WHEN ? THEN 1 ELSE 0 END'],
  ['text', "(? LIKE 'a%')", "(? LIKE '%a_b')", "(? ILIKE 'a%')", "(? RLIKE 'a')"],
  [
    'text',
    'CAST(? AS INT)',
    'CAST(? AS DECIMAL(10,2))',
    'CAST(? AS DATE)',
    'CAST(? AS TIMESTAMP)',
    'CAST(? AS BOOLEAN)',
  ],
  [
    'number',
    'CAST(? AS INT)',
    'CAST(? AS BOOLEAN)',
    '(SELECT max(seconds) FROM visits WHERE ? > 1)',
    '(nullif((SELECT max(?) FROM visits), 1) BETWEEN 1 AND 2)',
  ],
];

function nested(kind: Kind, form: string, depth: number): string {
  let value = COLUMNS[kind];
  for (let level = 0; level < depth; level += 1) value = `CAST(${form.replaceAll('?', () => value)} AS ${AS[kind]})`;
  return `SELECT ${value} AS v FROM visits`;
}

const ALL = [...Object.values(CALLS), ...FORMS].flatMap(([kind, ...forms]) => forms.map((form) => ({ kind, form })));

/** The bytes of SQL and the processor time that the engine may need to plan what is allowed. */
const MOST_BYTES = 1_000_000;
const MOST_MILLISECONDS = 10_000;

/** The statement of the deepest nesting that is allowed; `null` if none is. */
async function deepestOf(kind: Kind, form: string): Promise<string | null> {
  let [allowed, refused, statement]: [number, number, string | null] = [0, 1, null];
  for (let isGrowing = true; refused - allowed > (isGrowing ? 0 : 1);) {
    const depth = isGrowing ? refused : Math.floor((allowed + refused) / 2);
    const verdict = await room.ask(nested(kind, form, depth), CUSTOM);
    isGrowing &&= verdict.allowed;
    if (verdict.allowed) [allowed, statement] = [depth, verdict.statement.sql];
    else refused = depth;
    if (isGrowing) refused = 2 * depth;
  }
  return statement;
}

/** The milliseconds of processor time in which the engine plans a statement. */
async function planningOf(statement: string): Promise<number> {
  const start = process.cpuUsage();
  await room.read(`EXPLAIN ${statement}`);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

// A macro of the engine that copies its argument, or a rewriting that does, makes 2^n of it; so does BETWEEN.
test.each(ALL)(
  'R-3 the engine can plan $form, however deeply it is nested',
  async ({ kind, form }) => {
    const statement = await deepestOf(kind, form);
    if (statement === null) throw new Error('refused');
    expect(statement.length).toBeLessThan(MOST_BYTES);
    expect(await planningOf(statement)).toBeLessThan(MOST_MILLISECONDS);
  },
  60_000,
);

import { quoteForMessage } from '../../../errors/index.ts';
import { castTo } from '../../ast/build.ts';
import type { ScalarName } from '../../ast/functions.ts';
import type { Expression } from '../../ast/nodes.ts';
import { readTimeFormat } from '../../ast/time-format.ts';
import { findTimeUnit, TIME_UNITS } from '../../ast/time-parts.ts';
import { BIGINT, DATE, decimalOf, familyOfType, TEXT, TIMESTAMP, type ValueType } from '../../ast/value-type.ts';
import type { Span } from '../../findings/finding.ts';
import type { Context } from '../context.ts';
import { readNumberFormat } from './number-format.ts';
import { invalid } from '../scope.ts';
import { foldName, type StrictNode } from '../strict-node.ts';
import { DATE_TRUNCATIONS } from './meanings.ts';
import { type FormatResult, readAnyFormat, readJavaFormat, refuseReading } from './format.ts';
import { expectAmount, expectText, expectTime, makeCall, negate, setting } from './value.ts';
import { resolveConstant } from '../literal.ts';
import { meaningsOf } from '../dialect.ts';

interface Call {
  /** In lower case. */
  readonly name: string;
  readonly span: Span;
  readonly context: Context;
}

/** Resolves the arguments of a call; `null` if it cannot have these. */
type Handler = (parts: readonly Expression[], call: Call) => Expression | null;

/** Functions whose first of three arguments is the name of a unit. */
const UNIT_CALLS: ReadonlySet<string> = new Set([
  ...['dateadd', 'date_add', 'timestampadd', 'datediff', 'date_diff', 'timestampdiff'],
]);

/** Whether the first argument of a call is the name of a unit, and not a value. */
export function takesUnit(name: string, count: number): boolean {
  return count === 3 && UNIT_CALLS.has(name);
}

/** Reads the name of a unit, which looks like a column or is a text. */
export function readUnit(node: StrictNode, context: Context): Expression {
  const { span } = node;
  const kind = node.text('class');
  node.text('type');
  node.text('alias');
  let word: string | null = null;
  if (kind === 'COLUMN_REF') {
    const [name = '', ...more] = node.texts('column_names');
    word = more.length === 0 ? name : null;
    node.close();
  } else if (kind === 'CONSTANT') {
    const value = resolveConstant(node, context);
    word = value.kind === 'literal' && value.type.kind === 'text' ? value.text : null;
  } else node.skipAll();
  const unit = word === null ? null : findTimeUnit(word);
  if (unit !== null) return setting(unit, span);
  const got = word === null ? 'an expression' : quoteForMessage(foldName(word));
  context.walk.found.add('ARGUMENT_NOT_LITERAL', span, `expected a unit of time, got ${got}`, {
    help: `Write one of ${TIME_UNITS.join(', ')}.`,
  });
  return invalid(span);
}

const PART_HELP = 'Write a part such as YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFWEEK, DOY, HOUR, MINUTE or SECOND.';

/** A constant text of the query, or a finding and `null`. */
function constantText(value: Expression, expected: string, { context }: Call, help?: string): string | null {
  if (value.kind === 'literal' && value.type.kind === 'text' && value.text !== null) return value.text;
  if (value.kind === 'invalid') return null;
  context.walk.found.add('ARGUMENT_NOT_LITERAL', value.span, `expected ${expected} that is written in the query`, {
    help,
  });
  return null;
}

/** Looks up a constant text among names in lower case. */
function constantName(
  value: Expression,
  expected: string,
  names: ReadonlyMap<string, string>,
  call: Call,
  help: string,
): Expression {
  const text = constantText(value, expected, call, help);
  const name = text === null ? undefined : names.get(foldName(text));
  if (name !== undefined) return setting(name, value.span);
  if (text !== null) {
    const message = `expected ${expected}, got ${quoteForMessage(text)}`;
    call.context.walk.found.add('ARGUMENT_NOT_LITERAL', value.span, message, { help });
  }
  return invalid(value.span, [value]);
}

function make(name: ScalarName, values: readonly Expression[], type: ValueType, { span, context }: Call): Expression {
  return makeCall(name, values, type, span, context);
}

function partOf(part: Expression, value: Expression, call: Call): Expression {
  const isFraction = part.kind === 'literal' && part.text === 'secondfraction';
  const type = isFraction ? decimalOf(8, 6) : BIGINT;
  return make('date_part', [part, expectTime(value, call.context)], type, call);
}

/** `date_part('year', d)` and `extract(year FROM d)`. */
const datePart: Handler = ([part, value, more], call) => {
  if (part === undefined || value === undefined || more !== undefined) return null;
  const { parts } = meaningsOf(call.context).times;
  return partOf(constantName(part, 'a part of a date', parts, call, PART_HELP), value, call);
};

const addUnits: Handler = (parts, call) => {
  const { context, name } = call;
  const [first, second, third, more] = parts;
  if (first === undefined || second === undefined || more !== undefined) return null;
  if (third !== undefined) {
    if (!takesUnit(name, parts.length)) return null;
    return make('add_time', [first, expectAmount(second, context), expectTime(third, context)], TIMESTAMP, call);
  }
  if (name === 'timestampadd') return null;
  const amount = expectAmount(second, context);
  return make('add_days', [expectTime(first, context), name === 'date_sub' ? negate(amount) : amount], DATE, call);
};

function dayOf(value: Expression): Expression {
  return value.type.kind === 'timestamp' ? castTo(value, DATE) : value;
}

const countUnits: Handler = (parts, call) => {
  const { context } = call;
  const [first, second, third, more] = parts;
  if (first === undefined || second === undefined || more !== undefined) return null;
  if (third !== undefined) {
    const { difference } = meaningsOf(context).times;
    const times = [second, third].map((value) => expectTime(value, context));
    return make(call.name === 'timestampdiff' ? 'whole_units' : difference, [first, ...times], BIGINT, call);
  }
  if (call.name === 'timestampdiff') return null;
  const [start, end] = [second, first].map((value) => dayOf(expectTime(value, context)));
  if (start === undefined || end === undefined) return null;
  return make('whole_units', [setting('day', call.span), start, end], BIGINT, call);
};

/** A format that was read, or a finding and `null`. */
function formatOf(value: Expression, read: (format: string) => FormatResult, call: Call): string | null {
  const text = constantText(value, 'a format', call);
  if (text === null) return null;
  const result = read(text);
  if ('format' in result) return result.format;
  call.context.walk.found.add('LITERAL_FORMAT', value.span, result.problem, { help: result.help });
  return null;
}

const writeTime: Handler = ([value, format, more], call) => {
  if (value === undefined || format === undefined || more !== undefined) return null;
  if (familyOfType(value.type) === 'number') {
    call.context.walk.found.add('TYPE_MISMATCH', value.span, 'expected a date or a timestamp, got a number', {
      help: 'Numbers have no formats here: write CAST(… AS VARCHAR), or round the number first.',
    });
    return invalid(call.span, [value]);
  }
  const time = expectTime(value, call.context);
  const text = formatOf(format, call.name === 'to_char' ? readAnyFormat : readJavaFormat, call);
  if (text === null) return invalid(call.span, [time]);
  return make('format_time', [setting(text, format.span), time], TEXT, call);
};

/** Reads a text by a format, or as CAST does without one. */
function readTime(name: 'parse_date' | 'parse_timestamp', parts: readonly Expression[], call: Call): Expression | null {
  const [value, format, more] = parts;
  const type = name === 'parse_date' ? DATE : TIMESTAMP;
  if (value === undefined || more !== undefined) return null;
  if (value.type.kind === 'date' || value.type.kind === 'timestamp') return castTo(value, type);
  const text = expectText(value, call.context);
  if (format === undefined) return make(name, [setting('', call.span), text], type, call);
  const found = formatOf(format, readAnyFormat, call);
  if (found === null) return invalid(call.span, [text]);
  const problem = refuseReading(readTimeFormat(found));
  if (problem === null) return make(name, [setting(found, format.span), text], type, call);
  call.context.walk.found.add('LITERAL_FORMAT', format.span, problem, {
    help: 'Write a format such as YYYY-MM-DD or yyyy-MM-dd HH:mm:ss, or use SUBSTRING first.',
  });
  return invalid(call.span, [text]);
}

const toDate: Handler = (parts, call) => readTime('parse_date', parts, call);
const toTimestamp: Handler = (parts, call) => readTime('parse_timestamp', parts, call);

const unixSeconds: Handler = (parts, call) => {
  const [value, format] = parts;
  if (value === undefined) return null;
  const isText = value.type.kind === 'text' && format !== undefined;
  const time = isText ? readTime('parse_timestamp', parts, call) : expectTime(value, call.context);
  if (time === null || parts.length > (isText ? 2 : 1)) return null;
  return make('unix_seconds', [time], BIGINT, call);
};

const toNumber: Handler = ([value, format, more], call) => {
  if (value === undefined || format === undefined || more !== undefined) return null;
  const text = expectText(value, call.context);
  const written = constantText(format, 'a format', call);
  const found = written === null ? null : readNumberFormat(written);
  if (found !== null) {
    const type = decimalOf(found.digits + found.after, found.after);
    return make('parse_number', [setting(found.format, format.span), text], type, call);
  }
  if (written !== null) {
    call.context.walk.found.add('LITERAL_FORMAT', format.span, `${quoteForMessage(written)} is not a known format`, {
      help: 'Known are 9, 0, one D or point, G or commas, and S at one end, as in S9,999.99.',
    });
  }
  return invalid(call.span, [text]);
};

const truncateTime: Handler = ([unit, value, more], call) => {
  if (unit === undefined || value === undefined || more !== undefined) return null;
  const { truncations } = meaningsOf(call.context).times;
  const help = `Write one of ${[...new Set(truncations.values())].join(', ')}.`;
  const known = constantName(unit, 'a unit of time', truncations, call, help);
  return make('date_trunc', [known, expectTime(value, call.context)], TIMESTAMP, call);
};

/** `trunc(d, 'MONTH')` and `trunc(t)`, which is the day of a timestamp; `trunc` of a number is no time. */
const truncateDate: Handler = ([value, unit, more], call) => {
  if (value === undefined || more !== undefined) return null;
  const isTime = value.type.kind === 'date' || value.type.kind === 'timestamp';
  if (unit === undefined) return isTime ? make('truncate_date', [setting('day', call.span), value], DATE, call) : null;
  if (familyOfType(value.type) === 'number') return null;
  const help = 'Write YEAR, QUARTER, MONTH or WEEK; for other units use DATE_TRUNC.';
  const known = constantName(unit, 'a unit of dates', DATE_TRUNCATIONS, call, help);
  return make('truncate_date', [known, expectTime(value, call.context)], DATE, call);
};

const WEEKDAYS: ReadonlyMap<string, string> = new Map(
  ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].flatMap((name, index) =>
    [name, name.slice(0, 3), name.slice(0, 2)].map((word) => [word, String(index)] as const),
  ),
);

const nextDay: Handler = ([value, day, more], call) => {
  if (value === undefined || day === undefined || more !== undefined) return null;
  const weekday = constantName(day, 'the name of a weekday', WEEKDAYS, call, "Write 'Monday', 'Mon' or 'Mo'.");
  return make('next_weekday', [weekday, expectTime(value, call.context)], DATE, call);
};

const now: Handler = (parts, call) => (parts.length === 0 ? make('current_localtimestamp', [], TIMESTAMP, call) : null);

const refuseZones: Handler = (parts, { name, span, context }) => {
  context.walk.found.add('FUNCTION_NOT_ALLOWED', span, `${quoteForMessage(name)} needs time zones`, {
    help: 'Times have no zone here, and the rules of zones change; add a constant interval, as in `t - INTERVAL 5 HOUR`.',
  });
  return invalid(span, parts);
};

const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ...['dateadd', 'date_add', 'timestampadd', 'date_sub'].map((name) => [name, addUnits] as const),
  ...['datediff', 'date_diff', 'timestampdiff'].map((name) => [name, countUnits] as const),
  ...['date_part', 'datepart'].map((name) => [name, datePart] as const),
  ...['to_char', 'date_format'].map((name) => [name, writeTime] as const),
  ...['to_date', 'try_to_date'].map((name) => [name, toDate] as const),
  ...['to_timestamp', 'try_to_timestamp', 'to_timestamp_ntz'].map((name) => [name, toTimestamp] as const),
  ...['to_number', 'try_to_number'].map((name) => [name, toNumber] as const),
  ...['unix_timestamp', 'to_unix_timestamp'].map((name) => [name, unixSeconds] as const),
  ...['date_trunc', 'datetrunc'].map((name) => [name, truncateTime] as const),
  ...['now', 'current_timestamp', 'get_current_timestamp', 'localtimestamp'].map((name) => [name, now] as const),
  ...['from_utc_timestamp', 'to_utc_timestamp', 'convert_timezone', 'timezone'].map(
    (name) => [name, refuseZones] as const,
  ),
  ['trunc', truncateDate],
  ['next_day', nextDay],
]);

/** Resolves a function of times by its name in lower case; `null` if it is none, or cannot have these arguments. */
export function resolveTimeCall(
  name: string,
  parts: readonly Expression[],
  span: Span,
  context: Context,
): Expression | null {
  const call = { name, span, context };
  const part = meaningsOf(context).times.partFunctions.get(name);
  const [value] = parts;
  if (part !== undefined && value !== undefined && parts.length === 1) return partOf(setting(part, span), value, call);
  return HANDLERS.get(name)?.(parts, call) ?? null;
}

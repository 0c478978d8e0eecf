import type { Draft } from './draft.ts';
import { isInfix, matchParentheses } from './operands.ts';

/** Words that stand between two operands, and DuckDB's operator with the same precedence. */
const INFIX: ReadonlyMap<string, string> = new Map([
  ['RLIKE', 'SIMILAR TO'],
  ['REGEXP', 'SIMILAR TO'],
  ['DIV', '//'],
]);

/** What DuckDB's parser calls the operator that RLIKE is read as: in Spark SQL nothing else has this name. */
export const MATCHES = 'regexp_full_match';

/** Names of types, as CONVERT and CAST take them. */
const TYPES: ReadonlySet<string> = new Set([
  ...['BOOLEAN', 'BOOL', 'BYTE', 'TINYINT', 'SHORT', 'SMALLINT', 'INT', 'INTEGER', 'LONG', 'BIGINT', 'FLOAT', 'REAL'],
  ...['DOUBLE', 'DEC', 'DECIMAL', 'NUMERIC', 'STRING', 'CHAR', 'CHARACTER', 'VARCHAR', 'TEXT', 'DATE', 'TIMESTAMP'],
  ...['TIMESTAMP_NTZ', 'TIMESTAMP_LTZ', 'BPCHAR', 'INT2', 'INT4', 'INT8', 'FLOAT4', 'FLOAT8'],
]);

/** Types whose names are functions too, which DuckDB's parser does not take for most of them: `int(a)` converts. */
const CONVERSIONS: ReadonlySet<string> = new Set([
  ...['BOOLEAN', 'TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'FLOAT', 'DOUBLE', 'DECIMAL', 'STRING', 'TIMESTAMP'],
]);

/** Types that have as many digits after the point as DuckDB thinks where nothing is written; in Spark they have none. */
const DECIMALS: ReadonlySet<string> = new Set(['DEC', 'DECIMAL', 'NUMERIC']);

/** The type that is written at a token, in DuckDB's words, and the index after it. */
function readType(draft: Draft, index: number): { readonly text: string; readonly next: number } | null {
  const { reading } = draft;
  const name = reading.word(index);
  if (!TYPES.has(name)) return null;
  if (reading.written(index + 1) === '(') {
    const [first, second] = [reading.written(index + 2), reading.written(index + 4)];
    const isPair = reading.written(index + 3) === ',';
    const close = isPair ? index + 5 : index + 3;
    const isNumber = reading.kind(index + 2) === 'number' && (!isPair || reading.kind(index + 4) === 'number');
    if (!isNumber || reading.written(close) !== ')') return null;
    return { text: `${name}(${isPair ? `${first}, ${second}` : first})`, next: close + 1 };
  }
  if (DECIMALS.has(name)) return { text: 'DECIMAL(10, 0)', next: index + 1 };
  const isDouble = name === 'DOUBLE' && reading.word(index + 1) === 'PRECISION';
  return { text: isDouble ? 'DOUBLE' : name, next: isDouble ? index + 2 : index + 1 };
}

const CONVERT_HELP = 'Write CONVERT(type, value), where the type is one such as VARCHAR or DECIMAL(10, 2).';

/** `CONVERT(type, value)` as a CAST. */
function readConvert(draft: Draft, index: number, close: number | undefined): void {
  const { reading } = draft;
  const type = readType(draft, index + 2);
  if (close === undefined || (type !== null && reading.written(type.next) !== ',')) return;
  if (type === null) {
    draft.refuse('UNSUPPORTED_NODE', index + 2, 'values cannot be converted to this type', CONVERT_HELP);
    return;
  }
  draft.replace(index, 'CAST');
  draft.remove(index + 2, type.next + 1);
  draft.insert(close, ` AS ${type.text} `, index + 2);
}

/** `int(value)` as a CAST. */
function readConversion(draft: Draft, index: number, close: number | undefined): void {
  if (close === undefined || close === index + 2) return;
  const name = draft.reading.word(index);
  draft.replace(index, 'CAST');
  draft.insert(close, ` AS ${DECIMALS.has(name) ? 'DECIMAL(10, 0)' : name} `, index);
}

/** `f(x, …) WITHIN GROUP (ORDER BY y)` for functions that DuckDB orders by a clause within the parentheses. */
function readWithinGroup(draft: Draft, index: number, open: number | undefined): void {
  const { reading } = draft;
  if (open === undefined || reading.word(index + 1) !== 'GROUP' || reading.written(index + 2) !== '(') return;
  const name = reading.word(open - 1);
  if (name === 'LISTAGG' || name === 'STRING_AGG') draft.remove(index - 1, index + 3);
}

function readApproximate(draft: Draft, index: number): void {
  const { reading } = draft;
  const isCount = reading.word(index + 1) === 'COUNT' && reading.written(index + 2) === '(';
  if (isCount && reading.word(index + 3) === 'DISTINCT') {
    draft.replace(index, '');
    draft.replace(index + 1, 'approx_count_distinct');
    draft.replace(index + 3, '');
  } else if (reading.written(index + 2) === '(') {
    const help = 'Write APPROX_COUNT_DISTINCT(column), or COUNT(DISTINCT column).';
    draft.refuse('FUNCTION_NOT_ALLOWED', index, 'APPROXIMATE can only stand before COUNT(DISTINCT column)', help);
  }
}

/** Aggregates whose names DuckDB's parser reserves. After an operator or LIKE they compare with several values, which is refused. */
function readTruths(draft: Draft, index: number): void {
  const { reading } = draft;
  const isCompared = reading.kind(index - 1) === 'operator' || ['LIKE', 'ILIKE'].includes(reading.word(index - 1));
  if (!isCompared) draft.replace(index, 'bool_or');
}

/** Whether a token is the type of a cast. */
function isCastType(draft: Draft, index: number, open: number | undefined): boolean {
  const { reading } = draft;
  if (reading.written(index - 1) === '::') return true;
  const isCast = open !== undefined && ['CAST', 'TRY_CAST'].includes(reading.word(open - 1));
  return reading.word(index - 1) === 'AS' && isCast;
}

/** Whether a token is the name of the function that only RLIKE can mean. */
function isMatches(draft: Draft, index: number): boolean {
  const { reading } = draft;
  const name = reading.written(index).replace(/^["`]|["`]$/gu, '');
  return name.toLowerCase() === MATCHES && reading.written(index + 1) === '(';
}

function readWord(draft: Draft, index: number, open: number | undefined, partners: ReadonlyMap<number, number>): void {
  const { reading } = draft;
  const word = reading.word(index);
  const infix = INFIX.get(word);
  if (infix !== undefined && isInfix(reading, index)) draft.replace(index, infix);
  else if (word === 'SIMILAR' && reading.word(index + 1) === 'TO' && isInfix(reading, index)) {
    draft.refuse('UNSUPPORTED_NODE', index, 'SIMILAR TO is not supported', "Write RLIKE '^(…)$'.");
  } else if (word === 'CONVERT' && reading.written(index + 1) === '(') {
    readConvert(draft, index, partners.get(index + 1));
  } else if (word === 'LISTAGG' && reading.written(index + 1) === '(') draft.replace(index, 'string_agg');
  else if (word === 'WITHIN' && reading.written(index - 1) === ')')
    readWithinGroup(draft, index, partners.get(index - 1));
  else if (word === 'APPROXIMATE') readApproximate(draft, index);
  else if ((word === 'ANY' || word === 'SOME') && reading.written(index + 1) === '(') readTruths(draft, index);
  else if (isCastType(draft, index, open)) {
    if (DECIMALS.has(word) && reading.written(index + 1) !== '(') draft.replace(index, 'DECIMAL(10, 0)');
  } else if (CONVERSIONS.has(word) && reading.written(index + 1) === '(' && reading.word(index - 2) !== 'CONVERT')
    readConversion(draft, index, partners.get(index + 1));
}

/** Functions, operators and types that DuckDB writes in another form. */
export function readCalls(draft: Draft): void {
  const { reading } = draft;
  const partners = matchParentheses(reading);
  const open: number[] = [];
  for (let index = 0; index < reading.tokens.length; index += 1) {
    const sign = reading.written(index);
    if (sign === '(') open.push(index);
    else if (sign === ')') open.pop();
    else if (isMatches(draft, index)) {
      draft.refuse('FUNCTION_NOT_ALLOWED', index, `\`${MATCHES}\` is not a function of Spark SQL`, 'Write RLIKE.');
    } else if (reading.kind(index) === 'word') readWord(draft, index, open.at(-1), partners);
  }
}

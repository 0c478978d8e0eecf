import type { Draft } from './draft.ts';
import { endsOperand } from './operands.ts';

/** What has been read of the SELECTs between two parentheses. */
interface Level {
  /** The first TOP of the level, and what limits or combines the rows of the level otherwise, by their tokens. */
  top: number | null;
  combined: number | null;
  limited: number | null;
  /** The word BY of the last GROUP BY. */
  groupBy: number | null;
}

const SET_OPERATORS: ReadonlySet<string> = new Set(['UNION', 'INTERSECT', 'EXCEPT', 'MINUS']);
const LIMITS: ReadonlySet<string> = new Set(['LIMIT', 'OFFSET', 'FETCH']);
const AFTER_GROUPS: ReadonlySet<string> = new Set(['SELECT', 'WHERE', 'HAVING', 'ORDER', 'QUALIFY', ...LIMITS]);

/** Clauses that spread rows over the machines of Spark, by their first word; the second one is BY. */
const SPREADING: ReadonlySet<string> = new Set(['CLUSTER', 'DISTRIBUTE', 'SORT']);

/** Commands of Spark, of which DuckDB's parser knows nothing. */
const COMMANDS: ReadonlySet<string> = new Set([
  ...['CACHE', 'UNCACHE', 'CLEAR', 'REFRESH', 'MSCK', 'LOAD', 'ADD', 'LIST', 'RESET', 'REPAIR', 'ANALYZE'],
]);

function newLevel(): Level {
  return { top: null, combined: null, limited: null, groupBy: null };
}

/** Reads `TOP n` after a SELECT; gives its index. */
function readTop(draft: Draft, select: number): number | null {
  const { reading } = draft;
  const first = select + 1;
  const top = ['DISTINCT', 'ALL'].includes(reading.word(first)) ? first + 1 : first;
  const isNumber = reading.kind(top + 1) === 'number' || reading.kind(top + 1) === 'parameter';
  if (reading.word(top) !== 'TOP' || !isNumber) return null;
  const next = reading.word(top + 2);
  if (next === 'PERCENT' || (next === 'WITH' && reading.word(top + 3) === 'TIES'))
    draft.refuse('LIMIT_EXPR', top + 2, `TOP with ${next} is not supported`);
  return top;
}

/** The end of a level: TOP becomes its LIMIT. */
function finish(draft: Draft, { top, combined, limited }: Level, end: number): void {
  if (top === null) return;
  const other = combined ?? limited;
  if (other !== null) {
    const word = draft.reading.word(other);
    const help =
      combined === null ? 'Write either TOP or LIMIT.' : 'Put each SELECT in parentheses, or write LIMIT at the end.';
    draft.refuse('LIMIT_EXPR', top, `TOP and ${word} are in one query`, help);
    return;
  }
  draft.insert(end, ` LIMIT ${draft.reading.written(top + 1).replace(':', '$')} `, top + 1);
  draft.remove(top, top + 2);
}

/** `GROUP BY a, b WITH ROLLUP` and `GROUP BY a, b GROUPING SETS (…)`, in the forms of the standard. */
function readGroupEnd(draft: Draft, by: number, index: number): void {
  const { reading } = draft;
  const kind = reading.word(index + 1);
  if (reading.word(index) === 'WITH' && (kind === 'ROLLUP' || kind === 'CUBE')) {
    draft.insert(by + 1, ` ${kind} ( `, index + 1);
    draft.replace(index, ')');
    draft.replace(index + 1, '');
  } else if (reading.word(index) === 'GROUPING' && kind === 'SETS' && endsOperand(reading, index - 1)) {
    if (index > by + 1) draft.remove(by + 1, index);
  }
}

function readWord(draft: Draft, level: Level, index: number): void {
  const { reading } = draft;
  const word = reading.word(index);
  if (word === 'SELECT') {
    const top = readTop(draft, index);
    if (top !== null && level.top !== null) level.combined ??= top;
    level.top ??= top;
  }
  const isMinus = word === 'MINUS' && ['SELECT', 'ALL', 'DISTINCT', 'VALUES', ''].includes(reading.word(index + 1));
  const isSet = word === 'MINUS' ? isMinus && endsOperand(reading, index - 1) : SET_OPERATORS.has(word);
  const isSelectNext = reading.word(index + 1) !== '' || reading.word(index + 2) === 'SELECT';
  if (isSet && isSelectNext) {
    level.combined = index;
    if (word === 'MINUS') draft.replace(index, 'EXCEPT');
  }
  if (LIMITS.has(word)) level.limited = index;
  if (AFTER_GROUPS.has(word)) level.groupBy = null;
  if (word === 'BY' && reading.word(index - 1) === 'GROUP') level.groupBy = index;
  if (level.groupBy !== null) readGroupEnd(draft, level.groupBy, index);
  if (SPREADING.has(word) && reading.word(index + 1) === 'BY')
    draft.refuse('UNSUPPORTED_NODE', index, `${word} BY is not supported`, 'Leave it out, or write ORDER BY.');
  if (word === 'LATERAL' && reading.word(index + 1) === 'VIEW')
    draft.refuse('UNSUPPORTED_NODE', index, 'LATERAL VIEW is not supported', 'Leave it out.');
}

/** Clauses of Spark that DuckDB writes in other places, or does not have. */
export function readClauses(draft: Draft): void {
  const { reading } = draft;
  const command = reading.word(0);
  if (COMMANDS.has(command)) draft.refuse('NOT_SELECT', 0, `${command} is not a SELECT`);
  const levels: Level[] = [newLevel()];
  for (let index = 0; index < reading.tokens.length; index += 1) {
    const sign = reading.written(index);
    if (sign === '(') levels.push(newLevel());
    else if (sign === ';' || (sign === ')' && levels.length > 1)) {
      finish(draft, levels.pop() ?? newLevel(), index);
      if (levels.length === 0 || sign === ';') levels.push(newLevel());
    } else if (reading.word(index - 1) !== 'AS') readWord(draft, levels.at(-1) ?? newLevel(), index);
  }
  for (const level of levels) finish(draft, level, reading.tokens.length);
}

import type { Draft } from './draft.ts';
import { endsOperand, isInfix } from './operands.ts';

/** What has been read of one condition or one operand, since the last word or sign that ends it. */
interface Level {
  /** Whether a CASE opened the level, and not a parenthesis. */
  readonly isCase: boolean;
  compared: boolean;
  joined: boolean;
  /** How many ANDs belong to a BETWEEN. */
  betweens: number;
}

const COMPARISONS: ReadonlySet<string> = new Set(['=', '==', '<=>', '<>', '!=', '<', '<=', '>', '>=', '!<', '!>']);
const PREDICATES: ReadonlySet<string> = new Set(['LIKE', 'ILIKE', 'RLIKE', 'REGEXP', 'IN', 'BETWEEN']);
const ENDS: ReadonlySet<string> = new Set([
  ...['SELECT', 'FROM', 'WHERE', 'GROUP', 'HAVING', 'QUALIFY', 'ORDER', 'BY', 'LIMIT', 'OFFSET', 'WINDOW', 'UNION'],
  ...['INTERSECT', 'EXCEPT', 'MINUS', 'JOIN', 'ON', 'USING', 'OR', 'AND', 'WHEN', 'THEN', 'ELSE', 'AS', 'VALUES'],
]);

const HELP = 'Put parentheses around one of the two; without them Spark and DuckDB do not read the same.';

function newLevel(isCase: boolean): Level {
  return { isCase, compared: false, joined: false, betweens: 0 };
}

function end(level: Level): void {
  level.compared = false;
  level.joined = false;
}

function compare(draft: Draft, level: Level, index: number): void {
  if (level.compared) draft.refuse('PARSE_ERROR', index, 'a comparison follows another one', HELP);
  level.compared = true;
  level.joined = false;
  if (draft.reading.word(index) === 'BETWEEN') level.betweens += 1;
}

function readToken(draft: Draft, level: Level, index: number): void {
  const { reading } = draft;
  const written = reading.written(index);
  const word = reading.word(index);
  if (word === 'AND' && level.betweens > 0) level.betweens -= 1;
  else if (ENDS.has(word) || written === ',' || written === ';') end(level);
  else if (COMPARISONS.has(written) || (PREDICATES.has(word) && isInfix(reading, index))) compare(draft, level, index);
  else if (written === '||') level.joined = true;
  else if ((written === '+' || written === '-') && level.joined && endsOperand(reading, index - 1))
    draft.refuse('PARSE_ERROR', index, `\`${written}\` follows \`||\``, HELP);
}

/**
 * Refuses what Spark and DuckDB would group in different ways without parentheses. In Spark comparisons come before LIKE, IN and
 * BETWEEN, and `||` is like `+`; in DuckDB it is the other way round.
 */
export function refuseGrouping(draft: Draft): void {
  const { reading } = draft;
  const levels: Level[] = [newLevel(false)];
  for (let index = 0; index < reading.tokens.length; index += 1) {
    const written = reading.written(index);
    const level = levels.at(-1);
    const word = reading.word(index - 1) === 'AS' ? '' : reading.word(index);
    const isEnd = word === 'END' && level?.isCase === true;
    //= rules R-55
    if (written === '(' || word === 'CASE') levels.push(newLevel(written !== '('));
    else if (isEnd || (written === ')' && levels.length > 1)) levels.pop();
    else if (level !== undefined) readToken(draft, level, index);
  }
}

import type { TokenReading } from '../reading.ts';

/** Words after which an operand begins, so that what follows is no operator between two operands. */
const BEFORE_OPERANDS: ReadonlySet<string> = new Set([
  ...[
    'SELECT',
    'DISTINCT',
    'ALL',
    'WHERE',
    'HAVING',
    'QUALIFY',
    'ON',
    'BY',
    'AND',
    'OR',
    'NOT',
    'CASE',
    'WHEN',
    'THEN',
  ],
  ...[
    'ELSE',
    'IN',
    'LIKE',
    'ILIKE',
    'RLIKE',
    'REGEXP',
    'BETWEEN',
    'IS',
    'FROM',
    'DIV',
    'ESCAPE',
    'AS',
    'LIMIT',
    'OFFSET',
  ],
]);

/** Whether an operand can end with a token, so that an operator can follow it. */
export function endsOperand(reading: TokenReading, index: number): boolean {
  const kind = reading.kind(index);
  if (kind === 'word') return !BEFORE_OPERANDS.has(reading.word(index));
  const sign = reading.written(index);
  return (
    kind === 'name' || kind === 'number' || kind === 'text' || kind === 'parameter' || sign === ')' || sign === ']'
  );
}

/** Whether a word stands between two operands, perhaps after NOT, and is not a column or a function. */
export function isInfix(reading: TokenReading, index: number): boolean {
  const isLast = ['', ',', ')', ';'].includes(reading.written(index + 1)) || reading.word(index + 1) === 'FROM';
  if (isLast) return false;
  const before = reading.word(index - 1) === 'NOT' ? index - 2 : index - 1;
  return endsOperand(reading, before);
}

/** For each parenthesis the index of the one that it belongs to. */
export function matchParentheses(reading: TokenReading): ReadonlyMap<number, number> {
  const partners = new Map<number, number>();
  const open: number[] = [];
  for (let index = 0; index < reading.tokens.length; index += 1) {
    const sign = reading.written(index);
    if (sign === '(') open.push(index);
    const first = sign === ')' ? open.pop() : undefined;
    if (first === undefined) continue;
    partners.set(first, index);
    partners.set(index, first);
  }
  return partners;
}

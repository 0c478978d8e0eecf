import { quoteIdentifier, quoteText } from '../../../engine/index.ts';
import { quoteForMessage } from '../../../errors/index.ts';
import type { Draft } from './draft.ts';
import { readSparkNumber } from './number.ts';
import { endsOperand } from './operands.ts';
import { readTextConstant } from './text-constant.ts';

/** Operators that DuckDB writes in another way. */
const OPERATORS: ReadonlyMap<string, string> = new Map([
  ['<=>', 'IS NOT DISTINCT FROM'],
  ['==', '='],
  ['!<', '>='],
  ['!>', '<='],
  ['!', 'NOT '],
]);

/** A hint holds names and numbers. Spark reads other hints as tokens, in which the end may not be an end. */
const HINT = /^\/\*\+[^'"`*/]*\*\/$/u;

/** Texts that follow each other are one text. Gives the index after the last of them. */
function readTexts(draft: Draft, first: number): number {
  const { reading } = draft;
  let [next, text] = [first, ''];
  for (; reading.kind(next) === 'text'; next += 1) {
    if (reading.tokens[next]?.isClosed !== true) {
      draft.refuse('PARSE_ERROR', next, 'the text has no end', "Close it with '; a ' within it is written \\' or ''.");
      continue;
    }
    const constant = readTextConstant(reading.written(next));
    if ('problem' in constant) draft.refuse('PARSE_ERROR', next, constant.problem);
    else text += constant.text;
    if (next > first) draft.replace(next, '');
  }
  draft.replace(first, quoteText(text));
  return next;
}

/** Whether `r` stands directly before a name in double quotes, which Spark reads as a text. */
function followsRaw({ reading }: Draft, index: number): boolean {
  return reading.word(index - 1) === 'R' && reading.tokens[index - 1]?.end === reading.tokens[index]?.start;
}

function readName(draft: Draft, index: number): void {
  const written = draft.reading.written(index);
  if (draft.reading.tokens[index]?.isClosed !== true) draft.refuse('PARSE_ERROR', index, 'the name has no end');
  else if (written.length === 2) draft.refuse('PARSE_ERROR', index, 'the name is empty');
  else if (written.startsWith('`')) draft.replace(index, quoteIdentifier(written.slice(1, -1).replaceAll('``', '`')));
  else if (written.includes('\\') || followsRaw(draft, index)) {
    const help = "Double quotes mark names. Write a text in single quotes: 'x'.";
    draft.refuse('PARSE_ERROR', index, 'a name in double quotes contains a backslash, or follows an r', help);
  }
}

function readSign(draft: Draft, index: number): void {
  const written = draft.reading.written(index);
  if (written === '^') {
    const help = 'Write POWER(a, b) for a power.';
    draft.refuse('UNSUPPORTED_NODE', index, '`^` means the exclusive or of bits, which is not supported', help);
  } else if (written === ':' || (written === '~' && endsOperand(draft.reading, index - 1)))
    draft.refuse('PARSE_ERROR', index, `unexpected \`${written}\``);
  else {
    const operator = OPERATORS.get(written);
    if (operator !== undefined) draft.replace(index, operator);
  }
}

function readUnknown(draft: Draft, index: number): void {
  const written = draft.reading.written(index);
  const help = /^\p{N}/u.test(written)
    ? 'A number has only digits, a point, an exponent, or one of the letters L, S, Y, F, D and BD. Write a name that begins with a digit in backticks.'
    : undefined;
  draft.refuse('PARSE_ERROR', index, `unexpected ${quoteForMessage(written)}`, help);
}

/** Constants, quoted names, operators, parameters and comments: what can be read one by one. */
export function readSingleTokens(draft: Draft): void {
  const { reading } = draft;
  for (let index = 0; index < reading.tokens.length;) {
    const kind = reading.kind(index);
    if (kind === 'text') {
      index = readTexts(draft, index);
      continue;
    }
    if (kind === 'name') readName(draft, index);
    else if (kind === 'number') {
      const number = readSparkNumber(reading.written(index));
      if ('problem' in number) draft.refuse('LITERAL_RANGE', index, number.problem);
      else draft.replace(index, number.text);
    } else if (kind === 'parameter') draft.replace(index, `$${reading.written(index).slice(1)}`);
    else if (kind === 'operator' || kind === 'sign') readSign(draft, index);
    else if (kind === 'unknown') readUnknown(draft, index);
    index += 1;
  }
  for (const { kind, start, end, isClosed } of reading.all) {
    const written = reading.text.slice(start, end);
    if (kind !== 'comment' || !written.startsWith('/*')) continue;
    if (!isClosed) draft.refuseAt('PARSE_ERROR', { start, end: start + 2 }, 'the comment has no end');
    else if (written.includes('/*+') && !HINT.test(written))
      draft.refuseAt('PARSE_ERROR', { start, end }, 'a hint has only names and numbers, and is not within a comment');
  }
}

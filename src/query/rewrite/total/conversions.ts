import { castTo, wholeNumber } from '../../ast/build.ts';
import type { Expression, ExpressionOf } from '../../ast/nodes.ts';
import { TEXT, type ValueType } from '../../ast/value-type.ts';
import { constant, engine } from './engine-expressions.ts';

/** What Spark takes away at both ends of a text before it reads it. */
const BLANK = '[\\x00-\\x20\\x7f-\\x{9f}]*';

function replaced(value: Expression, pattern: string, replacement: string): Expression {
  return engine('regexp_replace', [value, constant(pattern), constant(replacement)], TEXT);
}

/** The first group of a pattern that matches the whole text; an empty text, which is no value of any other type, if it does not. */
function extracted(value: Expression, pattern: string): Expression {
  return engine('regexp_extract', [value, constant(`(?s)\\A${BLANK}${pattern}${BLANK}\\z`), wholeNumber(1)], TEXT);
}

const SIGN = '\\+?0{0,3}';
const DAY = '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}';
/** Zones that a timestamp without one may name; they are read past. */
const ZONE = ' ?(?:Z|UTC|GMT|UT)?(?:[+-][0-9]{1,2}(?::?[0-9]{2})?)?';

/** A year, or a year and a month, becomes its first day. */
function withDay(text: Expression): Expression {
  const month = replaced(text, `\\A${BLANK}${SIGN}([0-9]{4})${BLANK}\\z`, '\\1-01-01');
  return replaced(month, `\\A${BLANK}${SIGN}([0-9]{4}-[0-9]{1,2})${BLANK}\\z`, '\\1-01');
}

function timestampText(text: Expression): Expression {
  const withMinutes = replaced(
    withDay(text),
    `\\A(${BLANK}${SIGN}${DAY}[ T](?:[01]?[0-9]|2[0-3]))${BLANK}\\z`,
    '\\1:00',
  );
  const clock = '(?:[01]?[0-9]|2[0-3]):[0-9]{1,2}(?::[0-9]{1,2}(?:\\.[0-9]+)?)?';
  // What is in the group is read; with a clock, a zone can follow.
  return extracted(withMinutes, `${SIGN}(${DAY}(?:[ T]${clock})?)\\.?(?:${ZONE})`);
}

/** A text in a form in which the engine reads of it what Spark does; an empty text if that is nothing. */
function readableText(text: Expression, type: ValueType): Expression {
  switch (type.kind) {
    case 'integer': {
      const withZero = replaced(text, `\\A${BLANK}([+-]?)\\.`, '\\10.');
      return extracted(withZero, '([+-]?[0-9]+)(?:\\.[0-9]*)?');
    }
    case 'decimal':
      return extracted(text, '([^_]*?)');
    case 'double':
      return replaced(extracted(text, '([^_]*?)'), '([0-9.])[dDfF]\\z', '\\1');
    case 'boolean':
      return extracted(text, '(.*?)');
    case 'date':
      return extracted(withDay(text), `${SIGN}(${DAY})(?:[ T].*)?`);
    case 'timestamp':
      return timestampText(text);
    case 'text':
    case 'interval':
    case 'null':
    case 'unknown':
      return text;
  }
}

/**
 * A conversion by Spark's rules as one by the engine's: what becomes an integer is cut toward zero, and texts are brought into a
 * form that the engine reads like Spark. The value is written once, since nested copies multiply.
 */
export function sparkCast({ value, type }: ExpressionOf<'cast'>): ExpressionOf<'cast'> {
  if (value.type.kind === 'text') return castTo(readableText(value, type), type);
  const isCut = type.kind === 'integer' && (value.type.kind === 'decimal' || value.type.kind === 'double');
  return castTo(isCut ? engine('trunc', [value], value.type) : value, type);
}

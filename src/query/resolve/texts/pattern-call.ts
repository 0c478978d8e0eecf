import { wholeNumber } from '../../ast/build.ts';
import type { Expression } from '../../ast/nodes.ts';
import { type RegularExpression, PatternProblem, readRegularExpression, readReplacement } from './pattern.ts';
import { invalid } from '../scope.ts';
import {
  MAX_REPLACEMENT,
  refuseCount,
  textOf,
  type WrittenCall,
  writtenNumber,
} from '../functions/written-arguments.ts';

/** The text of a constant, or `null` after reporting that it is none. */
function writtenText(value: Expression, { context }: WrittenCall): string | null {
  if (value.kind === 'literal' && value.type.kind === 'text') return value.text;
  if (value.kind === 'invalid') return null;
  context.walk.found.add('ARGUMENT_NOT_LITERAL', value.span, 'expected a text that is written in the query');
  return null;
}

/** Reads a pattern with `read`, and reports what is wrong with it. */
function withPattern<Result>(value: Expression, call: WrittenCall, read: (text: string) => Result): Result | null {
  //= rules R-59
  const text = writtenText(value, call);
  if (text === null) return null;
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof PatternProblem)) throw error;
    call.context.walk.found.add('PATTERN', value.span, error.message);
    return null;
  }
}

/** Whether a text has a part that a pattern matches. */
export function matches(parts: readonly Expression[], call: WrittenCall): Expression {
  const [text, written, more] = parts;
  if (text === undefined || written === undefined || more !== undefined) return refuseCount(parts, call);
  const pattern = withPattern(written, call, (source) => readRegularExpression(source, true));
  if (pattern === null) return invalid(call.span, parts);
  return call.scalar('regexp_like', [text, textOf(pattern.text, written.span)]);
}

/** A pattern that is used for what it matches, and not only for whether it does. */
function readMatching(source: string, mustMatch: boolean): RegularExpression {
  const pattern = readRegularExpression(source, false);
  if (mustMatch && pattern.canBeEmpty) throw new PatternProblem('the pattern matches an empty text');
  return pattern;
}

/** A text with a replacement for each match. */
export function replaceMatches(parts: readonly Expression[], call: WrittenCall): Expression {
  const [text, written, replacement, more] = parts;
  if (text === undefined || written === undefined || replacement === undefined || more !== undefined) {
    return refuseCount(parts, call);
  }
  const pattern = withPattern(written, call, (source) => readMatching(source, true));
  const target = withPattern(replacement, call, (source) => {
    if (source.length > MAX_REPLACEMENT)
      throw new PatternProblem(`at most ${String(MAX_REPLACEMENT)} characters can replace a match`);
    return readReplacement(source, pattern?.groups ?? 9);
  });
  if (pattern === null || target === null) return invalid(call.span, parts);
  const settings = [textOf(pattern.text, written.span), textOf(target, replacement.span)];
  return call.scalar('regexp_replace', [text, ...settings]);
}

/** A group of the first match; an empty text if there is none. */
export function extract(parts: readonly Expression[], call: WrittenCall): Expression {
  const [text, written, place, more] = parts;
  if (text === undefined || written === undefined || more !== undefined) return refuseCount(parts, call);
  const group = place === undefined ? 1 : (writtenNumber(place) ?? -1);
  const pattern = withPattern(written, call, (source) => {
    const read = readMatching(source, false);
    if (group < 0 || group > Math.min(read.groups, 9))
      throw new PatternProblem(`the pattern has no group ${String(group)}`);
    return read;
  });
  if (pattern === null) return invalid(call.span, parts);
  return call.scalar('regexp_extract', [text, textOf(pattern.text, written.span), place ?? wholeNumber(1, call.span)]);
}

/** What a pattern matches first; NULL if nothing. */
export function firstMatch(parts: readonly Expression[], call: WrittenCall): Expression {
  const [text, written, more] = parts;
  if (text === undefined || written === undefined || more !== undefined) return refuseCount(parts, call);
  const pattern = withPattern(written, call, (source) => readMatching(source, true));
  if (pattern === null) return invalid(call.span, parts);
  const found = call.scalar('regexp_extract', [text, textOf(pattern.text, written.span), wholeNumber(0, call.span)]);
  return call.scalar('nullif', [found, textOf('', call.span)]);
}

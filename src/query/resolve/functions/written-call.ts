import type { Dialect } from '../../../collab/index.ts';
import { castTo, compare, not, wholeNumber } from '../../ast/build.ts';
import type { Expression } from '../../ast/nodes.ts';
import { BOOLEAN, commonType, familyOfType, NULL, TEXT } from '../../ast/value-type.ts';
import { sizeOf } from '../../ast/walk.ts';
import { unify } from '../literal.ts';
import { extract, firstMatch, matches, replaceMatches } from '../texts/pattern-call.ts';
import { invalid } from '../scope.ts';
import { MAX_REPLACEMENT, refuseCount, textOf, type WrittenCall, writtenNumber } from './written-arguments.ts';

/** What a call with these arguments means; `null` if it means what its name says. */
type Handler = (parts: readonly Expression[], call: WrittenCall) => Expression | null;

const MAX_REPEATS = 100;

function isNull(value: Expression): Expression {
  return { kind: 'isNull', value, span: value.span, type: BOOLEAN };
}

function choose(
  branches: readonly { readonly when: Expression; readonly then: Expression }[],
  otherwise: Expression | null,
  { span, context }: WrittenCall,
): Expression {
  const thens = branches.map(({ then }) => then);
  const results = unify(otherwise === null ? thens : [...thens, otherwise], context);
  return {
    kind: 'case',
    branches: branches.map(({ when, then }, index) => ({ when, then: results[index] ?? then })),
    otherwise: otherwise === null ? null : (results.at(-1) ?? otherwise),
    span,
    type: results.map(({ type }) => type).reduce(commonType, NULL),
  };
}

/** `DECODE(value, search, result, …, default)`, in which NULL is found by NULL. */
function decode(parts: readonly Expression[], call: WrittenCall): Expression {
  const [value, ...rest] = parts;
  const { context, span } = call;
  if (value === undefined || rest.length < 2) return refuseCount(parts, call);
  const pairs = Math.floor(rest.length / 2);
  // The value is written once for each search.
  context.nodes.add(sizeOf(value) * (pairs - 1));
  const searches = Array.from({ length: pairs }, (_, index) => rest[2 * index] ?? value);
  const [, ...typed] = unify([value, ...searches], context);
  const branches = typed.map((search, index) => ({
    when: compare('IS NOT DISTINCT FROM', value, search, span),
    then: rest[2 * index + 1] ?? value,
  }));
  return choose(branches, rest.length % 2 === 1 ? (rest.at(-1) ?? null) : null, call);
}

/** A value as a part of a longer text. A DOUBLE stays what it is, and is refused. */
function asText(value: Expression): Expression {
  const family = familyOfType(value.type);
  const isKept = family === null || family === 'text' || value.type.kind === 'double' || value.kind === 'invalid';
  return isKept ? value : castTo(value, TEXT, 'spark');
}

function concat(parts: readonly Expression[], call: WrittenCall): Expression {
  const [first, ...rest] = parts.map(asText);
  if (first === undefined) return refuseCount(parts, call);
  return rest.reduce((left, right) => call.scalar('||', [left, right]), first);
}

/** A written length with 0 instead of a negative one. */
function notNegative(value: Expression): Expression {
  return (writtenNumber(value) ?? 0) < 0 ? wholeNumber(0, value.span) : value;
}

function cutTo(name: 'left' | 'right'): Handler {
  return ([text, length, ...more], call) =>
    text === undefined || length === undefined || more.length > 0
      ? null
      : call.scalar(name, [text, notNegative(length)]);
}

function padTo(name: 'lpad' | 'rpad'): Handler {
  return ([text, length, filling, ...more], call) => {
    if (text === undefined || length === undefined || more.length > 0) return null;
    const size = notNegative(length);
    const isEmpty = filling?.kind === 'literal' && filling.text === '';
    return isEmpty
      ? call.scalar('left', [text, size])
      : call.scalar(name, [text, size, filling ?? textOf(' ', call.span)]);
  };
}

function repeat(parts: readonly Expression[], call: WrittenCall): Expression | null {
  const [text, count, more] = parts;
  if (text === undefined || count === undefined || more !== undefined) return null;
  const number = writtenNumber(count);
  if (number !== null && number > MAX_REPEATS) {
    const message = `expected a number up to ${String(MAX_REPEATS)}, got ${String(number)}`;
    call.context.walk.found.add('LITERAL_RANGE', count.span, message);
    return invalid(call.span, parts);
  }
  return call.scalar('repeat', [text, notNegative(count)]);
}

function replace(parts: readonly Expression[], call: WrittenCall): Expression | null {
  const [text, search, replacement = textOf('', call.span), ...more] = parts;
  if (text === undefined || search === undefined || more.length > 0) return null;
  if (replacement.kind === 'literal' && (replacement.text ?? '').length > MAX_REPLACEMENT) {
    const message = `expected at most ${String(MAX_REPLACEMENT)} characters as the replacement`;
    call.context.walk.found.add('LITERAL_RANGE', replacement.span, message);
    return invalid(call.span, parts);
  }
  return call.scalar('replace', [text, search, replacement]);
}

function splitPart(parts: readonly Expression[], { context, span, scalar }: WrittenCall): Expression | null {
  const [text, delimiter, place] = parts;
  if (text === undefined || delimiter === undefined || place === undefined) return null;
  const isEmpty = delimiter.kind === 'literal' && delimiter.text === '';
  if (isEmpty || writtenNumber(place) === 0) {
    const at = isEmpty ? delimiter.span : place.span;
    context.walk.found.add(
      'LITERAL_RANGE',
      at,
      isEmpty ? 'the delimiter is empty' : 'the parts are counted from 1 or -1',
    );
    return invalid(span, parts);
  }
  return scalar('split_part', [text, delimiter, place]);
}

/** LOCATE, CHARINDEX and POSITION, which name first what is looked for, and may name where to begin. */
function locate(parts: readonly Expression[], call: WrittenCall): Expression | null {
  const [sought, text, from, ...more] = parts;
  const isFirst = from === undefined || writtenNumber(from) === 1;
  if (sought === undefined || text === undefined || !isFirst || more.length > 0) return refuseCount(parts, call);
  return call.scalar('instr', call.isSyntax ? [sought, text] : [text, sought]);
}

/** LOG, whose base is another in each SQL where it has one argument. */
function logarithm(name: 'natural_log' | 'log10'): Handler {
  return ([first, second, ...more], call) => {
    if (first === undefined || more.length > 0) return null;
    if (second !== undefined) return call.scalar('log_to_base', [first, second]);
    return call.scalar(name, [first]);
  };
}

function sha2(parts: readonly Expression[], call: WrittenCall): Expression | null {
  const [text, bits, more] = parts;
  const length = writtenNumber(bits);
  if (text !== undefined && more === undefined && (length === 256 || length === 0))
    return call.scalar('sha256', [text]);
  return refuseCount(parts, call);
}

/** TRIM and its siblings, which name first what is trimmed, unless they say FROM. */
function trimOf(name: 'trim' | 'ltrim' | 'rtrim'): Handler {
  return ([first, second, ...more], call) => {
    if (first === undefined || second === undefined || more.length > 0) return null;
    // The parser turns `'x' FROM t` around.
    const isTurned = call.isSyntax && first.span.start > second.span.start;
    return call.scalar(name, isTurned ? [first, second] : [second, first]);
  };
}

/** Whole numbers of a DOUBLE are integers. */
function wholeOf(name: 'whole_ceil' | 'whole_floor'): Handler {
  return ([value, more], call) =>
    value?.type.kind === 'double' && more === undefined ? call.scalar(name, [value]) : null;
}

/** Positions from 0 are positions from 1, and nothing is shorter than nothing. */
function substring([text, from, length, ...more]: readonly Expression[], call: WrittenCall): Expression | null {
  if (text === undefined || from === undefined || more.length > 0) return null;
  const start = writtenNumber(from) === 0 ? wholeNumber(1, from.span) : from;
  return call.scalar('substring', length === undefined ? [text, start] : [text, start, notNegative(length)]);
}

/** What every SQL has. */
const COMMON: readonly (readonly [name: string, handler: Handler])[] = [
  [
    'nvl2',
    ([value, then, otherwise, more], call) =>
      value === undefined || then === undefined || otherwise === undefined || more !== undefined
        ? refuseCount(
            [value, then, otherwise, more].filter((part) => part !== undefined),
            call,
          )
        : choose([{ when: not(isNull(value), call.span), then }], otherwise, call),
  ],
  ['isnull', ([value, more]) => (value === undefined || more !== undefined ? null : isNull(value))],
  [
    'isnotnull',
    ([value, more], { span }) => (value === undefined || more !== undefined ? null : not(isNull(value), span)),
  ],
  [
    'zeroifnull',
    ([value, more], { scalar, span }) =>
      value === undefined || more !== undefined ? null : scalar('coalesce', [value, wholeNumber(0, span)]),
  ],
  [
    'nullifzero',
    ([value, more], { scalar, span }) =>
      value === undefined || more !== undefined ? null : scalar('nullif', [value, wholeNumber(0, span)]),
  ],
  [
    'equal_null',
    (parts, { context, span }) => {
      const [left, right, more] = unify(parts, context);
      return left === undefined || right === undefined || more !== undefined
        ? null
        : compare('IS NOT DISTINCT FROM', left, right, span);
    },
  ],
  ['mod', (parts, { remainder }) => (parts.length === 2 ? remainder(parts) : null)],
  ['concat_ws', (parts, { scalar }) => scalar('concat_ws', parts.map(asText))],
  ['lpad', padTo('lpad')],
  ['rpad', padTo('rpad')],
  ['repeat', repeat],
  ['replace', replace],
  ['split_part', splitPart],
  ['locate', locate],
  ['position', locate],
  ['charindex', locate],
  ['btrim', (parts, { scalar }) => scalar('trim', parts)],
  ['sha2', sha2],
];

/** What DuckDB does not have, or has with another meaning. */
const SPARK: readonly (readonly [name: string, handler: Handler])[] = [
  ['log', logarithm('natural_log')],
  ['decode', decode],
  ['concat', concat],
  ['left', cutTo('left')],
  ['right', cutTo('right')],
  ['regexp_like', matches],
  ['regexp', matches],
  ['rlike', matches],
  ['regexp_replace', replaceMatches],
  ['regexp_extract', extract],
  ['regexp_substr', firstMatch],
  ['trim', trimOf('trim')],
  ['ltrim', trimOf('ltrim')],
  ['rtrim', trimOf('rtrim')],
  ['substring', substring],
  ['substr', substring],
  ['mid', substring],
  ['ceil', wholeOf('whole_ceil')],
  ['ceiling', wholeOf('whole_ceil')],
  ['floor', wholeOf('whole_floor')],
];

const HANDLERS: Readonly<Record<Dialect, ReadonlyMap<string, Handler>>> = {
  spark: new Map([...COMMON, ...SPARK]),
  duckdb: new Map([...COMMON, ['log', logarithm('log10')]]),
};

/** What a call means that is written in another way than the function that it calls; `null` if it is not one of these. */
export function readWrittenCall(parts: readonly Expression[], call: WrittenCall): Expression | null {
  //= rules R-58
  return HANDLERS[call.context.manifest.dialect].get(call.name)?.(parts, call) ?? null;
}

import { calculate, castTo, wholeNumber } from '../../ast/build.ts';
import type { Expression, ExpressionOf } from '../../ast/nodes.ts';
import { BIGINT, decimalOf, digitsOf, DOUBLE, integerOf, MAX_DIGITS, TEXT } from '../../ast/value-type.ts';
import { constant, engine, joinTexts } from './engine-expressions.ts';

type Call = ExpressionOf<'call'>;
type Lowering = (part: Call, [first, second, third]: readonly Expression[]) => Expression;

/** Texts are cut to this many characters before a function makes them longer. */
const MAX_GROWING = 10_000;
const HEX_DIGITS_OF_INTEGER = 8;
const HEX_DIGITS_OF_BIGINT = 15;

/** The largest number below zero. */
const BELOW_ZERO = constant('-5e-324', DOUBLE);

/** A number as the type that the engine's mathematics have. */
export function asDouble(value: Expression): Expression {
  return value.type.kind === 'double' && value.type.name === 'DOUBLE' ? value : castTo(value, DOUBLE);
}

/** A value, or NULL if it is zero. */
export function orNullIfZero(value: Expression): Expression {
  const zero: Expression = { ...wholeNumber(0), span: value.span };
  return { kind: 'call', function: 'nullif', arguments: [value, zero], span: value.span, type: value.type };
}

/** A value, or NULL where it is not greater than a limit. Written without a second copy of the value, since nested copies multiply. */
function nullUpTo(value: Expression, limit: Expression): Expression {
  const { span, type } = value;
  const raised: Expression = { kind: 'call', function: 'greatest', arguments: [value, limit], span, type };
  return { kind: 'call', function: 'nullif', arguments: [raised, limit], span, type };
}

function onDoubles(part: Call): Expression {
  return { ...part, arguments: part.arguments.map(asDouble) };
}

function positive(value: Expression): Expression {
  return nullUpTo(asDouble(value), wholeNumber(0));
}

function onPositive(part: Call): Expression {
  return { ...part, arguments: part.arguments.map(positive) };
}

function wholeOf(name: 'ceil' | 'floor'): Lowering {
  return (_part, [value = wholeNumber(0)]) => castTo(engine(name, [asDouble(value)], DOUBLE), BIGINT);
}

/** An exact number times a power of ten that makes it whole, as an integer of at most 38 digits. */
function scaled(value: Expression, places: number): Expression {
  const wide = castTo(value, decimalOf(MAX_DIGITS, digitsOf(value.type)?.after ?? 0));
  const whole = places === 0 ? wide : calculate('*', wide, wholeNumber(10 ** places), value.span);
  return castTo(castTo(whole, decimalOf(MAX_DIGITS, 0)), integerOf('HUGEINT', MAX_DIGITS));
}

/** A quotient of whole numbers; of other numbers, or if they have too many digits, the whole part of one of doubles. */
function quotient(part: Call, [left = wholeNumber(0), right = wholeNumber(1)]: readonly Expression[]): Expression {
  const [above, below] = [digitsOf(left.type), digitsOf(right.type)];
  const places = Math.max(above?.after ?? 0, below?.after ?? 0);
  const isExact =
    above !== null && below !== null && Math.max(above.before, below.before) + 2 * places + 1 < MAX_DIGITS;
  if (isExact) {
    return {
      ...engine('divide', [scaled(left, places), orNullIfZero(scaled(right, places))], part.type),
      span: part.span,
    };
  }
  const ratio = calculate('/', asDouble(left), orNullIfZero(asDouble(right)), part.span);
  return castTo(castTo(engine('trunc', [ratio], DOUBLE), decimalOf(MAX_DIGITS, 0)), integerOf('HUGEINT', MAX_DIGITS));
}

/** Digits of the MD5 of a value as a number around zero. */
function bucketOf(value: Expression, digits: number): Expression {
  const text = value.type.kind === 'text' ? value : castTo(value, TEXT);
  const start = engine('left', [engine('md5', [text], TEXT), wholeNumber(digits)], TEXT);
  return calculate(
    '-',
    castTo(joinTexts(constant('0x'), start), BIGINT),
    wholeNumber(2 ** (4 * digits - 1)),
    value.span,
  );
}

function lengthOf(value: Expression | undefined): number {
  return value?.kind === 'literal' ? (value.text ?? '').length : 0;
}

/** A text that is about to become longer. */
function growing(value: Expression): Expression {
  return engine('left', [value, wholeNumber(MAX_GROWING)], TEXT);
}

const LOWERINGS: Readonly<Partial<Record<Call['function'], Lowering>>> = {
  sqrt: (part, [value = wholeNumber(0)]) => ({ ...part, arguments: [nullUpTo(asDouble(value), BELOW_ZERO)] }),
  ln: onPositive,
  log10: onPositive,
  log2: onPositive,
  natural_log: (part) => onPositive({ ...part, function: 'ln' }),
  log_to_base: ({ span }, [base = wholeNumber(1), value = wholeNumber(1)]) => {
    const [above, below] = [value, base].map((each) => engine('ln', [positive(each)], DOUBLE));
    return calculate('/', above ?? value, orNullIfZero(below ?? base), span);
  },
  whole_ceil: wholeOf('ceil'),
  whole_floor: wholeOf('floor'),
  exp: onDoubles,
  power: onDoubles,
  cbrt: onDoubles,
  degrees: onDoubles,
  radians: onDoubles,
  sign: (part) => castTo(onDoubles(part), DOUBLE),
  div: quotient,
  hash: (_part, [value = wholeNumber(0)]) => castTo(bucketOf(value, HEX_DIGITS_OF_INTEGER), integerOf('INTEGER')),
  xxhash64: (_part, [value = wholeNumber(0)]) => castTo(bucketOf(value, HEX_DIGITS_OF_BIGINT), BIGINT),
  replace: (part, [text = constant(''), search = constant(''), replacement = constant('')]) => {
    const isGrowing =
      lengthOf(replacement) > Math.max(lengthOf(search), 0) || (search.kind !== 'literal' && lengthOf(replacement) > 1);
    return { ...part, arguments: [isGrowing ? growing(text) : text, search, replacement] };
  },
  repeat: (part, [text = constant(''), ...rest]) => ({ ...part, arguments: [growing(text), ...rest] }),
  regexp_like: ({ type }, values) => engine('regexp_matches', values, type),
  regexp_replace: ({ type }, [text = constant(''), pattern = constant(''), replacement = constant('')]) => {
    const source = lengthOf(replacement) > 1 ? growing(text) : text;
    return engine('regexp_replace', [source, pattern, replacement, constant('g')], type);
  },
};

/** A call in functions of the engine with arguments with which they cannot fail; `null` if it is that already. */
export function lowerValueCall(part: Call): Expression | null {
  return LOWERINGS[part.function]?.(part, part.arguments) ?? null;
}

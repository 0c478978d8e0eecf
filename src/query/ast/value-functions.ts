import type { ScalarFunctionShape } from './function-shape.ts';

/** Functions of numbers, beside those that SQL dialects have in common. */
export const NUMBER_FUNCTIONS = {
  /** The natural logarithm, where it is written as LOG. */
  natural_log: { listedAs: 'LOG', arguments: ['number'], result: 'double', isUnnamed: true },
  /** The logarithm to a base, which comes first. */
  log_to_base: { listedAs: 'LOG', arguments: ['number', 'number'], result: 'double', isUnnamed: true },
  log2: { listedAs: null, arguments: ['number'], result: 'double' },
  /** CEIL and FLOOR of a DOUBLE as an integer. */
  whole_ceil: { listedAs: 'CEILING', arguments: ['number'], result: 'bigint', isUnnamed: true },
  whole_floor: { listedAs: 'FLOOR', arguments: ['number'], result: 'bigint', isUnnamed: true },
  /** The whole part of a quotient of exact numbers, cut toward zero. */
  div: { listedAs: null, arguments: ['number', 'number'], result: 'quotient' },
  exp: { listedAs: null, arguments: ['number'], result: 'double' },
  power: { listedAs: null, arguments: ['number', 'number'], result: 'double' },
  cbrt: { listedAs: null, arguments: ['number'], result: 'double' },
  degrees: { listedAs: null, arguments: ['number'], result: 'double' },
  radians: { listedAs: null, arguments: ['number'], result: 'double' },
  sign: { listedAs: null, arguments: ['number'], result: 'double' },
  pi: { listedAs: null, arguments: [], result: 'double' },
  /** A number from -2^31 to 2^31 - 1, or of 60 bits, that follows from the value, for buckets. */
  hash: { listedAs: null, arguments: ['same'], result: 'integer' },
  xxhash64: { listedAs: null, arguments: ['same'], result: 'bigint' },
} as const satisfies Readonly<Record<string, ScalarFunctionShape>>;

/** Functions of texts, beside those that SQL dialects have in common. */
export const TEXT_FUNCTIONS = {
  concat_ws: { listedAs: null, arguments: ['text', 'text'], optional: 0, repeats: true, result: 'text' },
  replace: { listedAs: null, arguments: ['text', 'text', 'constant'], result: 'text' },
  split_part: { listedAs: null, arguments: ['text', 'constant', 'literal'], result: 'text' },
  left: { listedAs: null, arguments: ['text', 'literal'], result: 'text' },
  right: { listedAs: null, arguments: ['text', 'literal'], result: 'text' },
  lpad: { listedAs: null, arguments: ['text', 'size', 'constant'], result: 'text' },
  rpad: { listedAs: null, arguments: ['text', 'size', 'constant'], result: 'text' },
  repeat: { listedAs: null, arguments: ['text', 'size'], result: 'text' },
  reverse: { listedAs: null, arguments: ['text'], result: 'text' },
  initcap: { listedAs: null, arguments: ['text'], result: 'text' },
  /** Where a text begins in another, which comes first; 0 if it is not in it. */
  instr: { listedAs: null, arguments: ['text', 'text'], result: 'bigint' },
  ascii: { listedAs: null, arguments: ['text'], result: 'integer' },
  translate: { listedAs: null, arguments: ['text', 'text', 'text'], result: 'text' },
  ends_with: { listedAs: null, arguments: ['text', 'text'], result: 'boolean' },
  md5: { listedAs: null, arguments: ['text'], result: 'text' },
  sha1: { listedAs: null, arguments: ['text'], result: 'text' },
  sha256: { listedAs: null, arguments: ['text'], result: 'text', isUnnamed: true },
  /** Patterns are those of `resolve/texts/pattern.ts`, written for RE2. */
  regexp_like: { listedAs: null, arguments: ['text', 'constant'], result: 'boolean', isUnnamed: true },
  regexp_replace: { listedAs: null, arguments: ['text', 'constant', 'constant'], result: 'text', isUnnamed: true },
  regexp_extract: { listedAs: null, arguments: ['text', 'constant', 'literal'], result: 'text', isUnnamed: true },
} as const satisfies Readonly<Record<string, ScalarFunctionShape>>;

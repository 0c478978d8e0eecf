import { readTypedText } from '../../collab/light.ts';
import { isRecord, quoteForMessage } from '../../errors/index.ts';
import { castTo } from '../ast/build.ts';
import type { Expression } from '../ast/nodes.ts';
import {
  BOOLEAN,
  DATE,
  decimalOf,
  DOUBLE,
  type Family,
  familyOfType,
  integerOf,
  MAX_DIGITS,
  NULL,
  printTypeName,
  TEXT,
  TIMESTAMP,
  type ValueType,
} from '../ast/value-type.ts';
import type { Span } from '../findings/finding.ts';
import type { Json } from '../parse/json.ts';
import type { Context } from './context.ts';
import type { StrictNode } from './strict-node.ts';
import { invalid } from './scope.ts';
import { asElapsed } from './time/elapsed.ts';
import { meaningsOf } from './dialect.ts';

/** The engine has no integer of more digits. */
const WHOLE = /^-?\d{1,39}$/;

function literal(text: string | null, type: ValueType, span: Span): Expression {
  return { kind: 'literal', text, type, span };
}

/** Reads an integer as the engine writes it: digits, or two 64-bit halves of which the lower one is unsigned. */
function readInteger(value: Json): string | null {
  if (typeof value === 'string') return WHOLE.test(value) ? BigInt(value).toString() : null;
  if (!isRecord(value)) return null;
  const { upper, lower, ...rest } = value;
  if (typeof upper !== 'string' || typeof lower !== 'string' || Object.keys(rest).length > 0) return null;
  if (!WHOLE.test(upper) || !WHOLE.test(lower)) return null;
  return (BigInt(upper) * 2n ** 64n + BigInt.asUintN(64, BigInt(lower))).toString();
}

function digitsOfText(text: string): number {
  return text.replace(/\D/g, '').length;
}

/** A whole number; `null` if it has more digits than the engine computes with, as some of the largest HUGEINTs do. */
function integerLiteral(text: string, span: Span): Expression | null {
  const digits = digitsOfText(text);
  if (digits > MAX_DIGITS) return null;
  // The type that the engine gives to the number: a number that is widened to HUGEINT must differ from one that is a HUGEINT.
  const isShort = BigInt.asIntN(64, BigInt(text)) === BigInt(text);
  return literal(text, integerOf(isShort ? 'BIGINT' : 'HUGEINT', digits), span);
}

/** `1234` with a scale of 2 as `12.34`. */
function placePoint(text: string, scale: number): string {
  const sign = text.startsWith('-') ? '-' : '';
  const digits = text.slice(sign.length).padStart(scale + 1, '0');
  return `${sign}${digits.slice(0, digits.length - scale)}.${digits.slice(digits.length - scale)}`;
}

function decimalLiteral(type: StrictNode, value: Json, span: Span): Expression | null {
  const info = type.node('type_info');
  info.empty('alias', 'extension_info');
  info.word('type', ['DECIMAL_TYPE_INFO']);
  const [width, scale] = [Number(info.text('width')), Number(info.text('scale'))];
  info.close();
  const digits = readInteger(value);
  if (digits === null || !(width >= 1 && width <= 38 && scale >= 0 && scale <= width)) return null;
  if (scale === 0) return integerLiteral(digits, span);
  const text = placePoint(digits, scale);
  return literal(text, decimalOf(Math.max(width, digitsOfText(text)), scale, digitsOfText(text)), span);
}

/** A double with an exponent, the only notation that the engine reads as a double. */
function doubleLiteral(value: Json, span: Span): Expression | null {
  const number = typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? literal(number.toExponential(), DOUBLE, span) : null;
}

function readValue(node: StrictNode): Expression | null {
  const { span } = node;
  const type = node.node('type');
  const id = type.text('id');
  const isNull = node.flag('is_null');
  const value = node.optional('value');
  node.close();
  if (id !== 'DECIMAL') type.empty('type_info');
  const result = readTyped(id, type, isNull ? null : value, span);
  type.close();
  return result;
}

function readTyped(id: string, type: StrictNode, value: Json, span: Span): Expression | null {
  if (id === 'NULL' && value === null) return literal(null, NULL, span);
  if (id === 'VARCHAR' && typeof value === 'string') return literal(value, TEXT, span);
  if (id === 'BOOLEAN' && typeof value === 'boolean') return literal(String(value), BOOLEAN, span);
  if (id === 'DECIMAL') return decimalLiteral(type, value, span);
  if (id === 'DOUBLE') return doubleLiteral(value, span);
  const digits = ['INTEGER', 'BIGINT', 'HUGEINT'].includes(id) ? readInteger(value) : null;
  return digits === null ? null : integerLiteral(digits, span);
}

/** A constant of the query, with exactly the value that is written. */
export function resolveConstant(node: StrictNode, { walk }: Context): Expression {
  const { span } = node;
  const value = node.node('value');
  node.close();
  const resolved = readValue(value);
  if (resolved !== null) return resolved;
  walk.found.add('LITERAL_RANGE', span, 'the engine cannot hold this constant exactly');
  return invalid(span);
}

/** Whether a text constant that is combined with a value of this type is read as one. */
function isFolded(type: ValueType): boolean {
  return type.kind === 'date' || type.kind === 'timestamp' || type.kind === 'boolean';
}

/** Converts a constant, and reports one that does not fit; anything but a constant is left to the engine. */
export function foldConstant(value: Expression, type: ValueType, { walk }: Context): Expression | null {
  if (value.kind !== 'literal' || value.text === null || !isFolded(type)) return null;
  if (value.type.kind !== 'text' && !(value.type.kind === 'date' && type.kind === 'timestamp')) return null;
  const text = readTypedText(value.text, printTypeName(type));
  if (text !== null) return literal(text, type, value.span);
  walk.found.add('LITERAL_FORMAT', value.span, `expected a ${type.kind}, got ${quoteForMessage(value.text)}`);
  return invalid(value.span);
}

/** A conversion as it is written in the query, by the rules of its dialect. */
export function convertTo(value: Expression, type: ValueType, context: Context): Expression {
  return foldConstant(value, type, context) ?? castTo(value, type, meaningsOf(context).conversions);
}

/** The type that decides how constants are read: the first that is known, and of times one with a time of day. */
function leadingType(values: readonly Expression[]): ValueType | null {
  const known = values.filter((value) => familyOfType(value.type) !== null);
  const leader = known.find((value) => value.kind !== 'literal') ?? values[0];
  if (leader?.type.kind !== 'date') return leader?.type ?? null;
  return known.some((value) => value.type.kind === 'timestamp') ? TIMESTAMP : leader.type;
}

/** Whether values of two families can be compared: those of one, and dates with timestamps, which are then midnights. */
function canMeet(a: Family, b: Family): boolean {
  const isTimeFamily = (family: Family): boolean => family === 'date' || family === 'timestamp';
  return a === b || (isTimeFamily(a) && isTimeFamily(b));
}

/**
 * Values that are compared: text constants become dates where the others are dates, and differences of dates become spans of time
 * where the others are. Reports different types.
 */
export function unify(values: readonly Expression[], context: Context): readonly Expression[] {
  const hasSpan = values.some((value) => value.type.kind === 'interval');
  const meant = hasSpan ? values.map(asElapsed) : values;
  const leader = leadingType(meant);
  if (leader === null) return meant;
  const typed = meant.map((value) => foldConstant(value, leader, context) ?? value);
  const family = familyOfType(leader) ?? typed.map((value) => familyOfType(value.type)).find((each) => each !== null);
  for (const { type, span } of typed) {
    //= rules R-8
    const own = familyOfType(type);
    const isMonths = type.kind === 'interval' && type.unit === 'month';
    if (isMonths) {
      context.walk.found.add('TYPE_MISMATCH', span, 'months have no fixed length that could be compared', {
        help: 'Write DATEDIFF(MONTH, a, b), or add the months to one of the times.',
      });
    }
    if (own === null || family === undefined || canMeet(own, family)) continue;
    context.walk.found.add('TYPE_MISMATCH', span, `expected a ${family} value, got a ${own} value`);
  }
  return typed;
}

/** Whether a type is a date or a timestamp. */
export function isTime(type: ValueType): boolean {
  return type.kind === DATE.kind || type.kind === TIMESTAMP.kind || familyOfType(type) === null;
}

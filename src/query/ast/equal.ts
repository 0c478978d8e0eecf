import { isRecord } from '../../schema/index.ts';
import { readExpressionType } from './value-type.ts';

/** Keys that do not belong to the meaning of a query, or follow from it: places, and facts about columns. */
const DERIVED = new Set(['span', 'column', 'columns', 'scan', 'hasStar']);

function essenceOf(this: unknown, key: string, value: unknown): unknown {
  if (DERIVED.has(key)) return undefined;
  if (key === 'table' && isRecord(value)) return value['name'];
  if (key !== 'type' || !isRecord(value)) return value;
  return isRecord(this) ? readExpressionType(this['kind'], value) : undefined;
}

/** The meaning of an expression or a query as text. Two with the same text print the same SQL. */
export function canonicalText(node: object): string {
  return JSON.stringify(node, essenceOf);
}

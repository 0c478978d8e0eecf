import { isRecord } from '../../errors/index.ts';
import { readExpressionType } from './value-type.ts';

/** Keys that do not belong to the meaning of a query, or follow from it: places, and facts about columns. */
const DERIVED = new Set(['span', 'column', 'columns', 'scan', 'hasStar', 'totals', 'grouping', 'form']);

/** A value that JSON has. */
export type CanonicalForm =
  string | number | boolean | null | readonly CanonicalForm[] | { readonly [name: string]: CanonicalForm };

/** What a property says of its node's meaning; `undefined` for nothing. */
function essenceOf(node: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  if (DERIVED.has(key)) return undefined;
  if (key === 'table' && isRecord(value)) return value['name'];
  return key === 'type' && isRecord(value) ? readExpressionType(node['kind'], value) : value;
}

function formOf(value: unknown): CanonicalForm | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  if (Array.isArray(value)) return value.map((each) => formOf(each) ?? null);
  if (!isRecord(value)) return undefined;
  const kept: [string, CanonicalForm][] = [];
  for (const [key, property] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const form = formOf(essenceOf(value, key, property));
    if (form !== undefined) kept.push([key, form]);
  }
  return Object.fromEntries(kept);
}

/** The meaning of an expression or a query, as a value that JSON has. */
export function canonicalForm(node: object): CanonicalForm {
  return formOf(node) ?? null;
}

/** {@link canonicalForm} as a text. Two with the same text print the same SQL. */
export function canonicalText(node: object): string {
  return JSON.stringify(canonicalForm(node));
}

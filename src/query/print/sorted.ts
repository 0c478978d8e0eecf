import { quoteIdentifier } from '../../engine/index.ts';
import type { Query } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';

/** What orders the rows of a query of which a fingerprint is a term: a SELECT around it, whose terms are values and not places. */
export interface SortedOutputs {
  readonly select: string;
  /** The name of the query in FROM, with new names of its outputs, because its own may repeat. */
  readonly alias: string;
  readonly terms: readonly string[];
}

/** `null` for a query that can be ordered by the places of its outputs. */
export function sortedOutputs(query: Query): SortedOutputs | null {
  if (query.order.length === 0) return null;
  const outputs = outputsOf(query);
  const isPrint = (index: number): boolean => outputs[index]?.protection.kind === 'fingerprint';
  if (!query.order.some(({ item }) => isPrint(item))) return null;
  const names = outputs.map((_, index) => `"o${String(index)}"`);
  return {
    select: `SELECT ${names.map((name, index) => `${name} AS ${quoteIdentifier(outputs[index]?.name ?? '')}`).join(', ')}`,
    alias: `"sorted" (${names.join(', ')})`,
    terms: names.map((name, index) => (isPrint(index) ? printFingerprintText(name) : name)),
  };
}

/**
 * The Base64 of the part of a fingerprint that rooms compare, by which fingerprints are ordered as their cells are. They are stored as
 * numbers, whose order is another one.
 */
function printFingerprintText(column: string): string {
  return `to_base64(unhex(lpad(hex(${column}), 32, '0')))`;
}

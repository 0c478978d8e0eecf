import { type CanonicalForm, canonicalForm } from '../ast/equal.ts';
import type { ColumnProtection, Query, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { expressionsOf, selectsIn, within } from '../ast/walk.ts';
import { printTypeName, type ValueType } from '../ast/value-type.ts';
import { printQuery, SALT } from './sql.ts';

/** A column of the result. */
export interface ResultColumn {
  readonly name: string;
  readonly protection: ColumnProtection['kind'];
}

/** A statement that may run: SQL printed from the resolved query alone, with values for its parameters. */
export interface Statement {
  /** One SELECT over fully qualified, quoted names. The same query gives the same text. */
  readonly sql: string;
  /** In the order of `$1`, `$2`, …; each is bound as text, and the SQL converts it to its type. */
  readonly parameters: readonly string[];
  /** Whether a salt comes after the parameters: a fresh random text for each run, by which the groups of a person are chosen. */
  readonly isSalted: boolean;
  readonly columns: readonly ResultColumn[];
  /** The maximum number of rows that the SQL returns: one more than may be released. */
  readonly limit: number | null;
  /**
   * The resolved query that the SQL was printed from; texts with the same meaning have the same one. Audit records contain it, and
   * the SHA-256 of its JSON text.
   */
  readonly ir: CanonicalForm;
}

function hasSalt(query: Query): boolean {
  const values = selectsIn(query).flatMap(expressionsOf);
  return values.some((value) => [...within(value)].some((part) => part.kind === 'saltedHash'));
}

/** Prints a query whose parameters have values. */
export function printStatement(
  query: Select,
  values: ReadonlyMap<string, { readonly type: ValueType; readonly text: string }>,
): Statement {
  const names = [...values.keys()];
  const isSalted = hasSalt(query);
  const placeholders = new Map(
    names.map((name, index) => {
      const type = values.get(name)?.type;
      return [name, `CAST($${String(index + 1)} AS ${type === undefined ? 'VARCHAR' : printTypeName(type)})`];
    }),
  );
  if (isSalted) placeholders.set(SALT, `CAST($${String(names.length + 1)} AS VARCHAR)`);
  return Object.freeze({
    sql: printQuery(query, placeholders),
    parameters: Object.freeze([...values.values()].map((value) => value.text)),
    isSalted,
    columns: Object.freeze(outputsOf(query).map(({ name, protection }) => ({ name, protection: protection.kind }))),
    limit: query.limit,
    ir: canonicalForm(query),
  });
}

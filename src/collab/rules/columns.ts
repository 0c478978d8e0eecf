import type { ColumnKind } from '../../schema/index.ts';
import { didYouMean, quoteForMessage } from '../../errors/index.ts';
import type { Cursor } from '../cursor.ts';
import type { ManifestColumn } from '../manifest-column.ts';
import { familyOf } from '../column-type.ts';

/** The aggregates that an aggregation rule can allow, by AWS Clean Rooms' names. */
export const AGGREGATE_FUNCTIONS = ['SUM', 'SUM_DISTINCT', 'COUNT', 'COUNT_DISTINCT', 'AVG'] as const;

/** One of {@link AGGREGATE_FUNCTIONS}. */
export type AggregateFunction = (typeof AGGREGATE_FUNCTIONS)[number];

/** What a rule can name a column for, other than an aggregate. */
export type ColumnUse = 'join' | 'dimension' | 'list' | 'constraint' | 'disallowed' | 'literal';

const FINGERPRINT_SHOWN = 'a fingerprint column can be joined and counted, not shown or grouped by';
const FINGERPRINT_LITERAL = 'a fingerprint column cannot be compared with constants';
const SEALED_COMPARED = 'a sealed column can be shown and counted, not compared';

/** Why a kind of column does not allow a use; `null` if it does. */
const REFUSALS: Readonly<Record<ColumnUse, Readonly<Record<ColumnKind, string | null>>>> = {
  join: { fingerprint: null, sealed: SEALED_COMPARED, cleartext: null },
  dimension: { fingerprint: FINGERPRINT_SHOWN, sealed: SEALED_COMPARED, cleartext: null },
  list: { fingerprint: FINGERPRINT_SHOWN, sealed: null, cleartext: null },
  constraint: { fingerprint: null, sealed: SEALED_COMPARED, cleartext: null },
  disallowed: { fingerprint: null, sealed: null, cleartext: null },
  literal: { fingerprint: FINGERPRINT_LITERAL, sealed: SEALED_COMPARED, cleartext: null },
};

/** The kinds of columns that an aggregate can be taken of, and whether they must hold numbers. */
const AGGREGATES: Readonly<
  Record<AggregateFunction, { readonly kinds: readonly ColumnKind[]; readonly numeric: boolean }>
> = {
  SUM: { kinds: ['cleartext'], numeric: true },
  SUM_DISTINCT: { kinds: ['cleartext'], numeric: true },
  AVG: { kinds: ['cleartext'], numeric: true },
  COUNT: { kinds: ['cleartext', 'fingerprint', 'sealed'], numeric: false },
  COUNT_DISTINCT: { kinds: ['cleartext', 'fingerprint'], numeric: false },
};

/** The columns of a table, for resolving the names in its rule. */
export class RuleColumns {
  readonly #columns: ReadonlyMap<string, ManifestColumn | null>;
  readonly #isComplete: boolean;

  /**
   * @param columns the columns by name; `null` for a column that has a name but is otherwise broken
   * @param isComplete whether every column has a name, so that a name that is not found does not exist
   */
  constructor(columns: ReadonlyMap<string, ManifestColumn | null>, isComplete: boolean) {
    this.#columns = columns;
    this.#isComplete = isComplete;
  }

  #find(item: Cursor): { readonly name: string; readonly column: ManifestColumn | null } | null {
    const name = item.text({ pattern: /./s, words: 'the name of a column' });
    if (name === null) return null;
    const column = this.#columns.get(name);
    if (column !== undefined || !this.#isComplete) return { name, column: column ?? null };
    const known = [...this.#columns.keys()];
    const hint = didYouMean(name, known) ?? `its columns are ${known.join(', ')}`;
    return item.refuse(`the table has no column ${quoteForMessage(name)}`, hint);
  }

  /** Reads the name of a column that allows a use. */
  read(item: Cursor, use: ColumnUse): string | null {
    const found = this.#find(item);
    if (found === null) return null;
    const refusal = found.column === null ? null : REFUSALS[use][found.column.protection];
    if (refusal === null) return found.name;
    return item.refuse(`${quoteForMessage(found.name)} cannot be used here: ${refusal}`);
  }

  /** Reads the name of a column that identifies persons: one that can be compared and holds text. */
  readIdentity(item: Cursor): string | null {
    const name = this.read(item, 'constraint');
    const column = name === null ? null : (this.#columns.get(name) ?? null);
    if (name === null || column === null || familyOf(column.type) === 'text') return name;
    return item.refuse(`expected a column of text, got ${quoteForMessage(name)} of type ${column.type}`);
  }

  /** Reads the name of a column that an aggregate can be taken of. `aggregate` is `null` if it could not be read itself. */
  readAggregated(item: Cursor, aggregate: AggregateFunction | null): string | null {
    const found = this.#find(item);
    if (found === null) return null;
    if (found.column === null || aggregate === null) return found.name;
    const { protection, type } = found.column;
    const { kinds, numeric } = AGGREGATES[aggregate];
    if (!kinds.includes(protection)) {
      const able = Object.entries(AGGREGATES).filter(([, entry]) => entry.kinds.includes(protection));
      const names = able.map(([name]) => name).join(' and ');
      return item.refuse(
        `${aggregate} cannot be taken of ${quoteForMessage(found.name)}, which is ${protection}`,
        `only ${names} can be taken of a ${protection} column`,
      );
    }
    if (numeric && familyOf(type) !== 'number') {
      return item.refuse(
        `expected a column of numbers for ${aggregate}, got ${quoteForMessage(found.name)} of type ${type}`,
      );
    }
    return found.name;
  }
}

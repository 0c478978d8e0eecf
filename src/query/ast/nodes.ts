import type { ManifestTable } from '../../collab/index.ts';
import type { Span } from '../findings/finding.ts';
import type { AggregateName, EngineFunction, ScalarName, WindowName } from './functions.ts';
import type { ValueType } from './value-type.ts';

/** How the values of a column are protected. Columns that are computed from others are cleartext. */
export type ColumnProtection =
  | { readonly kind: 'cleartext' }
  | { readonly kind: 'sealed' }
  /** `header`: the column name that the key was derived with. */
  | { readonly kind: 'fingerprint'; readonly header: string };

/** A column of a table of the collaboration. */
export interface TableColumn {
  readonly table: string;
  readonly column: string;
}

/** A column of a relation. */
export interface RelationColumn {
  readonly name: string;
  readonly type: ValueType;
  readonly protection: ColumnProtection;
  /** The table column that has these values unchanged, and the scan that they come from; `null` if they are computed. */
  readonly origin: (TableColumn & { readonly scan: number }) | null;
  /** All table columns that the values depend on, other than through a count. */
  readonly sources: readonly TableColumn[];
}

/** Comparison operators as SQL writes them. */
export const COMPARISONS = ['=', '<>', '<', '<=', '>', '>=', 'IS DISTINCT FROM', 'IS NOT DISTINCT FROM'] as const;

/** One of {@link COMPARISONS}. */
export type Comparison = (typeof COMPARISONS)[number];

/** Arithmetic operators as SQL writes them. */
export const ARITHMETIC = ['+', '-', '*', '/', '%'] as const;

/** One of {@link ARITHMETIC}. */
export type Arithmetic = (typeof ARITHMETIC)[number];

/** The order of rows within a window. */
export interface WindowOrder {
  readonly value: Expression;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** An end of a window's frame, in rows. */
export type FrameBound =
  | { readonly kind: 'unboundedPreceding' | 'unboundedFollowing' | 'currentRow' }
  | { readonly kind: 'preceding' | 'following'; readonly rows: number };

/** Which rows of a partition a window function sees; `null` where this is used means the default of SQL. */
export interface Frame {
  readonly start: FrameBound;
  readonly end: FrameBound;
}

interface Typed {
  readonly span: Span;
  readonly type: ValueType;
}

/** A value in a resolved query. The set of kinds is closed: every stage handles every kind. */
export type Expression = Typed &
  (
    | { readonly kind: 'column'; readonly relation: string; readonly name: string; readonly column: RelationColumn }
    /** `text`: the value in the canonical notation of its type; `null` for NULL. */
    | { readonly kind: 'literal'; readonly text: string | null }
    | { readonly kind: 'parameter'; readonly name: string }
    /** A number that depends on the values and on a salt of the run; only a rewrite makes one. */
    | { readonly kind: 'saltedHash'; readonly arguments: readonly Expression[] }
    /** GROUPING: which of these are not grouped by, as bits. Only while a query is resolved. */
    | { readonly kind: 'grouping'; readonly arguments: readonly Expression[] }
    /** A call of a function of the engine that no query can name; only a rewrite makes one. */
    | { readonly kind: 'engineCall'; readonly function: EngineFunction; readonly arguments: readonly Expression[] }
    | {
        readonly kind: 'aggregate';
        readonly function: AggregateName;
        readonly distinct: boolean;
        /** `null`: COUNT(*). */
        readonly argument: Expression | null;
        readonly filter: Expression | null;
        /** A second argument that is a constant: a share, or what separates texts. */
        readonly parameter?: Expression;
        /** The order in which the values are taken; only of aggregates that need one. */
        readonly order?: readonly WindowOrder[];
      }
    | {
        readonly kind: 'window';
        readonly function: WindowName | AggregateName;
        readonly arguments: readonly Expression[];
        readonly partition: readonly Expression[];
        readonly order: readonly WindowOrder[];
        readonly frame: Frame | null;
      }
    | { readonly kind: 'call'; readonly function: ScalarName; readonly arguments: readonly Expression[] }
    | {
        readonly kind: 'arithmetic';
        readonly operator: Arithmetic;
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly kind: 'comparison';
        readonly operator: Comparison;
        readonly left: Expression;
        readonly right: Expression;
      }
    | { readonly kind: 'between'; readonly value: Expression; readonly low: Expression; readonly high: Expression }
    /** At least two terms, none of them of the same operator. */
    | { readonly kind: 'logic'; readonly operator: 'AND' | 'OR'; readonly terms: readonly Expression[] }
    | { readonly kind: 'not'; readonly value: Expression }
    | { readonly kind: 'isNull'; readonly value: Expression }
    | { readonly kind: 'in'; readonly value: Expression; readonly options: readonly Expression[] }
    | { readonly kind: 'inQuery'; readonly value: Expression; readonly query: Query }
    | { readonly kind: 'scalarQuery'; readonly query: Query }
    | {
        readonly kind: 'like';
        readonly value: Expression;
        readonly pattern: Expression;
        /** What takes away the meaning of `%` and `_`; in a pattern that is written in the query, every escape is at its place. */
        readonly escape: '\\' | null;
        readonly ignoreCase: boolean;
      }
    | {
        readonly kind: 'case';
        readonly branches: readonly { readonly when: Expression; readonly then: Expression }[];
        readonly otherwise: Expression | null;
      }
    /**
     * Gives NULL where a value does not fit. `rules`: whether numbers are rounded and texts read as the engine does, or cut and read as
     * Spark does.
     */
    | { readonly kind: 'cast'; readonly value: Expression; readonly rules: 'engine' | 'spark' }
    /** A part that was already reported. A query that contains one is never allowed and never printed. */
    | { readonly kind: 'invalid'; readonly isColumn: boolean; readonly parts: readonly Expression[] }
  );

/** The expressions of one kind. */
export type ExpressionOf<Kind extends Expression['kind']> = Extract<Expression, { readonly kind: Kind }>;

/** One output of a SELECT. */
export interface Item {
  readonly name: string;
  readonly value: Expression;
}

/** A term of ORDER BY: an output, by its index from 0. */
export interface Order {
  readonly item: number;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** How a join combines its sides. */
export type JoinType = 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'SEMI' | 'ANTI';

/** A relation in FROM. Expressions refer to it by its `alias`. */
export type Relation =
  | {
      readonly kind: 'scan';
      /** Distinguishes two scans of the same table. */
      readonly scan: number;
      readonly table: ManifestTable;
      readonly alias: string;
      readonly columns: readonly RelationColumn[];
      readonly span: Span;
    }
  | {
      readonly kind: 'derived';
      readonly query: Query;
      readonly alias: string;
      readonly columns: readonly RelationColumn[];
      readonly span: Span;
    }
  /** A reference to a WITH query. */
  | {
      readonly kind: 'named';
      readonly name: string;
      readonly alias: string;
      readonly columns: readonly RelationColumn[];
      readonly span: Span;
    }
  | {
      readonly kind: 'join';
      /**
       * `SEMI`: the rows of the left side that match a row of the right side, whose columns only `on` can use. `ANTI`: the rows that
       * match none.
       */
      readonly type: JoinType;
      readonly left: Relation;
      readonly right: Relation;
      readonly on: Expression;
      /** How the text writes it, if without ON and USING; only a custom rule takes it. */
      readonly form?: 'comma' | 'natural';
      readonly span: Span;
    };

/** The relations that have rows themselves, unlike joins. */
export type Leaf = Exclude<Relation, { readonly kind: 'join' }>;

/** A WITH query. */
export interface NamedQuery {
  readonly name: string;
  readonly query: Query;
}

interface Ordered {
  readonly named: readonly NamedQuery[];
  readonly order: readonly Order[];
  /** Number of rows; `null` for all. */
  readonly limit: number | null;
  readonly offset: number | null;
  readonly span: Span;
}

/** A SELECT. */
export interface Select extends Ordered {
  readonly kind: 'select';
  readonly items: readonly Item[];
  /** Whether some of the items were written as a star. */
  readonly hasStar: boolean;
  readonly distinct: boolean;
  /** `null` without FROM. */
  readonly from: Relation | null;
  readonly where: Expression | null;
  readonly groups: readonly Expression[];
  readonly having: Expression | null;
  readonly qualify: Expression | null;
  /** The same SELECT with some of the groups, for each of the other GROUPING SETS; left out if there are none. */
  readonly totals?: readonly Select[];
}

/** A UNION, INTERSECT or EXCEPT; the names of its outputs are those of the left side. */
export interface SetOperation extends Ordered {
  readonly kind: 'set';
  readonly operator: 'UNION' | 'INTERSECT' | 'EXCEPT';
  readonly all: boolean;
  readonly left: Query;
  readonly right: Query;
  /**
   * The SELECT with GROUPING SETS that this stands for, grouped by all of its groups; `null` if they are no set themselves. Left out
   * where the text has a set operation.
   */
  readonly grouping?: Select | null;
}

/** A query in the resolved form that is checked, rewritten and printed: every name in it is a known column. */
export type Query = Select | SetOperation;

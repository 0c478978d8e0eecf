import type { ColumnKind } from '../schema/index.ts';
import type { AggregationRule } from './rules/aggregation.ts';
import type { CustomRule } from './rules/custom.ts';
import type { ListRule } from './rules/list.ts';
import type { CollaborationSettings } from './settings.ts';

/** What members can be entitled to. */
export const ABILITIES = ['CAN_QUERY', 'CAN_RECEIVE_RESULTS'] as const;

/** One of {@link ABILITIES}. */
export type Ability = (typeof ABILITIES)[number];

/** A party of the collaboration. */
export interface Member {
  /** Also the schema of its tables in SQL: 1 to 63 of `a-z`, `0-9` and `_`, a letter first. */
  readonly id: string;
  readonly displayName: string;
  readonly abilities: readonly Ability[];
  /** Whether it pays for the computing; one member at most. */
  readonly payer: boolean;
  /** Both may be unknown while the manifest is being drafted. */
  readonly publicKeys: {
    /** Ed25519 public key, as `ed25519:` and 32 bytes in Base64. */
    readonly sign: string | null;
    /** Where results are encrypted to: an age recipient (`age1…`), or `x25519:` and 32 bytes in Base64. */
    readonly receive: string | null;
  };
}

/** A column of a table, as it is in the room: after encryption. */
export interface ManifestColumn {
  /** A header that keeps the naming rule of schemas. */
  readonly name: string;
  readonly protection: ColumnKind;
  /** SQL type in the room, as `familyOf` knows it; VARCHAR for protected columns. */
  readonly type: string;
  /** C3R's name of the type that was protected, such as `STRING`; `null` if not said, and for cleartext. */
  readonly clearType: string | null;
}

/** The file that a table comes from. */
export interface ManifestSource {
  readonly kind: 'csv' | 'parquet' | 'arrow';
  /** SHA-256 of the file, 64 hexadecimal digits in lower case. */
  readonly sha256: string;
  readonly rows: number;
}

/** The periods after which an access budget can come back. */
export const BUDGET_TYPES = ['CALENDAR_DAY', 'CALENDAR_WEEK', 'CALENDAR_MONTH', 'LIFETIME'] as const;

/** How many queries may touch a table in a period. */
export interface AccessBudget {
  readonly type: (typeof BUDGET_TYPES)[number];
  /** Queries, at least 1. */
  readonly budget: number;
  /** Whether it is full again when the period ends; never for `LIFETIME`. */
  readonly autoRefresh: boolean;
}

/** What the owner of a table allows. */
export type AnalysisRule = AggregationRule | ListRule | CustomRule;

/** A table that a member brings. */
export interface ManifestTable {
  /** Unique in the collaboration: 1 to 63 of `a-z`, `0-9` and `_`, a letter first. */
  readonly name: string;
  /** Id of a member. */
  readonly owner: string;
  readonly source: ManifestSource | null;
  readonly columns: readonly ManifestColumn[];
  /** `null`: the table cannot be queried. */
  readonly rule: AnalysisRule | null;
  /** Ids of the members that may receive results of queries over this table; all of them can receive results. */
  readonly receivers: readonly string[];
  /** At most one per period; none means no limit. */
  readonly accessBudgets: readonly AccessBudget[];
  /** Hash of the table's whole entry in canonical form: columns, rule, receivers, budgets. 64 hexadecimal digits. */
  readonly sha256: string;
}

/** A typed place in the SQL of a template, written `$name`. */
export interface TemplateParameter {
  readonly name: string;
  /** SQL type, as `familyOf` knows it. */
  readonly type: string;
}

/** A query that owners approve before it runs. Whoever changes a letter of it makes another one. */
export interface AnalysisTemplate {
  readonly id: string;
  readonly sql: string;
  readonly parameters: readonly TemplateParameter[];
  /** Hash of collaboration id, template id, SQL and parameters in canonical form; 64 hexadecimal digits. */
  readonly sha256: string;
  /** Ids of the members whose approval is in the manifest; the signatures were verified when it was read. */
  readonly approvedBy: readonly string[];
}

/** A member's signature under a hash that it saw. */
export interface MemberSignature {
  readonly member: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** 64 bytes in Base64. */
  readonly signature: string;
}

/** What is kept of each query. */
export interface LogSettings {
  /** Whether the owners of the tables see the text of a query, or its hash only. */
  readonly queryText: 'owners' | 'hash';
}

/**
 * What the members of a collaboration agreed on, validated and deeply frozen. Made by `parseManifest` only.
 *
 * The signatures in it are as they were read: `verifyManifest` says which hold.
 */
export interface Manifest {
  readonly version: 1;
  /** UUID in lower case; also the salt of the keys. */
  readonly id: string;
  readonly name: string;
  readonly settings: CollaborationSettings;
  readonly members: readonly Member[];
  readonly tables: readonly ManifestTable[];
  readonly templates: readonly AnalysisTemplate[];
  readonly log: LogSettings;
  readonly signatures: readonly MemberSignature[];
  /** Hash of the canonical form, which leaves out signatures and approvals; 64 hexadecimal digits. */
  readonly sha256: string;
}

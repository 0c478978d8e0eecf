import type { SnapshotFacts } from '../analysis/known-keys.ts';
import type { Manifest, ManifestTable } from '../../collab/index.ts';
import type { ExpressionOf, Leaf } from '../ast/nodes.ts';
import type { Findings } from '../findings/finding.ts';

/** Who asks, who receives the result, and how much of the budgets is left. */
export interface CheckContext {
  readonly manifest: Manifest;
  /** Id of the member that submits the query. */
  readonly member: string;
  /** Ids of the members that are to receive the result. */
  readonly receivers: readonly string[];
  /** Id of the template whose SQL the query is; left out for an ad-hoc query. */
  readonly template?: string | undefined;
  /** Values for the parameters of the template, as text. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** How many queries the access budgets still allow, by table; a table without a budget is left out. */
  readonly budgetsLeft?: ReadonlyMap<string, number> | undefined;
  /**
   * What is known of the snapshots of the member's own tables, by table. Of a table that is left out, because it is not loaded,
   * a verdict names the keys that it assumes.
   */
  readonly facts?: ReadonlyMap<string, SnapshotFacts> | undefined;
  /** The maximum number of rows in a result; default: `DEFAULT_MAX_ROWS`. */
  readonly maxRows?: number | undefined;
}

/** What the checks of a rule work with. */
export interface RuleContext {
  readonly found: Findings;
  readonly manifest: Manifest;
  readonly member: string;
  /** Ids of the members that receive the result. */
  readonly receivers: readonly string[];
  /** The tables of the query, each once. */
  readonly tables: readonly ManifestTable[];
}

/** A relation that is a table. */
export type Scan = Extract<Leaf, { readonly kind: 'scan' }>;

/** The table that a column comes from, and its name there; `null` for a computed column. */
export function tableColumn(
  { column }: ExpressionOf<'column'>,
  { manifest }: Pick<RuleContext, 'manifest'>,
): { readonly table: ManifestTable; readonly name: string } | null {
  const { origin } = column;
  if (origin === null) return null;
  const table = manifest.tables.find((known) => known.name === origin.table);
  return table === undefined ? null : { table, name: origin.column };
}

/** Reports a protected column in a place where it is not allowed. */
export function reportProtected(part: ExpressionOf<'column'>, found: Findings): void {
  const { column, name, span } = part;
  switch (column.protection.kind) {
    case 'fingerprint':
      found.add('FINGERPRINT_USE', span, `\`${name}\` is a fingerprint column, which cannot be used here`);
      break;
    case 'sealed':
      found.add('SEALED_USE', span, `\`${name}\` is a sealed column, which cannot be used here`);
      break;
    case 'cleartext':
      break;
  }
}

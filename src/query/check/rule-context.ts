import type { Manifest, ManifestTable } from '../../collab/index.ts';
import type { ExpressionOf, Leaf } from '../ast/nodes.ts';
import type { Findings } from '../findings/finding.ts';

/** Who asks, for whom, and what is left of what they may ask. */
export interface CheckContext {
  readonly manifest: Manifest;
  /** Id of the member that submits the query. */
  readonly member: string;
  /** Ids of the members that shall receive the result. */
  readonly receivers: readonly string[];
  /** Id of the template whose SQL the query is; left out for a query of one's own. */
  readonly template?: string | undefined;
  /** Values for the parameters of the template, as text. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** Queries that the access budgets still allow, by table; a table that is left out has no budget. */
  readonly budgetsLeft?: ReadonlyMap<string, number> | undefined;
  /** The most rows that a result can have; `DEFAULT_MAX_ROWS` if left out. */
  readonly maxRows?: number | undefined;
}

/** What the checks of a rule need. */
export interface RuleContext {
  readonly found: Findings;
  readonly manifest: Manifest;
  readonly member: string;
  /** The tables of the query, each once. */
  readonly tables: readonly ManifestTable[];
}

/** A relation that is a table. */
export type Scan = Extract<Leaf, { readonly kind: 'scan' }>;

/** The table and the name of a column there; `null` for a column that is computed. */
export function tableColumn(
  { column }: ExpressionOf<'column'>,
  { manifest }: Pick<RuleContext, 'manifest'>,
): { readonly table: ManifestTable; readonly name: string } | null {
  const { origin } = column;
  if (origin === null) return null;
  const table = manifest.tables.find((known) => known.name === origin.table);
  return table === undefined ? null : { table, name: origin.column };
}

/** A finding for a protected column where it cannot be. */
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

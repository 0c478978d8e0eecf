import type { Manifest, ManifestTable } from '../../collab/index.ts';

/** What is known of a table's snapshot in a room. Only the rows of the member that asks may be looked at for a check. */
export interface SnapshotFacts {
  readonly rows: number;
  /** How many rows have the most frequent value other than null, by column; a column without values has 0. */
  readonly multiplicity: ReadonlyMap<string, number>;
}

/** Columns of a table of which no two rows have the same values. */
export interface TableKey {
  readonly table: string;
  readonly columns: readonly string[];
}

/**
 * Which columns of a table tell its rows apart. For the tables of the member that asks, its snapshots say it. For all others, only the
 * signed manifest does: what a query may do must not depend on rows that its member does not know.
 */
export class KnownKeys {
  readonly #manifest: Manifest;
  readonly #member: string;
  readonly #facts: ReadonlyMap<string, SnapshotFacts>;
  readonly #assumes: boolean;
  readonly #assumed = new Map<string, TableKey>();

  /**
   * @param member id of the member that asks
   * @param facts of the member's tables that are loaded, by name
   * @param assumes whether every key of the member's other tables is assumed that a verdict needs
   */
  constructor(manifest: Manifest, member: string, facts: ReadonlyMap<string, SnapshotFacts>, assumes: boolean) {
    this.#manifest = manifest;
    this.#member = member;
    this.#facts = facts;
    this.#assumes = assumes;
  }

  /** The keys that had to be assumed, because there is no snapshot to look at. */
  get assumed(): readonly TableKey[] {
    return [...this.#assumed.values()];
  }

  /** Whether no two rows of a table have the same values, other than null, in these columns. */
  isKey(table: ManifestTable, columns: ReadonlySet<string>): boolean {
    if (columns.size === 0) return false;
    if (table.unique.some((key) => key.every((column) => columns.has(column)))) return true;
    const { allowDuplicates } = this.#manifest.settings;
    const isFingerprint = (name: string): boolean =>
      table.columns.some((column) => column.name === name && column.protection === 'fingerprint');
    if (!allowDuplicates && [...columns].some(isFingerprint)) return true;
    if (table.owner !== this.#member) return false;
    //= rules R-44
    const facts = this.#facts.get(table.name);
    if (facts !== undefined) return [...columns].some((column) => (facts.multiplicity.get(column) ?? facts.rows) <= 1);
    if (!this.#assumes) return false;
    const key = { table: table.name, columns: [...columns].sort() };
    this.#assumed.set(JSON.stringify(key), key);
    return true;
  }

  /** How many rows of a table of the asking member can have one value in each of these columns; `null` if nothing is known. */
  most(table: ManifestTable, columns: readonly string[]): number | null {
    if (table.owner !== this.#member) return null;
    const facts = this.#facts.get(table.name);
    if (facts === undefined) return null;
    return Math.min(facts.rows, ...columns.map((column) => facts.multiplicity.get(column) ?? facts.rows));
  }
}

import canonicalize from 'canonicalize';
import { sha256Hex } from '../../platform/index.ts';
import { columnsOfRule, type Manifest, type ManifestColumn, type ManifestTable } from '../../collab/index.ts';

/**
 * The columns of a table that are loaded into the room, in the manifest's order: those that its analysis rule names, or all of
 * them under a custom rule, which names none. None without a rule.
 */
export function columnsInRoom({ columns, rule }: ManifestTable): readonly ManifestColumn[] {
  if (rule === null) return Object.freeze([]);
  const named = columnsOfRule(rule);
  return Object.freeze(columns.filter(({ name }) => named?.includes(name) ?? true));
}

/**
 * Hash of everything that decides whether and how rows are loaded. A snapshot with other terms than the manifest's is not used.
 *
 * @returns 64 hexadecimal digits
 */
export function loadingTerms(manifest: Manifest, table: ManifestTable): string {
  const { allowDuplicates, preserveNulls } = manifest.settings;
  const columns = columnsInRoom(table).map(({ name, protection, type }) => ({ name, protection, type }));
  const terms = { id: manifest.id, owner: table.owner, table: table.name, columns, allowDuplicates, preserveNulls };
  const keys = table.unique.length === 0 ? {} : { unique: table.unique };
  // What was loaded without a signature is not used once the manifest requires one.
  const signed = manifest.signedTables === 'required' ? { signedTables: manifest.signedTables } : {};
  return sha256Hex(canonicalize({ ...terms, ...keys, ...signed }) ?? '');
}

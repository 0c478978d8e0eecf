import canonicalize from 'canonicalize';
import { sha256Hex } from '../../platform/index.ts';
import { columnsInRoom, type Manifest, type ManifestTable } from '../../collab/index.ts';

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

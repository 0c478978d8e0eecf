import type { Manifest } from '../../collab/index.ts';
import type { Provenance } from '../../tabular/index.ts';

/**
 * The headers of a table's columns that are sealed according to its sidecar or metadata, or to the manifest: there, those that are
 * sealed in every table that has them, since nothing says which of its tables this one comes from.
 */
export function sealedColumnsOf(
  origin: Pick<Provenance, 'columns'> | null,
  manifest: Pick<Manifest, 'tables'> | null,
): readonly string[] {
  const columns = manifest?.tables.flatMap((table) => table.columns) ?? [];
  const others = new Set(columns.filter(({ protection }) => protection !== 'sealed').map(({ name }) => name));
  const agreed = columns.map(({ name }) => name).filter((name) => !others.has(name));
  const said = origin?.columns.filter(({ protection }) => protection === 'sealed') ?? [];
  return [...said.map(({ name }) => name), ...agreed];
}

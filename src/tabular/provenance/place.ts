/** The version of sidecars and metadata; no other is written or read. */
export const PROVENANCE_VERSION = 1;

/** The metadata key of a Parquet file under which its provenance is stored. */
export const PARQUET_KEY = 'sealroom';

/** The metadata keys of a Parquet file that was encrypted as a table of a manifest: its name there, and the manifest. */
export const TABLE_KEYS = { table: 'sealroom.table', manifest: 'sealroom.manifest' } as const;

/** How a column is protected. */
export type Protection = 'sealed' | 'fingerprint' | 'cleartext';

/** The provenance of a protected file. It is kept beside the cells and never in them, so that they stay those of the format. */
export interface Provenance {
  /** Collaboration id, a UUID in lower case. */
  readonly collaborationId: string;
  /** The generation of the collaboration's secret that encrypted the file, from 1 on. */
  readonly generation: number;
  /** Identifies that secret without revealing it; 32 hexadecimal digits. */
  readonly secretId: string;
  readonly columns: readonly { readonly name: string; readonly protection: Protection }[];
}

/** The facts of a sidecar about its file. */
export interface TableFacts {
  /** In hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
}

/** The value in a Parquet file's metadata under {@link PARQUET_KEY}. */
export function printMetadata({ collaborationId, generation, secretId, columns }: Provenance): string {
  return JSON.stringify({ version: PROVENANCE_VERSION, collaborationId, generation, secretId, columns });
}

/** The text of a sidecar. */
export function printSidecar(provenance: Provenance, { sha256, bytes, rows }: TableFacts): string {
  const { collaborationId, generation, secretId, columns } = provenance;
  const content = { version: PROVENANCE_VERSION, collaborationId, generation, secretId, sha256, bytes, rows, columns };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** The version of sidecars and metadata that are written, and the only one that is read. */
export const PROVENANCE_VERSION = 1;

/** Under which key of a Parquet file's metadata stands where it comes from. */
export const PARQUET_KEY = 'sealroom';

/** How a column is protected. */
export type Protection = 'sealed' | 'fingerprint' | 'cleartext';

/** Where a protected file comes from. It goes with the file and never into its cells, which stay those of the format. */
export interface Provenance {
  /** Collaboration id, a UUID in lower case. */
  readonly collaborationId: string;
  /** Which of the collaboration's secrets the file was encrypted with, from 1 on. */
  readonly generation: number;
  /** Names that secret and tells nothing of it; 32 hexadecimal digits. */
  readonly secretId: string;
  readonly columns: readonly { readonly name: string; readonly protection: Protection }[];
}

/** What a sidecar says of the file beside it. */
export interface TableFacts {
  /** In hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
}

/** What stands in a Parquet file's metadata under {@link PARQUET_KEY}. */
export function printMetadata({ collaborationId, generation, secretId, columns }: Provenance): string {
  return JSON.stringify({ version: PROVENANCE_VERSION, collaborationId, generation, secretId, columns });
}

/** The text of a sidecar. */
export function printSidecar(provenance: Provenance, { sha256, bytes, rows }: TableFacts): string {
  const { collaborationId, generation, secretId, columns } = provenance;
  const content = { version: PROVENANCE_VERSION, collaborationId, generation, secretId, sha256, bytes, rows, columns };
  return `${JSON.stringify(content, null, 2)}\n`;
}

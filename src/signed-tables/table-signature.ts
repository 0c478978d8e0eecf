import canonicalize from 'canonicalize';
import { encodeBase64, encodeHex, encodeUtf8 } from '../bytes/index.ts';
import type { SigningKey } from '../platform/index.ts';
import { printPublicKey, signStatement } from '../signing/index.ts';
import type { Protection } from '../tabular/index.ts';

/** The type of the statement that is signed. */
export const TABLE_PAYLOAD_TYPE = 'application/vnd.sealroom.table.v1+json';

/** A column of a signed table. */
export interface SignedColumn {
  /** The header. */
  readonly name: string;
  readonly protection: Protection;
  /** `string`, `int` and so on: the name of its type (format F-94). */
  readonly type: string;
}

/** What is signed about a table (format F-97). */
export interface TableStatement {
  readonly version: 1;
  readonly collaborationId: string;
  /** Generation of the secret; `null` for a secret that is not from an envelope. */
  readonly generation: number | null;
  /** The full id of the secret: 64 hexadecimal digits. */
  readonly secretId: string;
  /** Hash of the manifest under which the table was encrypted; `null` without a manifest. */
  readonly manifestSha256: string | null;
  /** Name of the table in the manifest; `null` if it was not given. */
  readonly table: string | null;
  readonly columns: readonly SignedColumn[];
  readonly rows: number;
  /** Root of the tree over the rows: 64 hexadecimal digits. */
  readonly root: string;
  /** ISO 8601, UTC. */
  readonly created: string;
}

/** What is known of a signed table before its rows are hashed. */
export type TableClaims = Omit<TableStatement, 'version' | 'columns' | 'rows' | 'root'>;

/** The signature of a table, which is valid under the key that it names. */
export interface TableSignature {
  readonly statement: TableStatement;
  /** The key that made it, as cards and manifests have it. Whether to trust it is for the caller to decide. */
  readonly key: string;
  /** The name of its file, for errors. */
  readonly file: string;
}

/** What is known of a signed table once its rows are hashed. */
interface TableRows {
  readonly columns: readonly SignedColumn[];
  /** Number of rows. */
  readonly rows: number;
  /** 32 bytes, from `RowBag`. */
  readonly root: Uint8Array;
}

/**
 * Signs a table.
 *
 * @returns the text of the sidecar: a DSSE envelope
 * @throws {SealroomError} SECRET_INVALID if the key is not Ed25519.
 */
//= format F-97
export function signTable(claims: TableClaims, { columns, rows, root }: TableRows, key: SigningKey): string {
  const { collaborationId, generation, secretId, manifestSha256, table, created } = claims;
  const of = { collaborationId, generation, secretId, manifestSha256, table, created };
  const body = canonicalize({ version: 1, ...of, columns, rows, root: encodeHex(root) }) ?? '';
  const sealed = {
    payloadType: TABLE_PAYLOAD_TYPE,
    payload: encodeBase64(encodeUtf8(body)),
    signatures: [{ keyid: printPublicKey(key), sig: signStatement(TABLE_PAYLOAD_TYPE, body, key) }],
  };
  return `${JSON.stringify(sealed, null, 2)}\n`;
}

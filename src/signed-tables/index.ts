/** Signed tables: hashes of rows, the root over them, and the sidecar with its signature. */
export { checkedTable, SIGNED_NULL, type SignedTransferOptions, transferSignedTable } from './checked-table.ts';
export { type HashedColumn, RowHasher } from './row-hasher.ts';
export { readTableSignature } from './sidecar.ts';
export type { SignedColumn, TableSignature, TableStatement } from './table-signature.ts';
export { TableSigner, type TableSigning } from './table-signer.ts';

import { KEY_BYTES, NONCE_BYTES } from '../limits.ts';
import { SecretBytes } from '../secret-bytes.ts';
import type { RowKeys } from './kernel.ts';

/** Row keys as a table of AES-256 keys, 32 bytes per row. */
export class CellKeyTable implements RowKeys {
  readonly rows: number;
  readonly nonces: Uint8Array;
  readonly #cellKeys: SecretBytes;

  /** Copies `cellKeys`, 32 bytes per row; the caller wipes the original. The nonces are kept as they are. */
  constructor(nonces: Uint8Array, cellKeys: Uint8Array) {
    this.rows = countNonces(nonces);
    this.nonces = nonces;
    if (cellKeys.length !== this.rows * KEY_BYTES) throw new RangeError('there must be one cell key per nonce');
    this.#cellKeys = new SecretBytes(cellKeys);
  }

  /** Lends the keys: row `i` has the 32 bytes from `32 × i` on. */
  use<Result>(borrow: (cellKeys: Uint8Array) => Result): Result {
    return this.#cellKeys.use(borrow);
  }

  /** Wipes the keys. */
  [Symbol.dispose](): void {
    this.#cellKeys[Symbol.dispose]();
  }
}

/** Number of rows that the nonces are for. @throws {RangeError} if they are not a multiple of 32 bytes. */
export function countNonces(nonces: Uint8Array): number {
  if (nonces.length % NONCE_BYTES !== 0) {
    throw new RangeError(`nonces: expected a multiple of ${NONCE_BYTES} bytes, got ${nonces.length}`);
  }
  return nonces.length / NONCE_BYTES;
}

/** Checks that row keys fit. @throws {RangeError} if another kernel derived them, or the number of rows differs. */
export function requireRowKeys(keys: RowKeys, rows: number): CellKeyTable {
  if (!(keys instanceof CellKeyTable)) throw new RangeError('row keys must come from the kernel that uses them');
  if (keys.rows !== rows) throw new RangeError(`row keys: expected ${rows} rows, got ${keys.rows}`);
  return keys;
}

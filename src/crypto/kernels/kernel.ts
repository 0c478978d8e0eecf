import type { ByteColumn } from '../../bytes/index.ts';
import type { FingerprintKey, SealingRoot } from '../keys.ts';

/** What a fingerprint column needs besides its values. */
export interface FingerprintTask {
  readonly key: FingerprintKey;
  /** Type byte of the column's equivalence class, null flag clear; hashed after the value's bytes. */
  readonly typeByte: number;
  /** `keep`: a null stays null. `random`: a null becomes the HMAC of 32 fresh random bytes and the null type byte. */
  readonly nulls: 'keep' | 'random';
}

/** What a sealed column needs besides its values and the rows' keys. */
export interface SealTask {
  /** Normalised target header; with the row nonce, it determines the IV. */
  readonly targetHeader: string;
  /** Type byte and metadata that precede every non-null value. */
  readonly prefix: Uint8Array;
  /** The whole encoded null (type byte with the null flag, metadata), or `null` when a null stays null. */
  readonly nullEncoding: Uint8Array | null;
  /** Padded length T in bytes that every encoded value is filled to, or `null` for no padding. */
  readonly padTargetBytes: number | null;
}

/**
 * The row keys of one chunk: derived once, shared by all sealed columns of the chunk's rows; wiped on dispose. They are
 * used with the kernel that derived them.
 */
export interface RowKeys extends Disposable {
  readonly rows: number;
  /** 32 bytes per row. */
  readonly nonces: Uint8Array;
}

/** A null. */
export const CELL_NULL = 0;
/** Text that is not a protected cell. */
export const CELL_CLEARTEXT = 1;
/** A fingerprint. */
export const CELL_FINGERPRINT = 2;
/** A sealed value. */
export const CELL_SEALED = 3;

/** The kind of a cell: one of the `CELL_` constants. */
export type CellKind = typeof CELL_NULL | typeof CELL_CLEARTEXT | typeof CELL_FINGERPRINT | typeof CELL_SEALED;

/** A column of cells after opening. */
export interface OpenedColumn {
  /** One of the `CELL_` constants per row. */
  readonly kinds: Uint8Array;
  /**
   * The encoded values of sealed rows (type byte first, padding removed, at least one byte) and the cells of the others.
   * May share buffers with the input.
   */
  readonly values: ByteColumn;
}

/** How strictly cells are read. */
export interface OpenCellOptions {
  /**
   * Whether to open cells of other programs that pad with other bytes than zeros, or whose text is not UTF-8: it then has U+FFFD
   * for each malformed part. Such a cell may have been made to open as two texts under two secrets.
   */
  readonly lenientCells?: boolean | undefined;
}

/** Names of the kernels. */
export type KernelName = 'native' | 'wasm' | 'node' | 'noble';

/**
 * The cryptography of a table, one column of a batch at a time. Implementations are interchangeable: the same input gives
 * the same bytes and the same errors.
 *
 * Errors are `SealroomError`s whose `where.row` is the 0-based row within the column that was passed.
 */
export interface Kernel {
  readonly name: KernelName;

  /** `02:hmac:` cells of a column's values (canonical bytes of the equivalence class, without type byte). */
  fingerprintColumn(task: FingerprintTask, values: ByteColumn): ByteColumn;

  /** The AES keys of `nonces.length / 32` rows. A nonce must never be used for two rows. */
  deriveRowKeys(root: SealingRoot, nonces: Uint8Array): RowKeys;

  /**
   * `02:enc:` cells of a column's values (canonical bytes, without prefix). Row `i` is sealed under nonce `i` of `keys`.
   *
   * @throws {SealroomError} DATA_LENGTH if a value does not fit in the pad, or its cell would be over the limit.
   * @throws {SealroomError} SCHEMA_HEADER if the target header is blank.
   */
  sealColumn(task: SealTask, keys: RowKeys, values: ByteColumn): ByteColumn;

  /**
   * Opens the sealed cells of a column and passes the others through.
   *
   * @throws {SealroomError} FORMAT_CELL for a malformed sealed cell, or one of an unknown version.
   * @throws {SealroomError} FORMAT_TAG if authentication fails.
   * @throws {SealroomError} FORMAT_VALUE if an authentic payload has an impossible pad length, or is padded with other bytes than
   *   zeros and not read leniently. Whether text is UTF-8 is not looked at.
   */
  openColumn(root: SealingRoot, cells: ByteColumn, options?: OpenCellOptions): OpenedColumn;
}

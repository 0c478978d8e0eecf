import { gcm } from '@noble/ciphers/aes.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import {
  byteColumnOf,
  concatBytes,
  decodeBase64Into,
  encodeBase64,
  encodeUtf8,
  valueAt,
  wipe,
} from '../../bytes/index.ts';
import type { ByteColumn } from '../../bytes/index.ts';
import { randomBytes } from '../../platform/index.ts';
import { NULL_FLAG } from '../client-type.ts';
import { requireTargetHeader } from '../keys.ts';
import type { SealingRoot } from '../keys.ts';
import { IV_BYTES, KEY_BYTES, NONCE_BYTES, NULL_FILLER_BYTES, SEALED_PREFIX_BYTES } from '../limits.ts';
import { countPadZeros } from '../pad.ts';
import {
  atRow,
  authenticationError,
  classifyCell,
  encodedValueBytes,
  FINGERPRINT_PREFIX_ASCII,
  malformedCellError,
  requireSealedBody,
  SEALED_PREFIX_ASCII,
  sealedCellAad,
  sealedCellBytes,
} from './cell-format.ts';
import { CELL_NULL, CELL_SEALED } from './kernel.ts';
import type { FingerprintTask, Kernel, OpenedColumn, OpenCellOptions, RowKeys, SealTask } from './kernel.ts';
import { CellKeyTable, countNonces, requireRowKeys } from './row-keys.ts';

/** Maps over the rows of a column; adds the row to an error. */
function mapRows<Result>(column: ByteColumn, map: (value: Uint8Array | null, row: number) => Result): Result[] {
  return Array.from({ length: column.rows }, (_, row) => {
    try {
      return map(valueAt(column, row), row);
    } catch (error) {
      throw atRow(error, row);
    }
  });
}

function fingerprintColumn(task: FingerprintTask, values: ByteColumn): ByteColumn {
  const keyed = task.key.use((key) => hmac.create(sha256, key));
  const fingerprint = (value: Uint8Array, typeByte: number): Uint8Array => {
    //= format F-26
    const mac = keyed.clone().update(value).update(Uint8Array.of(typeByte)).digest();
    //= format F-27
    return concatBytes([FINGERPRINT_PREFIX_ASCII, encodeUtf8(encodeBase64(mac))]);
  };
  try {
    return byteColumnOf(
      mapRows(values, (value) => {
        if (value !== null) return fingerprint(value, task.typeByte);
        //= format F-28
        return task.nulls === 'keep' ? null : fingerprint(randomBytes(NULL_FILLER_BYTES), task.typeByte | NULL_FLAG);
      }),
    );
  } finally {
    keyed.destroy();
  }
}

/** The AES-256 key of the cells of one row. */
function deriveCellKey(root: Uint8Array, nonce: Uint8Array): Uint8Array {
  //= format F-30
  const keyingMaterial = concatBytes([root, nonce]);
  try {
    return sha256(keyingMaterial);
  } finally {
    wipe(keyingMaterial);
  }
}

function deriveRowKeys(root: SealingRoot, nonces: Uint8Array): RowKeys {
  const cellKeys = new Uint8Array(countNonces(nonces) * KEY_BYTES);
  root.use((rootKey) => {
    for (let at = 0; at < nonces.length; at += NONCE_BYTES) {
      const cellKey = deriveCellKey(rootKey, nonces.subarray(at, at + NONCE_BYTES));
      cellKeys.set(cellKey, at);
      wipe(cellKey);
    }
  });
  try {
    return new CellKeyTable(nonces, cellKeys);
  } finally {
    wipe(cellKeys);
  }
}

/** Seals one encoded value. */
function seal(task: SealTask, cellKey: Uint8Array, nonce: Uint8Array, encoded: Uint8Array): Uint8Array {
  const zeros = countPadZeros(encoded.length, task.padTargetBytes);
  //= format F-32
  const payload = concatBytes([encoded, new Uint8Array(zeros), Uint8Array.of(zeros >> 8, zeros & 0xff)]);
  sealedCellBytes(payload.length); // refuses what would be too long
  //= format F-31
  const iv = sha256(concatBytes([encodeUtf8(task.targetHeader), nonce])).subarray(0, IV_BYTES);
  //= format F-33
  const ciphertextAndTag = gcm(cellKey, iv, SEALED_PREFIX_ASCII).encrypt(payload);
  wipe(payload);
  //= format F-34
  const body = encodeBase64(concatBytes([nonce, iv, ciphertextAndTag]));
  return concatBytes([SEALED_PREFIX_ASCII, encodeUtf8(body)]);
}

function sealColumn(task: SealTask, keys: RowKeys, values: ByteColumn): ByteColumn {
  requireTargetHeader(task.targetHeader);
  const { nonces } = keys;
  return requireRowKeys(keys, values.rows).use((cellKeys) =>
    byteColumnOf(
      mapRows(values, (value, row) => {
        //= format F-35
        const encoded = value === null ? task.nullEncoding : concatBytes([task.prefix, value]);
        if (encoded === null) return null;
        const cellKey = cellKeys.subarray(row * KEY_BYTES, (row + 1) * KEY_BYTES);
        return seal(task, cellKey, nonces.subarray(row * NONCE_BYTES, (row + 1) * NONCE_BYTES), encoded);
      }),
    ),
  );
}

/** Opens one sealed cell and returns its encoded value. */
function open(root: Uint8Array, cell: Uint8Array, options: OpenCellOptions | undefined): Uint8Array {
  const body = new Uint8Array(requireSealedBody(cell, 0, cell.length));
  if (decodeBase64Into(cell, SEALED_PREFIX_BYTES, cell.length, body, 0) < 0) throw malformedCellError();
  //= format F-36
  const nonce = body.subarray(0, NONCE_BYTES);
  const iv = body.subarray(NONCE_BYTES, NONCE_BYTES + IV_BYTES);
  const cellKey = deriveCellKey(root, nonce);
  try {
    const payload = authenticate(cellKey, iv, sealedCellAad(cell, 0), body.subarray(NONCE_BYTES + IV_BYTES));
    return payload.subarray(0, encodedValueBytes(payload, options));
  } finally {
    wipe(cellKey);
  }
}

function authenticate(key: Uint8Array, iv: Uint8Array, aad: Uint8Array, ciphertextAndTag: Uint8Array): Uint8Array {
  try {
    return gcm(key, iv, aad).decrypt(ciphertextAndTag);
  } catch {
    //= format F-38
    throw authenticationError();
  }
}

function openColumn(root: SealingRoot, cells: ByteColumn, options?: OpenCellOptions): OpenedColumn {
  const kinds = new Uint8Array(cells.rows).fill(CELL_NULL);
  const values = root.use((rootKey) =>
    mapRows(cells, (cell, row) => {
      if (cell === null) return null;
      const kind = classifyCell(cell);
      kinds[row] = kind;
      return kind === CELL_SEALED ? open(rootKey, cell, options) : cell;
    }),
  );
  return { kinds, values: byteColumnOf(values) };
}

/**
 * The kernel in plain JavaScript: one cell at a time, as the format describes it, made to be read and to check the others.
 * It runs anywhere. Its AES uses table lookups, whose timing depends on secrets.
 */
export function createNobleKernel(): Kernel {
  return Object.freeze({ name: 'noble', fingerprintColumn, deriveRowKeys, sealColumn, openColumn });
}

import type * as NodeCrypto from 'node:crypto';
import { decodeBase64Into, encodeBase64Into, encodeUtf8, isValid, wipe } from '../../bytes/index.ts';
import type { ByteColumn } from '../../bytes/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { nodeCrypto, randomBytes } from '../../platform/index.ts';
import { NULL_FLAG } from '../client-type.ts';
import { requireTargetHeader } from '../keys.ts';
import type { SealingRoot } from '../keys.ts';
import {
  FINGERPRINT_PREFIX_BYTES,
  IV_BYTES,
  KEY_BYTES,
  MAC_BYTES,
  NONCE_BYTES,
  NULL_FILLER_BYTES,
  SEALED_PREFIX_BYTES,
  TAG_BYTES,
} from '../limits.ts';
import {
  atRow,
  authenticationError,
  encodedValueBytes,
  FINGERPRINT_PREFIX_ASCII,
  malformedCellError,
  SEALED_PREFIX_ASCII,
  sealedCellAad,
} from './cell-format.ts';
import { CELL_SEALED } from './kernel.ts';
import type { FingerprintTask, Kernel, OpenedColumn, OpenCellOptions, RowKeys, SealTask } from './kernel.ts';
import { planFingerprints, planOpening, planSeals } from './plan.ts';
import { CellKeyTable, countNonces, requireRowKeys } from './row-keys.ts';

/** Bytes of a SHA-256 block, to which an HMAC key is padded (RFC 2104 §2). */
const BLOCK_BYTES = 64;

const CIPHER = 'aes-256-gcm';

/** Offset of the ciphertext in a decoded sealed cell. */
const CIPHERTEXT_AT = NONCE_BYTES + IV_BYTES;

function latin1Into(target: Uint8Array, text: string, at: number): void {
  for (let i = 0; i < text.length; i++) target[at + i] = text.charCodeAt(i);
}

/** A copy of `key` as one block, each byte exclusive-or `mask`, followed by `moreBytes` bytes. */
function keyBlock(key: Uint8Array, mask: number, moreBytes: number): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES + moreBytes).fill(mask, 0, BLOCK_BYTES);
  for (let i = 0; i < key.length; i++) block[i] = (key[i] ?? 0) ^ mask;
  return block;
}

/**
 * HMAC is spelled out here as two one-shot hashes (RFC 2104 §2): a quarter of the time of an `Hmac` object per value.
 * For the same reason, hashes that are not keys are taken as Latin-1 or Base64 text instead of a `Buffer`.
 */
function fingerprintColumn(crypto: typeof NodeCrypto, task: FingerprintTask, values: ByteColumn): ByteColumn {
  const plan = planFingerprints(task, values, NULL_FILLER_BYTES);
  const { offsets, validity } = plan;
  const bytes = new Uint8Array(offsets[values.rows] ?? 0);
  const inner = task.key.use((key) => keyBlock(key, 0x36, plan.longestBytes + 1));
  const outer = task.key.use((key) => keyBlock(key, 0x5c, MAC_BYTES));
  try {
    for (let row = 0; row < values.rows; row++) {
      const at = offsets[row] ?? 0;
      if (at === offsets[row + 1]) continue;
      let end = BLOCK_BYTES;
      if (isValid(values.validity, row)) {
        //= format F-26
        const from = values.offsets[row] ?? 0;
        const to = values.offsets[row + 1] ?? 0;
        for (let i = from; i < to; i++) inner[end++] = values.bytes[i] ?? 0;
        inner[end++] = task.typeByte;
      } else {
        //= format F-28
        inner.set(randomBytes(NULL_FILLER_BYTES), end);
        end += NULL_FILLER_BYTES;
        inner[end++] = task.typeByte | NULL_FLAG;
      }
      latin1Into(outer, crypto.hash('sha256', inner.subarray(0, end), 'binary'), BLOCK_BYTES);
      //= format F-27
      bytes.set(FINGERPRINT_PREFIX_ASCII, at);
      latin1Into(bytes, crypto.hash('sha256', outer, 'base64'), at + FINGERPRINT_PREFIX_BYTES);
    }
  } finally {
    wipe(inner, outer);
  }
  return { rows: values.rows, offsets, bytes, validity };
}

/** Writes the cell key of the nonce in `rootAndNonce` to `target`. */
function cellKeyInto(crypto: typeof NodeCrypto, rootAndNonce: Uint8Array, target: Uint8Array, at: number): void {
  //= format F-30
  const cellKey = crypto.hash('sha256', rootAndNonce, 'buffer');
  target.set(cellKey, at);
  wipe(cellKey);
}

function deriveRowKeys(crypto: typeof NodeCrypto, root: SealingRoot, nonces: Uint8Array): RowKeys {
  const rows = countNonces(nonces);
  const cellKeys = new Uint8Array(rows * KEY_BYTES);
  const rootAndNonce = new Uint8Array(KEY_BYTES + NONCE_BYTES);
  try {
    root.use((rootKey) => {
      rootAndNonce.set(rootKey);
    });
    for (let row = 0; row < rows; row++) {
      rootAndNonce.set(nonces.subarray(row * NONCE_BYTES, (row + 1) * NONCE_BYTES), KEY_BYTES);
      cellKeyInto(crypto, rootAndNonce, cellKeys, row * KEY_BYTES);
    }
    return new CellKeyTable(nonces, cellKeys);
  } finally {
    wipe(cellKeys, rootAndNonce);
  }
}

function sealColumn(crypto: typeof NodeCrypto, task: SealTask, keys: RowKeys, values: ByteColumn): ByteColumn {
  requireTargetHeader(task.targetHeader);
  const { nonces } = keys;
  const { prefix, nullEncoding, padTargetBytes } = task;
  const { offsets, validity, longestBytes } = planSeals(task, values);
  const bytes = new Uint8Array(offsets[values.rows] ?? 0);
  const payload = new Uint8Array(longestBytes);
  const body = new Uint8Array(CIPHERTEXT_AT + longestBytes + TAG_BYTES);
  const header = encodeUtf8(task.targetHeader);
  const headerAndNonce = new Uint8Array(header.length + NONCE_BYTES);
  headerAndNonce.set(header);
  const iv = body.subarray(NONCE_BYTES, CIPHERTEXT_AT);

  const sealAll = (cellKeys: Uint8Array): void => {
    for (let row = 0; row < values.rows; row++) {
      const at = offsets[row] ?? 0;
      if (at === offsets[row + 1]) continue;
      //= format F-32
      let end = 0;
      if (isValid(values.validity, row)) {
        payload.set(prefix);
        end = prefix.length;
        const to = values.offsets[row + 1] ?? 0;
        for (let i = values.offsets[row] ?? 0; i < to; i++) payload[end++] = values.bytes[i] ?? 0;
      } else if (nullEncoding !== null) {
        //= format F-35
        payload.set(nullEncoding);
        end = nullEncoding.length;
      }
      const zeros = padTargetBytes === null ? 0 : padTargetBytes - end;
      payload.fill(0, end, end + zeros);
      end += zeros;
      payload[end++] = zeros >> 8;
      payload[end++] = zeros;

      const nonce = nonces.subarray(row * NONCE_BYTES, (row + 1) * NONCE_BYTES);
      body.set(nonce);
      //= format F-31
      headerAndNonce.set(nonce, header.length);
      latin1Into(iv, crypto.hash('sha256', headerAndNonce, 'binary').slice(0, IV_BYTES), 0);
      //= format F-33
      const cipher = crypto.createCipheriv(CIPHER, cellKeys.subarray(row * KEY_BYTES, (row + 1) * KEY_BYTES), iv);
      cipher.setAAD(SEALED_PREFIX_ASCII);
      body.set(cipher.update(payload.subarray(0, end)), CIPHERTEXT_AT);
      cipher.final('latin1'); // gives nothing in this mode, and a string of nothing is cheaper than a Buffer
      body.set(cipher.getAuthTag(), CIPHERTEXT_AT + end);
      //= format F-34
      bytes.set(SEALED_PREFIX_ASCII, at);
      encodeBase64Into(body, 0, CIPHERTEXT_AT + end + TAG_BYTES, bytes, at + SEALED_PREFIX_BYTES);
    }
  };

  try {
    requireRowKeys(keys, values.rows).use(sealAll);
  } finally {
    wipe(payload);
  }
  return { rows: values.rows, offsets, bytes, validity };
}

function openColumn(
  crypto: typeof NodeCrypto,
  root: SealingRoot,
  cells: ByteColumn,
  options?: OpenCellOptions,
): OpenedColumn {
  const { kinds, hasSealed, mostBytes, longestBytes } = planOpening(cells);
  if (!hasSealed) return { kinds, values: cells };
  const offsets = new Int32Array(cells.rows + 1);
  const bytes = new Uint8Array(mostBytes);
  const body = new Uint8Array(longestBytes);
  const nonce = body.subarray(0, NONCE_BYTES);
  const iv = body.subarray(NONCE_BYTES, CIPHERTEXT_AT);
  const rootAndNonce = new Uint8Array(KEY_BYTES + NONCE_BYTES);
  const cellKey = new Uint8Array(KEY_BYTES);

  const open = (start: number, end: number): Uint8Array => {
    const bodyEnd = decodeBase64Into(cells.bytes, start + SEALED_PREFIX_BYTES, end, body, 0);
    //= format F-37
    if (bodyEnd < 0) throw malformedCellError();
    //= format F-36
    rootAndNonce.set(nonce, KEY_BYTES);
    cellKeyInto(crypto, rootAndNonce, cellKey, 0);
    const decipher = crypto.createDecipheriv(CIPHER, cellKey, iv);
    decipher.setAAD(sealedCellAad(cells.bytes, start));
    decipher.setAuthTag(body.subarray(bodyEnd - TAG_BYTES, bodyEnd));
    const payload = decipher.update(body.subarray(CIPHERTEXT_AT, bodyEnd - TAG_BYTES));
    try {
      decipher.final('latin1');
    } catch {
      //= format F-38
      throw authenticationError();
    }
    return payload.subarray(0, encodedValueBytes(payload, options));
  };

  let row = 0;
  let at = 0;
  try {
    root.use((rootKey) => {
      rootAndNonce.set(rootKey);
    });
    for (; row < cells.rows; row++) {
      const start = cells.offsets[row] ?? 0;
      const end = cells.offsets[row + 1] ?? 0;
      if (isValid(cells.validity, row)) {
        const value = kinds[row] === CELL_SEALED ? open(start, end) : cells.bytes.subarray(start, end);
        bytes.set(value, at);
        at += value.length;
      }
      offsets[row + 1] = at;
    }
  } catch (error) {
    throw atRow(error, row);
  } finally {
    wipe(rootAndNonce, cellKey);
  }
  return { kinds, values: { rows: cells.rows, offsets, bytes: bytes.subarray(0, at), validity: cells.validity } };
}

/** Whether the runtime has what {@link createNodeKernel} needs. */
export function isNode(): boolean {
  return nodeCrypto !== null;
}

/**
 * The kernel on `node:crypto`: a column at a time, one output buffer per column and scratch buffers for the cells.
 *
 * `node:crypto` comes through the platform, which has it in Node only, so that this package loads where there is none.
 *
 * @throws {SealroomError} USAGE_OPTION if this is not Node.
 */
export function createNodeKernel(): Kernel {
  const crypto = nodeCrypto;
  if (crypto === null) throw new SealroomError('USAGE_OPTION', 'the `node` kernel runs on Node.js only');
  return Object.freeze({
    name: 'node',
    fingerprintColumn: (task: FingerprintTask, values: ByteColumn) => fingerprintColumn(crypto, task, values),
    deriveRowKeys: (root: SealingRoot, nonces: Uint8Array) => deriveRowKeys(crypto, root, nonces),
    sealColumn: (task: SealTask, keys: RowKeys, values: ByteColumn) => sealColumn(crypto, task, keys, values),
    openColumn: (root: SealingRoot, cells: ByteColumn, options?: OpenCellOptions) =>
      openColumn(crypto, root, cells, options),
  });
}

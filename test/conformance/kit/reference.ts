import { createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { bytesOfBase64, bytesOfText } from './bytes.ts';

// The format once more, by Node's own cryptography and in as few lines as possible, to check the product against.

const ROOT_INFO = 'c3r-encryption-primary-aes-gcm-256';
const PREFIX_LENGTH = 7;

/** What a sealed cell consists of. */
interface CellParts {
  readonly nonce: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/** Takes a cell apart that is known to be long enough. */
export function partsOf(cell: string): CellParts {
  const body = bytesOfBase64(cell.slice(PREFIX_LENGTH));
  return {
    nonce: body.subarray(0, 32),
    iv: body.subarray(32, 44),
    ciphertext: body.subarray(44, -16),
    tag: body.subarray(-16),
  };
}

/** The payload of a sealed cell under an AES key, or `null` if it is not authentic. The cell's own prefix is the AAD. */
export function openWith(key: Uint8Array, cell: string): Uint8Array | null {
  const { iv, ciphertext, tag } = partsOf(cell);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
  decipher.setAAD(bytesOfText(cell.slice(0, PREFIX_LENGTH)));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch {
    return null;
  }
}

/** The payload of a sealed cell of a collaboration, or `null` if it is not authentic. */
export function openPayload(secret: string, salt: string, cell: string): Uint8Array | null {
  const root = new Uint8Array(hkdfSync('sha256', bytesOfBase64(secret), bytesOfText(salt), ROOT_INFO, 32));
  const key = createHash('sha256').update(root).update(partsOf(cell).nonce).digest();
  return openWith(key, cell);
}

/** The IV of a cell: of its target header and its row's nonce. */
export function ivOf(targetHeader: string, nonce: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytesOfText(targetHeader)).update(nonce).digest().subarray(0, 12);
}

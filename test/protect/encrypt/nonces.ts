import { decodeBase64, decodeUtf8 } from '#src/bytes/index';

/** The nonce of a sealed cell. */
export function nonceOf(cell: Uint8Array): Uint8Array {
  return (decodeBase64(decodeUtf8(cell.subarray('02:enc:'.length))) ?? new Uint8Array()).subarray(0, 32);
}

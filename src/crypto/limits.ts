/**
 * The constants of the format. Lengths are in bytes unless the name says otherwise; each cites its clause.
 */
import { encodeUtf8 } from '../bytes/index.ts';

/** Least length of the shared secret: the security level of the 256-bit keys derived from it. Clause F-1. */
export const MIN_SECRET_BYTES = 32;

/** Length of every derived key: an HMAC-SHA-256 key, the sealing root, an AES-256 key. Clauses F-5 and F-30. */
export const KEY_BYTES = 32;

/** Length of a row nonce; random nonces of this length do not collide in practice. Clause F-29. */
export const NONCE_BYTES = 32;

/** Length of a GCM IV: the length that GCM is designed for. Clause F-31. */
export const IV_BYTES = 12;

/** Length of a GCM tag. Clause F-33. */
export const TAG_BYTES = 16;

/** Length of an HMAC-SHA-256. Clause F-27. */
export const MAC_BYTES = 32;

/** Length of the random bytes that replace a null in a fingerprint column. Clause F-28. */
export const NULL_FILLER_BYTES = 32;

/** Length of the count of zeros at the end of a payload. Clause F-32. */
export const PAD_COUNT_BYTES = 2;

/** Length of a sealed cell without its payload: nonce, IV and tag. Clauses F-34 and F-37. */
export const SEALED_OVERHEAD_BYTES = NONCE_BYTES + IV_BYTES + TAG_BYTES;

/** HKDF info of the sealing root, and of the fingerprint key shared by all columns. Clauses F-6 and F-8. */
export const SEALING_ROOT_INFO = 'c3r-encryption-primary-aes-gcm-256';

/** HKDF info of a column's fingerprint key, before the target header. Clause F-7. */
export const FINGERPRINT_KEY_INFO = 'c3r-hmac-sha256-col-';

/** HKDF info of the key that row nonces are made with, before the hash of the sealed columns. Clause F-93. */
export const NONCE_KEY_INFO = 'sealroom nonce v1';

/** The prefix of a fingerprint cell. Clause F-27. */
export const FINGERPRINT_PREFIX = '02:hmac:';

/** The prefix of a sealed cell; also its additional authenticated data. Clauses F-33 and F-34. */
export const SEALED_PREFIX = '02:enc:';

/** The prefix of a sealed cell of clients before 3.0; read, never written. Clause F-55. */
export const LEGACY_SEALED_PREFIX = '01:enc:';

/** Length of both prefixes of sealed cells. Clause F-33. */
export const SEALED_PREFIX_BYTES = encodeUtf8(SEALED_PREFIX).length;

/** Length of the prefix of fingerprint cells. Clause F-27. */
export const FINGERPRINT_PREFIX_BYTES = encodeUtf8(FINGERPRINT_PREFIX).length;

/** Length of every fingerprint cell: the prefix and the Base64 of a MAC. Clause F-27. */
export const FINGERPRINT_CELL_BYTES = FINGERPRINT_PREFIX_BYTES + Math.ceil(MAC_BYTES / 3) * 4;

/** Greatest length of a cell: the limit of AWS Glue. Clause F-52. */
//= format F-52
export const MAX_CELL_BYTES = 16383;

/** Length of the longest payload whose cell is not over {@link MAX_CELL_BYTES}. Clauses F-34 and F-52. */
export const MAX_SEALED_PAYLOAD_BYTES =
  Math.floor((MAX_CELL_BYTES - SEALED_PREFIX_BYTES) / 4) * 3 - SEALED_OVERHEAD_BYTES;

/** Greatest pad length of a schema. Clause F-46. */
export const MAX_PAD_BYTES = 10_000;

/** Greatest padded length of an encoded value: with it, a sealed cell stays under {@link MAX_CELL_BYTES}. Clause F-45. */
export const MAX_PADDED_BYTES = 12_000;

/**
 * Greatest number of zeros that the plain form of a DECIMAL read from a cell may gain from its exponent: no cell of
 * legal length holds a longer number, and `1E+999999999` would need a gigabyte. A limit of ours, see clause F-20.
 */
export const MAX_DECIMAL_ZEROS = 16_383;

/**
 * Greatest number of digits of a DECIMAL, leading zeros aside: no cell of legal length holds more, and a BigInt costs more than its length.
 * A limit of ours, see clause F-19.
 */
export const MAX_DECIMAL_DIGITS = 16_383;

/** Greatest total length of one column of cells, which 32-bit offsets can address. A limit of this implementation. */
export const MAX_COLUMN_BYTES = 2 ** 31 - 1;

/** The form of a SHA-256 hash in a manifest. */
export const HASH_TEXT = { pattern: /^[0-9a-f]{64}$/, words: '64 hexadecimal digits in lower case', hidden: true };

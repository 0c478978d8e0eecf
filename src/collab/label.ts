/** One line of text that a person reads. */
export const LABEL = { pattern: /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,200}$/u, words: '1 to 200 characters on one line' };

/** The form of a label: one line of text for people. */
export const LABEL = { pattern: /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,200}$/u, words: '1 to 200 characters on one line' };

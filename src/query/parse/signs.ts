/** What makes the parser's lexer slow: it looks at the rest of a run again for each operator and each comment in it. */
export interface SignCounts {
  /** The largest number of operator characters and comments that follow each other without anything between. */
  readonly run: number;
  /** How many comments the innermost comment is in, itself included. */
  readonly commentDepth: number;
}

/** Outside of comments: what operators mean nothing in, to its end or that of the text; then single operators; then the rest. */
const TOKEN =
  /--[^\n\r]*|[eE]'(?:[^'\\]|\\[^]|'')*(?:'|$)|[\p{L}_][\p{L}\p{N}_$]*|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|\$([\p{L}_][\p{L}\p{N}_]*)?\$[^]*?(?:\$\1\$|$)|\/\*|[-~!@#^&|`?+*/%<>=]|\s+|[^]/uy;

/** Within a comment, which may contain others. */
const TOKEN_OF_COMMENT = /\/\*|\*\/|[-~!@#^&|`?+*/%<>=]|[^-~!@#^&|`?+*/%<>=]+/uy;

const OPERATOR = /^[-~!@#^&|`?+*/%<>=]$/;

/** Counts the signs of a text by the rules of DuckDB's lexer, in a time that grows with the length of the text and no faster. */
export function countSigns(text: string): SignCounts {
  let [run, longest, depth, deepest] = [0, 0, 0, 0];
  for (let place = 0; place < text.length;) {
    const pattern = depth === 0 ? TOKEN : TOKEN_OF_COMMENT;
    pattern.lastIndex = place;
    const token = pattern.exec(text)?.[0] ?? ' ';
    place += token.length;
    if (token === '/*') {
      depth += 1;
      run += 1;
    } else if (token === '*/') depth -= 1;
    else if (!OPERATOR.test(token)) run = 0;
    // Operators in a comment lengthen a run, and cost nothing by themselves.
    else if (depth === 0) run += 1;
    longest = Math.max(longest, run);
    deepest = Math.max(deepest, depth);
  }
  return { run: longest, commentDepth: deepest };
}

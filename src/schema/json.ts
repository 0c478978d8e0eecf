import JSON5 from 'json5';
import { SealroomError } from '../errors/index.ts';
import { quoteForMessage } from '../errors/index.ts';

const TEXTS = String.raw`"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'`;
const TEXTS_AND_COMMENTS = new RegExp(String.raw`${TEXTS}|/\*[^]*?\*/|//.*|#.*`, 'g');
const TEXTS_AND_LAST_COMMAS = new RegExp(String.raw`${TEXTS}|,\s*[\]}]`, 'g');

/** Whether a JSON value is an object, and not an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A hint if `record` lacks `key` but has it in a different case. */
export function hintAtCapitals(record: Readonly<Record<string, unknown>>, key: string): string | undefined {
  if (record[key] !== undefined) return undefined;
  const similar = Object.keys(record).find((name) => name.toLowerCase() === key.toLowerCase());
  return similar === undefined
    ? undefined
    : `keys are case-sensitive: write \`${key}\`, not ${quoteForMessage(similar)}`;
}

/** Replaces every comment by blanks, which keeps line and column numbers. */
function blankComments(text: string): string {
  return text.replace(TEXTS_AND_COMMENTS, (token) => (/^["']/.test(token) ? token : token.replace(/[^\r\n]/g, ' ')));
}

/** JSON5 allows a comma after the last element; C3R reads an empty element there and refuses the schema. */
function refuseLastCommas(text: string): void {
  for (const { 0: token, index } of text.matchAll(TEXTS_AND_LAST_COMMAS)) {
    if (!token.startsWith(',')) continue;
    const line = text.slice(0, index).split('\n').length;
    throw new SealroomError(
      'SCHEMA_SYNTAX',
      `the table schema: expected a value after a comma, got \`${token.at(-1) ?? ''}\``,
      {
        where: { line },
        hint: 'remove the comma',
      },
    );
  }
}

/** Turns json5's message, `JSON5: invalid character 'x' at 3:7`, into one of ours with a line. */
function explainSyntax(error: unknown): SealroomError {
  const text = error instanceof Error ? error.message : String(error);
  const [, what = text, line, column] = /^JSON5: (.*) at (\d+):(\d+)$/s.exec(text) ?? [];
  const at = column === undefined ? '' : ` at character ${column}`;
  return new SealroomError('SCHEMA_SYNTAX', `the table schema is not valid JSON: ${what}${at}`, {
    where: { line: line === undefined ? undefined : Number(line) },
    cause: error,
  });
}

/**
 * Parses the JSON text of a table schema, and accepts what people write by hand: comments (`//`, `#` and block), single
 * quotes, unquoted names, a byte order mark. Nothing may follow the value. An empty text is `null`.
 *
 * @throws {SealroomError} SCHEMA_SYNTAX if the text is not valid.
 */
export function readJson(text: string): unknown {
  const code = blankComments(text.replace(/^\uFEFF/, ''));
  if (code.trim() === '') return null;
  refuseLastCommas(code);
  try {
    return JSON5.parse<unknown>(code);
  } catch (error) {
    throw explainSyntax(error);
  }
}

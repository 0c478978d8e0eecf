/** A JSON value whose numbers are strings: nothing is rounded, and `Infinity`, which JSON does not have, is kept too. */
export type Json = null | boolean | string | readonly Json[] | JsonObject;

/** A JSON object. */
export type JsonObject = Readonly<{ [name in string]: Json }>;

const STRINGS_AND_NUMBERS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?(?:\d[\d.eE+-]*|Infinity|inf|nan|NaN)/g;

/**
 * Reads JSON without losing a digit: each number becomes a string with the same characters.
 *
 * The engine writes 64-bit integers as bare JSON numbers, which `JSON.parse` rounds, and infinities, which it refuses.
 *
 * @throws {SyntaxError} if the text is not JSON apart from that.
 */
export function readExactJson(text: string): Json {
  //= rules R-4
  const quoted = text.replace(STRINGS_AND_NUMBERS, (token) => (token.startsWith('"') ? token : `"${token}"`));
  const parsed: unknown = JSON.parse(quoted);
  if (!isJson(parsed)) throw new SyntaxError('expected JSON');
  return parsed;
}

/** `JSON.parse` only returns JSON values. */
function isJson(value: unknown): value is Json {
  return value !== undefined;
}

/** Whether a value is a JSON object. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isJsonList(value);
}

/** Whether a value is a JSON array. */
export function isJsonList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

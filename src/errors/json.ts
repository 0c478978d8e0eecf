/** Parses JSON; `undefined`, which JSON does not have, if the text is not JSON. The parser's message, which quotes it, is dropped. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a value is an object as JSON has them, and no array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isList(value);
}

/** Whether a value is an array; unlike `Array.isArray`, it lets the elements keep their type. */
export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

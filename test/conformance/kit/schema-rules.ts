import JSON5 from 'json5';
import { isRecord } from '#src/errors/index';
import type { DifferenceName } from './differences.ts';

const TEXTS_AND_HASH_COMMENTS = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|#[^\r\n]*/g;

/** Every pad in a schema, wherever it is. */
function listPads(json: unknown): readonly unknown[] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([key, value]: [string, unknown]) => [
    ...(key === 'pad' ? [value] : []),
    ...listPads(value),
  ]);
}

function isStricter(pad: unknown): boolean {
  if (!isRecord(pad)) return false;
  const { type, length } = pad;
  return (type ?? null) === null || (typeof length === 'number' && !Number.isInteger(length));
}

/** Why sealroom refuses a schema that C3R takes, or `null` if it takes it too. */
export function differenceOfSchema(text: string): DifferenceName | null {
  const code = text
    .replace(/^\uFEFF/, '')
    .replace(TEXTS_AND_HASH_COMMENTS, (token) => (token.startsWith('#') ? '' : token));
  let schema: unknown;
  try {
    schema = JSON5.parse<unknown>(code);
  } catch {
    return 'schemaDialect';
  }
  return listPads(schema).some(isStricter) ? 'strictPads' : null;
}

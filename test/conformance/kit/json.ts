import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isRecord } from '#src/errors/index';
import { VectorsError } from './case.ts';

/** An object of a JSON file. */
export type Members = Readonly<Record<string, unknown>>;

const TEXTS_AND_NUMBERS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const LONG_INTEGER = /^-?\d{16,}$/;

/** The text of a file of the vectors. @throws {VectorsError} if it cannot be read. */
export async function readTextFile(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new VectorsError(`cannot read ${path} (${code})`);
  });
}

/**
 * The value of a JSON file. Integers that a JavaScript number may not hold exactly come as texts.
 *
 * @throws {VectorsError} if it cannot be read or is no JSON.
 */
export async function readJsonFile(path: string): Promise<unknown> {
  const text = await readTextFile(path);
  try {
    return JSON.parse(text.replace(TEXTS_AND_NUMBERS, (token) => (LONG_INTEGER.test(token) ? `"${token}"` : token)));
  } catch {
    throw new VectorsError(`${path} is not JSON`);
  }
}

function wrong(record: Members, key: string, expected: string): VectorsError {
  const id = record['id'] ?? record['name'];
  const place = typeof id === 'string' ? ` of ${id}` : '';
  return new VectorsError(`member \`${key}\`${place} expected ${expected}`);
}

/** @throws {VectorsError} unless a value is an object. */
export function requireRecord(value: unknown, what: string): Members {
  if (!isRecord(value)) throw new VectorsError(`${basename(what)} expected an object`);
  return value;
}

/** A member that is an array of objects. @throws {VectorsError} if it is not. */
export function recordsOf(record: Members, key: string): readonly Members[] {
  const value = record[key];
  if (!Array.isArray(value)) throw wrong(record, key, 'an array');
  return value.map((entry: unknown) => requireRecord(entry, key));
}

/** A member that is a text. @throws {VectorsError} if it is not. */
export function textOf(record: Members, key: string): string {
  const value = record[key];
  if (typeof value !== 'string') throw wrong(record, key, 'a text');
  return value;
}

/** A member that is a text, or missing or null. @throws {VectorsError} if it is anything else. */
export function optionalText(record: Members, key: string): string | null {
  return (record[key] ?? null) === null ? null : textOf(record, key);
}

/** A member that is a number, or missing or null. @throws {VectorsError} if it is anything else. */
export function optionalNumber(record: Members, key: string): number | null {
  const value = record[key] ?? null;
  if (value !== null && typeof value !== 'number') throw wrong(record, key, 'a number');
  return value;
}

/** A member that is true or false. @throws {VectorsError} if it is not. */
export function booleanOf(record: Members, key: string): boolean {
  const value = record[key];
  if (typeof value !== 'boolean') throw wrong(record, key, 'true or false');
  return value;
}

/** A member that is an array of texts. @throws {VectorsError} if it is not. */
export function textsOf(record: Members, key: string): readonly string[] {
  const value = record[key];
  if (!Array.isArray(value)) throw wrong(record, key, 'an array of texts');
  const texts = value.filter((entry) => typeof entry === 'string');
  if (texts.length < value.length) throw wrong(record, key, 'an array of texts');
  return texts;
}

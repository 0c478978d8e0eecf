import { readFileSync } from 'node:fs';
import JSON5 from 'json5';
import { describe, expect, test } from 'vitest';
import { SealroomError } from '#src/errors/sealroom-error';
import { describeTableSchema, parseHeader, parsePad, parseTableSchema } from 'sealroom/schema';

interface Case {
  readonly id: string;
  readonly op: string;
  readonly what: string;
  readonly schema?: string;
  readonly header?: string;
  readonly pad_type?: string | null;
  readonly pad_length?: number | null;
  readonly result?: string;
}

interface Vectors {
  readonly rejected: readonly Case[];
  readonly accepted: readonly Case[];
}

const file = new URL('../vectors/c3r/reject.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;

function select(cases: readonly Case[]): readonly Case[] {
  return cases.filter(({ op }) => op === 'schema' || op === 'header' || op === 'pad');
}

/** What sealroom makes of a case, in the words of the vectors. */
function run(vector: Case): string {
  if (vector.op === 'schema') return describeTableSchema(parseTableSchema(vector.schema ?? ''));
  if (vector.op === 'header') return parseHeader(vector.header ?? '');
  parsePad({ type: vector.pad_type, length: vector.pad_length });
  return 'valid';
}

/** Every pad in a schema, wherever it is. */
function listPads(json: unknown): readonly unknown[] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([key, value]: [string, unknown]) => [
    ...(key === 'pad' ? [value] : []),
    ...listPads(value),
  ]);
}

/** Where sealroom is knowingly stricter than C3R: a pad without a type, and a pad length with a fraction. */
function isStricter({ op, schema }: Case): boolean {
  if (op !== 'schema' || schema === undefined) return false;
  return listPads(JSON5.parse<unknown>(schema)).some((pad) => {
    if (typeof pad !== 'object' || pad === null) return false;
    const members = new Map<string, unknown>(Object.entries(pad));
    const length = members.get('length');
    return (members.get('type') ?? null) === null || (typeof length === 'number' && !Number.isInteger(length));
  });
}

describe('what C3R refuses', () => {
  test.each(select(vectors.rejected))('$id $op: $what is refused', (vector) => {
    expect(() => run(vector)).toThrow(SealroomError);
  });
});

describe('what C3R accepts', () => {
  const accepted = select(vectors.accepted);

  test.each(accepted.filter((vector) => !isStricter(vector)))('$id $op: $what is accepted', (vector) => {
    expect(run(vector)).toBe(vector.result);
  });

  test.each(accepted.filter(isStricter))('$id $op: $what is refused, knowingly', (vector) => {
    expect(() => run(vector)).toThrow(/`pad\.(type|length)`(: expected| cannot be used)/);
  });
});

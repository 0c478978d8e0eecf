import * as z from 'zod';
import { parseJson, SealroomError } from '../../errors/index.ts';
import { PROVENANCE_VERSION, type Provenance, type TableFacts } from './place.ts';

/** Most characters: 1600 columns of 128 characters each, and room for as much again. */
const MAX_CHARACTERS = 1 << 20;

const column = z
  .strictObject({ name: z.string().max(1000), protection: z.enum(['sealed', 'fingerprint', 'cleartext']) })
  .readonly();

const metadata = z.strictObject({
  version: z.literal(PROVENANCE_VERSION),
  collaborationId: z.guid().regex(/^[^A-Z]*$/),
  generation: z.int().min(1).max(1_000_000),
  secretId: z.string().regex(/^[0-9a-f]{32}$/),
  columns: z.array(column).readonly(),
});

const sidecar = metadata.extend({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().min(0),
  rows: z.int().min(0),
});

/**
 * Parses the provenance in the metadata of a Parquet file.
 *
 * @throws {SealroomError} FORMAT_SIDECAR if it is malformed, or of an unknown version.
 */
export function parseMetadata(text: string, file: string): Provenance {
  return parse(metadata, text, file);
}

/**
 * Parses a sidecar.
 *
 * @throws {SealroomError} FORMAT_SIDECAR if it is malformed, or of an unknown version.
 */
export function parseSidecar(text: string, file: string): Provenance & TableFacts {
  return parse(sidecar, text, file);
}

function parse<T>(shape: z.ZodType<T>, text: string, file: string): T {
  const refuse = (problem: string, hint: string): SealroomError =>
    new SealroomError('FORMAT_SIDECAR', `the origin of a protected file ${problem}`, {
      where: { file },
      hint,
    });
  const value = text.length > MAX_CHARACTERS ? null : parseJson(text);
  if (typeof value === 'object' && value !== null && 'version' in value && value.version !== PROVENANCE_VERSION) {
    throw refuse('has an unknown version', 'read it with the version of sealroom that wrote it');
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw refuse('is malformed', 'get the file and its sidecar again from their source');
}

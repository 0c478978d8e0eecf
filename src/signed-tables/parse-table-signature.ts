import canonicalize from 'canonicalize';
import * as z from 'zod';
import { decodeBase64, decodeUtf8Lenient, encodeBase64 } from '../bytes/index.ts';
import { parseJson, SealroomError } from '../errors/index.ts';
import { PUBLIC_KEY_PATTERN, SIGNATURE_PATTERN, verifyStatement } from '../signing/index.ts';
import { TABLE_PAYLOAD_TYPE, type TableSignature, type TableStatement } from './table-signature.ts';

/** Most characters: 1600 columns of 1000 characters each, in Base64. */
const MAX_CHARACTERS = 1 << 22;

const hash = z.string().regex(/^[0-9a-f]{64}$/);

const column = z
  .strictObject({
    name: z.string().max(1000),
    protection: z.enum(['sealed', 'fingerprint', 'cleartext']),
    type: z
      .string()
      .regex(
        /^(string|binary|boolean|smallint|int|bigint|float|double|date|timestamp|decimal\([0-9]{1,2},[0-9]{1,2}\))$/,
      ),
  })
  .readonly();

const statement: z.ZodType<TableStatement> = z
  .strictObject({
    version: z.literal(1),
    collaborationId: z.guid().regex(/^[^A-Z]*$/),
    generation: z.int().min(1).max(1_000_000).nullable(),
    secretId: hash,
    manifestSha256: hash.nullable(),
    table: z.string().max(1000).nullable(),
    columns: z.array(column).min(1).max(1600).readonly(),
    rows: z.int().min(0),
    root: hash,
    created: z.iso.datetime(),
  })
  .readonly();

const envelope = z.strictObject({
  payloadType: z.literal(TABLE_PAYLOAD_TYPE),
  payload: z.string(),
  signatures: z
    .array(z.strictObject({ keyid: z.string().regex(PUBLIC_KEY_PATTERN), sig: z.string().regex(SIGNATURE_PATTERN) }))
    .length(1),
});

/**
 * Parses the signature of a table, and verifies it under the key that it names.
 *
 * @param file its name in errors
 * @throws {SealroomError} FORMAT_SIGNATURE if it is malformed, of an unknown version, or not valid.
 */
export function parseTableSignature(text: string, file: string): TableSignature {
  const refuse = (problem: string, hint: string): SealroomError =>
    new SealroomError('FORMAT_SIGNATURE', `the signature of a table ${problem}`, { where: { file }, hint });
  const malformed = (): SealroomError => refuse('is malformed', 'get the table and its signature again from its owner');
  const parsed = envelope.safeParse(text.length > MAX_CHARACTERS ? null : parseJson(text));
  const signature = parsed.data?.signatures[0];
  const bytes = decodeBase64(parsed.data?.payload ?? '');
  if (parsed.data === undefined || signature === undefined || bytes === null) throw malformed();
  if (encodeBase64(bytes) !== parsed.data.payload) throw malformed();
  const { keyid: key, sig } = signature;
  if (!verifyStatement(TABLE_PAYLOAD_TYPE, bytes, sig, key)) {
    throw refuse('is not valid', 'it was changed after signing: get it and the table again from its owner');
  }
  const body = decodeUtf8Lenient(bytes);
  const value = parseJson(body);
  if (typeof value === 'object' && value !== null && 'version' in value && value.version !== 1) {
    throw refuse('has an unknown version', 'read it with the version of sealroom that wrote it');
  }
  const stated = statement.safeParse(value);
  // One text for each statement: canonical JSON (RFC 8785).
  if (!stated.success || canonicalize(stated.data) !== body) throw malformed();
  return Object.freeze({ statement: stated.data, key, file });
}

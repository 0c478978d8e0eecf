import canonicalize from 'canonicalize';
import { z } from 'zod';
import { decodeBase64, encodeBase64, encodeUtf8 } from '../bytes/index.ts';
import { parseCollaborationId } from '../crypto/index.ts';
import { SealroomError } from '../errors/index.ts';

/** The version of the envelopes that are written, and the only one that is read. */
export const ENVELOPE_VERSION = 1;

/** Characters of an envelope's text at most. */
const MAX_CHARACTERS = 64 * 1024;

/** The shape of a collaboration id in files: a UUID in lower case, and no other form of it. */
export const collaborationIdShape = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  .transform(parseCollaborationId);

const facts = {
  /** Collaboration id, a UUID in lower case. */
  collaborationId: collaborationIdShape,
  /** Which of the collaboration's secrets it is, from 1 on. */
  generation: z.int().min(1).max(1_000_000),
  /** Names the secret without telling anything of it: see `secretIdOf`. */
  secretId: z.string().regex(/^[0-9a-f]{32}$/),
  /** When the envelope was made, in UTC with milliseconds. */
  created: z.iso.datetime({ precision: 3 }),
  /** Whether the manifest's roles say who may do what with the secret. */
  isRoleBound: z.boolean(),
};

const envelope = z
  .strictObject({
    version: z.literal(ENVELOPE_VERSION),
    /** Scheme of the provider that made it. */
    provider: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
    /** Names the wrapping key: nothing in it is secret, and `--key` takes it. */
    key: z
      .string()
      .max(4096)
      .regex(/^[^\p{Cc}\p{Cs}]+$/u),
    /** How the secret is wrapped. */
    algorithm: z.string().regex(/^[A-Za-z0-9+_.-]{1,64}$/),
    ...facts,
    /** In Base64, with its padding. */
    wrapped: z.string().refine(isCanonicalBase64),
  })
  .readonly();

/** A shared secret under a wrapping key, and what it is: a file of canonical JSON (RFC 8785). */
export type Envelope = z.infer<typeof envelope>;

/** What an envelope says of its secret. */
export type SecretMetadata = Pick<Envelope, keyof typeof facts>;

/** All of an envelope but the wrapped bytes. */
export type EnvelopeHeader = Omit<Envelope, 'wrapped'>;

/** What is authenticated with the secret: the canonical JSON of an envelope's header, in UTF-8. */
export function boundBytes(header: EnvelopeHeader): Uint8Array {
  const { version, provider, key, algorithm, collaborationId, generation, secretId, created, isRoleBound } = header;
  const bound = { version, provider, key, algorithm, collaborationId, generation, secretId, created, isRoleBound };
  return encodeUtf8(canonicalize(bound) ?? '');
}

/** The text of an envelope's file: canonical JSON and a line feed. */
export function printEnvelope(value: Envelope): string {
  return `${canonicalize(value) ?? ''}\n`;
}

/**
 * An envelope from the text of its file. It has one form: other spacing, orders and unknown members are refused.
 *
 * @throws {SealroomError} CUSTODY_ENVELOPE if it is none, or of an unknown version. Nothing of the text is in the message.
 */
export function parseEnvelope(text: string, where: { readonly file?: string | undefined } = {}): Envelope {
  const refuse = (got: string, hint: string): SealroomError =>
    new SealroomError('CUSTODY_ENVELOPE', `expected the envelope of a secret, got ${got}`, { where, hint });
  if (text.length > MAX_CHARACTERS) throw refuse('a longer file', 'envelopes are made with `sealroom key`');
  const value = parseJson(text);
  if (typeof value === 'object' && value !== null && 'version' in value && value.version !== ENVELOPE_VERSION) {
    throw refuse('one of another version', 'read it with the version of sealroom that wrote it');
  }
  const parsed = envelope.safeParse(value);
  if (!parsed.success || printEnvelope(parsed.data) !== text) {
    throw refuse(
      'another or a changed file',
      'put back the copy from before; or remove the file and have the secret sent again',
    );
  }
  return parsed.data;
}

/** The error of an envelope that fails authentication. It does not say what was changed. */
export function changedEnvelope(): SealroomError {
  return new SealroomError('CUSTODY_ENVELOPE', 'the envelope was changed after it was made', {
    hint: 'put back the copy from before; or remove the file and have the secret sent again',
  });
}

function isCanonicalBase64(text: string): boolean {
  const bytes = decodeBase64(text);
  return bytes !== null && bytes.length > 0 && encodeBase64(bytes) === text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    return null;
  }
}

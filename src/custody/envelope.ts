import canonicalize from 'canonicalize';
import * as z from 'zod';
import { decodeBase64, encodeBase64, encodeUtf8 } from '../bytes/index.ts';
import { parseCollaborationId } from '../crypto/index.ts';
import { parseJson, SealroomError } from '../errors/index.ts';

/** The version of the envelopes that are written. Those of version 1 are still read. */
export const ENVELOPE_VERSION = 2;

/** Most characters of an envelope's text. */
const MAX_CHARACTERS = 64 * 1024;

const RESTORE = 'restore a copy of the original, or remove the file and have the secret sent again';

/** The shape of a collaboration id in files: a UUID in lower case. */
export const collaborationIdShape = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  .transform(parseCollaborationId);

const facts = {
  /** Collaboration id, a UUID in lower case. */
  collaborationId: collaborationIdShape,
  /** Number of the secret in the collaboration, from 1 on. */
  generation: z.int().min(1).max(1_000_000),
  /** When the envelope was made, in UTC with milliseconds. */
  created: z.iso.datetime({ precision: 3 }),
  /** Whether the roles of the manifest decide who may use the secret. */
  isRoleBound: z.boolean(),
};

const members = {
  /** Scheme of the provider that wrapped it. */
  provider: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
  /** URI of the wrapping key, as `--key` takes it. It contains nothing secret. */
  key: z
    .string()
    .max(4096)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u),
  /** How the secret is wrapped. */
  algorithm: z.string().regex(/^[A-Za-z0-9+_.-]{1,64}$/),
  ...facts,
  /** In Base64, with its padding. */
  wrapped: z.string().refine(isCanonicalBase64),
};

const envelope = z.discriminatedUnion('version', [
  z
    .strictObject({
      version: z.literal(1),
      ...members,
      /** Names the secret without revealing it: see `secretIdOf`. */
      secretId: z.string().regex(/^[0-9a-f]{32}$/),
    })
    .readonly(),
  z
    .strictObject({
      version: z.literal(ENVELOPE_VERSION),
      ...members,
      /** Names the secret without revealing it: see `fullSecretIdOf`. */
      secretId: z.string().regex(/^[0-9a-f]{64}$/),
    })
    .readonly(),
]);

/** A wrapped shared secret and its metadata: a file of canonical JSON (RFC 8785). */
export type Envelope = z.infer<typeof envelope>;

/** The metadata of the secret in an envelope. */
export type SecretMetadata = Pick<Envelope, keyof typeof facts | 'secretId'>;

/** An envelope without the wrapped bytes. */
export type EnvelopeHeader = Omit<Envelope, 'wrapped'>;

/** The bytes that are authenticated with the secret: the canonical JSON of an envelope's header, in UTF-8. */
export function boundBytes(header: EnvelopeHeader): Uint8Array {
  const { version, provider, key, algorithm, collaborationId, generation, secretId, created, isRoleBound } = header;
  const bound = { version, provider, key, algorithm, collaborationId, generation, secretId, created, isRoleBound };
  return encodeUtf8(canonicalize(bound) ?? '');
}

/** The canonical JSON of what an envelope says of its secret, in UTF-8: the bound bytes without version, key and algorithm. */
export function factBytes(metadata: SecretMetadata): Uint8Array {
  const { collaborationId, generation, secretId, created, isRoleBound } = metadata;
  return encodeUtf8(canonicalize({ collaborationId, generation, secretId, created, isRoleBound }) ?? '');
}

/** Formats an envelope for its file: canonical JSON and a line feed. */
export function printEnvelope(value: Envelope): string {
  return `${canonicalize(value) ?? ''}\n`;
}

/**
 * Parses the text of an envelope. It has one form: other spacing, another order and unknown members are refused.
 *
 * @throws {SealroomError} CUSTODY_ENVELOPE if it is malformed or has an unknown version. The message contains nothing of the text.
 */
export function parseEnvelope(text: string, where: { readonly file?: string | undefined } = {}): Envelope {
  const refuse = (message: string, hint: string): SealroomError =>
    new SealroomError('CUSTODY_ENVELOPE', message, { where, hint });
  if (text.length > MAX_CHARACTERS)
    throw refuse('the file is too long for an envelope', 'check that it is the right file');
  const value = parseJson(text);
  if (typeof value === 'object' && value !== null && 'version' in value && !isKnown(value.version)) {
    throw refuse('the envelope has an unknown version', 'use the version of sealroom that wrote it');
  }
  const parsed = envelope.safeParse(value);
  if (!parsed.success || printEnvelope(parsed.data) !== text) {
    throw refuse('the file is not an envelope, or was changed', RESTORE);
  }
  return parsed.data;
}

/** The error for an envelope that fails authentication. It does not say what was changed. */
export function changedEnvelope(): SealroomError {
  return new SealroomError('CUSTODY_ENVELOPE', 'the envelope was changed after it was made', {
    hint: RESTORE,
  });
}

const isKnown = (version: unknown): boolean => version === 1 || version === ENVELOPE_VERSION;

function isCanonicalBase64(text: string): boolean {
  const bytes = decodeBase64(text);
  return bytes !== null && bytes.length > 0 && encodeBase64(bytes) === text;
}

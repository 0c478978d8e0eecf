import * as z from 'zod';

const label = z.string().min(1).max(256);

/** The actions on a secret, as named in `docs/audit.md`. */
const KEY_ACTIONS = [
  'create',
  'unwrap',
  'lend',
  'wrap',
  'send',
  'receive',
  'rotate',
  'export',
  'destroy',
  'refuse',
] as const;

/** A record of what was done with a shared secret, or refused. */
export const keyEvent = z
  //= audit A-60
  .strictObject({
    kind: z.literal('key'),
    action: z.enum(KEY_ACTIONS),
    /** The member: the id on the card of the home, or `null` if there is none. */
    member: label.nullable(),
    /** The person: the public half of the home's signing key, or `null` if there is none. */
    actor: z
      .string()
      .regex(/^ed25519:[A-Za-z0-9+/]{43}=$/)
      .nullable(),
    /** Collaboration id, a UUID in lower case. */
    collaborationId: z.guid().regex(/^[^A-Z]*$/),
    /** Which of the collaboration's secrets; `null` only in a refusal before there was a secret. */
    generation: z.int().min(1).max(1_000_000).nullable(),
    secretId: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .nullable(),
    /** Provider and wrapping key, as in the envelope. */
    provider: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
    key: z.string().min(1).max(4096),
    /** The purpose: `encrypt`, `decrypt`, `export-c3r`, …; in a refusal, what was refused. */
    purpose: label,
    /** The name on the card that the secret was sent to or came from. */
    peer: label.nullable(),
    /** The protected file: the output of an encryption, the input of a decryption. The file's name is not recorded, because names reveal too much. */
    file: z
      .strictObject({
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        rows: z.int().min(0),
      })
      .readonly()
      .nullable(),
  })
  .readonly();

/** What was done with a shared secret, or refused: who, with which key, for what, on which file. Nothing of the secret. */
export type KeyEvent = z.infer<typeof keyEvent>;

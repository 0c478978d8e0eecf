import { z } from 'zod';

const label = z.string().min(1).max(256);

/** What is done with a secret: the words of `docs/audit.md`. */
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
    /** Who did it: the id on the card of the home, or `null` if there is none. */
    member: label.nullable(),
    /** The public half of the signing key of the home, which tells the people of a member apart; `null` if there is none. */
    actor: z
      .string()
      .regex(/^ed25519:[A-Za-z0-9+/]{43}=$/)
      .nullable(),
    /** Collaboration id, a UUID in lower case. */
    collaborationId: z.guid().regex(/^[^A-Z]*$/),
    /** Which of the collaboration's secrets; `null` only where what was refused came before there was one. */
    generation: z.int().min(1).max(1_000_000).nullable(),
    secretId: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .nullable(),
    /** Provider and wrapping key, as the envelope has them. */
    provider: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
    key: z.string().min(1).max(4096),
    /** What for: `encrypt`, `decrypt`, `export-c3r`, …; of a refusal, what was refused. */
    purpose: label,
    /** The card's name that it was sent to or came from. */
    peer: label.nullable(),
    /** The protected file: the output of an encryption, the input of a decryption. No name: names tell too much. */
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

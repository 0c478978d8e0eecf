// A door of its own, for the commands on tables: what reads envelopes takes longer to load than a small table to encrypt, and most
// secrets are in the environment.
import { parseCollaborationId, type SharedSecret } from '../crypto/index.ts';
import { SealroomError } from '../errors.ts';
import type { Envelope } from './envelope.ts';
import { readSecretFromEnvironment, SECRET_FILE_VARIABLE, SECRET_VARIABLE } from './environment.ts';
import { memberHome } from './home.ts';
import type { ProviderContext } from './provider.ts';
import { secretIdOf } from './secret-id.ts';

/** The variable that chooses a key, as `--key` does. */
export const KEY_VARIABLE = 'SEALROOM_KEY';

/** Which secret is wanted, and where to look for it. */
export interface SecretRequest {
  /** A UUID in any case. */
  readonly collaborationId: string;
  /** Which generation; the newest one without it. A secret from the environment has none. */
  readonly generation?: number | undefined;
  /** The URI of the key that opens the envelope, before {@link KEY_VARIABLE} and what the envelope names. */
  readonly key?: string | undefined;
  /** The directory of the home, before the variable for it. */
  readonly home?: string | undefined;
  /** What for, such as `encrypt`; for the log of the keys. */
  readonly purpose: string;
}

/** A shared secret, and what is known of it. Disposing wipes it. */
export interface HeldSecret extends Disposable {
  readonly secret: SharedSecret;
  /** A UUID in lower case. */
  readonly collaborationId: string;
  /** `null` if it is not from an envelope. */
  readonly generation: number | null;
  readonly secretId: string;
  /** `null` if it is from the environment. */
  readonly envelope: Envelope | null;
  /**
   * Writes into the log of the keys that the secret was lent to protect or open a file. Without an envelope there is no log.
   *
   * @param file `null` if there is none to name: a dry run, a standard stream. It is read for its hash.
   * @throws {SealroomError} IO_READ; as the log of the keys.
   */
  readonly recordUse: (file: { readonly path: string; readonly rows: number } | null) => Promise<void>;
}

/**
 * The secret of a collaboration:
 *
 * 1. from the environment, as `readSecretFromEnvironment`, if it is there and no key is chosen;
 * 2. else from the envelope in the home, opened with the key that is chosen, else with the one that the envelope names. That it
 *    is unwrapped is in the log before it is handed out.
 *
 * @returns the secret, which the caller disposes of
 * @throws {SealroomError} SECRET_MISSING if there is none; CUSTODY_KEY if a key or generation is chosen and there is no envelope,
 *   or another key made it; USAGE_OPTION for an id or URI that is none; what reading and opening the envelope and its log throw.
 */
export async function openSecret(request: SecretRequest, context: ProviderContext): Promise<HeldSecret> {
  const collaborationId = parseCollaborationId(request.collaborationId);
  const uri = request.key ?? context.env[KEY_VARIABLE];
  const isInEnvironment = [SECRET_VARIABLE, SECRET_FILE_VARIABLE].some((name) => context.env[name] !== undefined);
  if (uri === undefined && isInEnvironment) {
    return bareSecret(await readSecretFromEnvironment(context.env), collaborationId);
  }
  const home = memberHome(context.env, { cwd: context.cwd, home: request.home });
  const { newestEnvelope, readEnvelope } = await import('./key-ring.ts');
  const { generation } = request;
  const stored = await (generation === undefined
    ? newestEnvelope(home, collaborationId)
    : readEnvelope(home, { collaborationId, generation }));
  if (stored === null) throw noEnvelope(collaborationId, home.directory, uri !== undefined);
  const { envelope, file } = stored;
  const { openProvider } = await import('./providers.ts');
  const { openEnvelope } = await import('./open-envelope.ts');
  const { recordEvent } = await import('./key-events.ts');
  await using provider = await openProvider(uri ?? envelope.key, context);
  const secret = await openEnvelope(envelope, provider, { file });
  const { purpose } = request;
  try {
    await recordEvent(home, envelope, { action: 'unwrap', purpose });
  } catch (error) {
    secret[Symbol.dispose]();
    throw error;
  }
  return Object.freeze({
    secret,
    collaborationId,
    generation: envelope.generation,
    secretId: envelope.secretId,
    envelope,
    recordUse: async (used) => {
      const { hashFile } = await import('./hash-file.ts');
      const sha256 = used === null ? null : await hashFile(used.path);
      const hashed = used === null || sha256 === null ? null : { sha256, rows: used.rows };
      await recordEvent(home, envelope, { action: 'lend', purpose, file: hashed });
    },
    [Symbol.dispose]: () => {
      secret[Symbol.dispose]();
    },
  } satisfies HeldSecret);
}

function bareSecret(secret: SharedSecret, collaborationId: string): HeldSecret {
  return Object.freeze({
    secret,
    collaborationId,
    generation: null,
    secretId: secretIdOf(secret, collaborationId),
    envelope: null,
    recordUse: () => Promise.resolve(),
    [Symbol.dispose]: () => {
      secret[Symbol.dispose]();
    },
  });
}

function noEnvelope(collaborationId: string, home: string, isKeyChosen: boolean): SealroomError {
  const what = `the secret of ${collaborationId}`;
  const make = '`sealroom key create` makes one, `sealroom key create --import` takes one over';
  if (isKeyChosen) {
    return new SealroomError('CUSTODY_KEY', `expected an envelope with ${what} for the key, found none`, {
      where: { file: home },
      hint: `${make}; \`--home\` names another home`,
    });
  }
  return new SealroomError('SECRET_MISSING', `expected ${what}, found none in the environment or the home`, {
    where: { file: home },
    hint: `set ${SECRET_VARIABLE} to it in Base64, or ${SECRET_FILE_VARIABLE} to a file that holds it; or ${make}`,
  });
}

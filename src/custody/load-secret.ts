// A separate door for the commands on tables: most secrets are in the environment, and loading the code for envelopes takes longer than
// encrypting a small table. So that code is imported when there is an envelope.
import { type CollaborationId, parseCollaborationId, type SharedSecret } from '../crypto/index.ts';
import { SealroomError } from '../errors/index.ts';
import { readSecretFromEnvironment, SECRET_FILE_VARIABLE, SECRET_VARIABLE } from './environment.ts';
import { memberHome } from './home.ts';
import type { ProviderContext } from './providers/provider.ts';
import { type HeldSecret, secretIdOf, type SecretRequest, shortSecretId } from './secret.ts';

export { readSecretFromEnvironment } from './environment.ts';
export { memberHome } from './home.ts';
export { fullSecretIdOf, type HeldSecret, type SecretRequest } from './secret.ts';

/** The variable that chooses a key, as `--key` does. */
export const KEY_VARIABLE = 'SEALROOM_KEY';

/**
 * Loads the secret of a collaboration:
 *
 * 1. from the environment, as `readSecretFromEnvironment`, if it has one and no key is chosen;
 * 2. otherwise from the envelope in the home, unwrapped with the chosen key or the one that the envelope names. The log records this
 *    before the secret is returned.
 *
 * @returns the secret, which the caller disposes of
 * @throws {SealroomError} SECRET_MISSING if there is none; CUSTODY_KEY if a key or generation is chosen and there is no envelope,
 *   or another key wrapped it; USAGE_OPTION if the id or URI is invalid; errors of `readEnvelope`, `chooseKey`, `unwrapEnvelope` and
 *   `recordEvent`.
 */
export async function loadSharedSecret(request: SecretRequest, context: ProviderContext): Promise<HeldSecret> {
  const collaborationId = parseCollaborationId(request.collaborationId);
  const uri = request.key ?? context.env[KEY_VARIABLE];
  const isInEnvironment = [SECRET_VARIABLE, SECRET_FILE_VARIABLE].some((name) => context.env[name] !== undefined);
  if (uri === undefined && isInEnvironment) {
    await request.authorise?.(null);
    return plaintextSecret(await readSecretFromEnvironment(context.env), collaborationId);
  }
  return loadFromHome(collaborationId, { ...request, key: uri }, context);
}

/** A secret without an envelope: it has no generation, and its use is not logged. */
function plaintextSecret(secret: SharedSecret, collaborationId: CollaborationId): HeldSecret {
  return Object.freeze({
    secret,
    collaborationId,
    generation: null,
    isNewest: true,
    secretId: secretIdOf(secret, collaborationId),
    envelope: null,
    recordUse: () => Promise.resolve(),
    [Symbol.dispose]: () => {
      secret[Symbol.dispose]();
    },
  });
}

/** A separate function, because in a function with `using` the compiler does not rewrite the file names of imports. */
const importEnvelopes = () =>
  Promise.all([
    import('./envelope-store.ts'),
    import('./unwrap-envelope.ts'),
    import('./providers/open-provider.ts'),
    import('./key-events.ts'),
    import('./choose-key.ts'),
  ]);

async function loadFromHome(
  collaborationId: CollaborationId,
  request: SecretRequest,
  context: ProviderContext,
): Promise<HeldSecret> {
  const [{ listEnvelopes, readEnvelope }, { unwrapEnvelope }, { openProvider }, { recordEvent }, { chooseKey }] =
    await importEnvelopes();
  const { generation, key, purpose } = request;
  const home = memberHome(context.env, { cwd: context.cwd, home: request.home });
  const newest = (await listEnvelopes(home, collaborationId)).at(-1);
  const wanted = generation === undefined ? newest : { collaborationId, generation };
  if (wanted === undefined) throw noEnvelope(collaborationId, home.directory, key !== undefined);
  const stored = await readEnvelope(home, wanted);
  const { envelope, file } = stored;
  await request.authorise?.(envelope);
  const chosen = await chooseKey(home, stored, key, context);
  await using provider = await openProvider(chosen.uri, context);
  const secret = await unwrapEnvelope(envelope, provider, { file });
  const wipeSecret = (): void => {
    secret[Symbol.dispose]();
  };
  try {
    await chosen.remember();
    await recordEvent(home, envelope, { action: 'unwrap', purpose });
  } catch (error) {
    wipeSecret();
    throw error;
  }
  return Object.freeze({
    secret,
    collaborationId,
    generation: envelope.generation,
    isNewest: newest === undefined || newest.generation <= envelope.generation,
    secretId: shortSecretId(envelope.secretId),
    envelope,
    recordUse: (used) => recordEvent(home, envelope, { action: 'lend', purpose, file: used }),
    [Symbol.dispose]: wipeSecret,
  } satisfies HeldSecret);
}

function noEnvelope(collaborationId: CollaborationId, home: string, isKeyChosen: boolean): SealroomError {
  const what = `the secret of ${collaborationId}`;
  const make =
    '`sealroom key request` requests it from another member; if no member has one yet, `sealroom key create` ' +
    'creates it';
  if (isKeyChosen) {
    return new SealroomError('CUSTODY_KEY', `the home has no envelope with ${what}`, {
      where: { file: home },
      hint: `${make}; use \`--home\` for another home`,
    });
  }
  return new SealroomError('SECRET_MISSING', `${what} is neither in the environment nor in the home`, {
    where: { file: home },
    hint: `set ${SECRET_VARIABLE} to it in Base64, or ${SECRET_FILE_VARIABLE} to a file with it; ${make}`,
  });
}

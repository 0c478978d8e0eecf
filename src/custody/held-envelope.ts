import { SealroomError } from '../errors/index.ts';
import { SECRET_FILE_VARIABLE, SECRET_VARIABLE } from './environment.ts';
import { memberHome } from './home.ts';
import { recordEvent } from './key-events.ts';
import { listEnvelopes, readEnvelope } from './envelope-store.ts';
import { openEnvelope } from './open-envelope.ts';
import type { HeldSecret, SecretRequest } from './held-secret.ts';
import type { ProviderContext } from './providers/provider.ts';
import { openProvider } from './providers/providers.ts';

/**
 * The secret of an envelope in the home; that it is unwrapped is in the log before it is handed out.
 *
 * @param collaborationId a UUID in lower case
 * @throws {SealroomError} as `openSecret`.
 */
export async function openHeldEnvelope(
  collaborationId: string,
  request: SecretRequest,
  context: ProviderContext,
): Promise<HeldSecret> {
  const { generation, key, purpose } = request;
  const home = memberHome(context.env, { cwd: context.cwd, home: request.home });
  const newest = (await listEnvelopes(home, collaborationId)).at(-1);
  const wanted = generation === undefined ? newest : { collaborationId, generation };
  if (wanted === undefined) throw noEnvelope(collaborationId, home.directory, key !== undefined);
  const { envelope, file } = await readEnvelope(home, wanted);
  await request.authorise?.(envelope);
  await using provider = await openProvider(key ?? envelope.key, context);
  const secret = await openEnvelope(envelope, provider, { file });
  const wipeSecret = (): void => {
    secret[Symbol.dispose]();
  };
  try {
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
    secretId: envelope.secretId,
    envelope,
    recordUse: (used) => recordEvent(home, envelope, { action: 'lend', purpose, file: used }),
    [Symbol.dispose]: wipeSecret,
  } satisfies HeldSecret);
}

function noEnvelope(collaborationId: string, home: string, isKeyChosen: boolean): SealroomError {
  const what = `the secret of ${collaborationId}`;
  const make =
    '`sealroom key request` asks another member for the one that the others have; if nobody has one yet, ' +
    '`sealroom key create` makes it';
  if (isKeyChosen) {
    return new SealroomError('CUSTODY_KEY', `expected an envelope with ${what} for the key, found none`, {
      where: { file: home },
      hint: `${make}; \`--home\` names another home`,
    });
  }
  return new SealroomError('SECRET_MISSING', `expected ${what}, found none in the environment or the home`, {
    where: { file: home },
    hint: `set ${SECRET_VARIABLE} to it in Base64, or ${SECRET_FILE_VARIABLE} to a file that holds it; ${make}`,
  });
}

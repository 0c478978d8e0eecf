import { SealroomError } from '../errors/index.ts';
import type { Manifest } from './manifest.ts';

/** A shared secret that is about to be used for a collaboration. */
export interface SecretInUse {
  /** `null` if it is not known, as for a secret from the environment. */
  readonly generation: number | null;
  /** 64 hexadecimal digits. */
  readonly fullId: string;
}

/**
 * Refuses a secret that is not the one that the members have named in the manifest. A manifest that names no secret allows any.
 *
 * @throws {SealroomError} CUSTODY_KEY if the manifest names another secret for the generation, or none.
 */
export function requireNamedSecret(
  { secretIds }: Pick<Manifest, 'secretIds'>,
  { generation, fullId }: SecretInUse,
): void {
  if (secretIds === null) return;
  if (generation === null) {
    if (Object.values(secretIds).includes(fullId)) return;
    throw otherSecret(`the manifest names other secrets, got ${fullId}`);
  }
  const named = secretIds[String(generation)];
  if (named === fullId) return;
  if (named === undefined) throw unnamed(generation);
  throw otherSecret(`the manifest names the secret ${named} for generation ${String(generation)}, got ${fullId}`);
}

function otherSecret(message: string): SealroomError {
  return new SealroomError('CUSTODY_KEY', message, {
    hint:
      'do not use this secret: whoever made its envelope chose it; ask a member that has the named one for it, with ' +
      '`sealroom key request`',
  });
}

function unnamed(generation: number): SealroomError {
  return new SealroomError('CUSTODY_KEY', `the manifest names no secret of generation ${String(generation)}`, {
    hint:
      'the member that made this generation writes it into the manifest with `sealroom collab secret`, and all members sign ' +
      'again; if nobody made it, do not use it',
  });
}

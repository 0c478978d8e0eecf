import type { RoleAction } from '../../collab/index.ts';
import type { ProviderContext } from '../../custody/index.ts';
import { type HeldSecret, loadSharedSecret } from '../../custody/load-secret.ts';
import { SealroomError } from '../../errors/index.ts';
import { type FoundProvenance, type Provenance, readProvenance, type TransferResult } from '../../tabular/index.ts';
import { authorise } from './authorise.ts';
import type { Collaboration } from './collaboration.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';
import { namesSecrets, requireNamed } from './named-secret.ts';
import type { TableTransfer } from './table-transfer.ts';

/** The secret that a table is encrypted with, as far as is known. */
export type TableOrigin = Pick<Provenance, 'collaborationId' | 'generation'> & Partial<Pick<Provenance, 'secretId'>>;

/** The secret that an action on a table needs. */
export interface SecretWish {
  readonly collaboration: Pick<Collaboration, 'id' | 'manifest'>;
  readonly action: RoleAction;
  /** URI of the key that opens the envelope; default: `SEALROOM_KEY`, else the key that the envelope names. */
  readonly key: string | undefined;
  /** The origin of the table, with its generation; `null` for the newest. */
  readonly origin: TableOrigin | null;
}

/**
 * Loads the secret for an action on a table, if roles allow the action.
 *
 * @returns the secret, which the caller disposes of
 * @throws {SealroomError} USAGE_OPTION if the table belongs to another collaboration; CUSTODY_KEY if the home does not
 *   have the generation, or has another secret for it, or the manifest names another; as `loadSharedSecret` and `authorise`.
 */
export async function loadSecret(
  environment: MemberEnvironment,
  { collaboration: { id: collaborationId, manifest }, action, key, origin }: SecretWish,
): Promise<HeldSecret> {
  if (origin !== null && origin.collaborationId !== collaborationId) {
    throw new SealroomError('USAGE_OPTION', 'the table belongs to another collaboration', {
      hint: `it was encrypted for ${origin.collaborationId}`,
    });
  }
  const home = homeOf(environment);
  const held = await loadSharedSecret(
    {
      collaborationId,
      generation: origin?.generation,
      key,
      home: environment.home,
      purpose: action,
      authorise: async (envelope) => {
        await authorise(home, { action, envelope, manifest });
      },
    },
    environment,
  );
  try {
    requireOrigin(held, origin);
    const generation = held.generation ?? origin?.generation ?? null;
    await requireNamed(manifest, held.secret, { collaborationId, generation });
    return held;
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

function requireOrigin({ secretId }: HeldSecret, origin: TableOrigin | null): void {
  if (origin?.secretId === undefined || origin.secretId === secretId) return;
  const expected = `secret ${origin.secretId} of generation ${String(origin.generation)}`;
  throw new SealroomError('CUSTODY_KEY', `the table needs ${expected}, got ${secretId}`, {
    hint: '`sealroom key show` lists the secrets in your home',
  });
}

/** Makes an environment for an action that opens several secrets: it asks for each passphrase only once. */
export function askingOnce<Context extends ProviderContext>(context: Context): Context {
  const answers = new Map<string, Promise<string>>();
  const askPassphrase: ProviderContext['askPassphrase'] = (question) => {
    const answer = answers.get(question.what) ?? context.askPassphrase(question);
    answers.set(question.what, answer);
    return answer;
  };
  return { ...context, askPassphrase };
}

/** The provenance of a table that is encrypted with a secret; `undefined` for a secret from the environment. */
export function provenanceOf({
  generation,
  secretId,
}: HeldSecret): Pick<Provenance, 'generation' | 'secretId'> | undefined {
  return generation === null ? undefined : { generation, secretId };
}

/** The secret of an envelope, as people compare it. */
export interface UnnamedSecret {
  /** The short id. */
  readonly secretId: string;
  readonly generation: number;
  /** URI of the wrapping key. */
  readonly key: string;
}

/** The secret, if it is from an envelope and no manifest names it. */
export function unnamedOf(
  { manifest }: Pick<Collaboration, 'manifest'>,
  { envelope, secretId }: HeldSecret,
): UnnamedSecret | null {
  if (envelope === null || namesSecrets(manifest)) return null;
  return { secretId, generation: envelope.generation, key: envelope.key };
}

/** Makes the function that records an encrypted table in the log, before the table gets its name. */
export function recordOutput({
  envelope,
  recordUse,
}: HeldSecret): ((facts: TransferResult) => Promise<void>) | undefined {
  if (envelope === null) return undefined;
  return async ({ rows, outputSha256 }) => {
    const sha256 = await outputSha256();
    await recordUse(sha256 === null ? null : { sha256, rows });
  };
}

/** Makes the function that records an opened table in the log, before the output gets its name. */
export function recordInput({
  envelope,
  recordUse,
}: Pick<HeldSecret, 'envelope' | 'recordUse'>): ((facts: TransferResult) => Promise<void>) | undefined {
  if (envelope === null) return undefined;
  return async ({ rows, inputSha256 }) => recordUse({ sha256: await inputSha256(), rows });
}

/**
 * Finds the origin of a protected table; `null` if it is not a file, or its origin is unknown.
 *
 * @throws {SealroomError} as `readProvenance`.
 */
export async function findOrigin(
  { signal }: Pick<MemberEnvironment, 'signal'>,
  { input }: TableTransfer,
): Promise<FoundProvenance | null> {
  return input.kind === 'file' ? readProvenance(input.path, { format: input.format, signal }) : null;
}

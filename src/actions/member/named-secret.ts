import type { Manifest } from '../../collab/index.ts';
import type { CollaborationId, SharedSecret } from '../../crypto/index.ts';
import { fullSecretIdOf } from '../../custody/load-secret.ts';
import { SealroomError } from '../../errors/index.ts';

/**
 * Refuses a secret other than the one that the members have named in the manifest. Without a manifest, or with one that names none, any
 * secret is taken.
 *
 * @throws {SealroomError} CUSTODY_KEY as `requireNamedSecret`
 */
export async function requireNamed(
  manifest: Manifest | null,
  secret: SharedSecret,
  {
    collaborationId,
    generation,
  }: {
    readonly collaborationId: CollaborationId;
    /** `null` if it is not known. */
    readonly generation: number | null;
  },
): Promise<void> {
  if (namesSecrets(manifest)) await requireNamedId(manifest, generation, fullSecretIdOf(secret, collaborationId));
}

/** Whether a manifest names secrets. */
export function namesSecrets(manifest: Manifest | null): boolean {
  return (manifest?.secretIds ?? null) !== null;
}

/**
 * As {@link requireNamed}, for a secret that is known by its full id.
 *
 * @throws {SealroomError} CUSTODY_KEY as `requireNamedSecret`
 */
export async function requireNamedId(
  manifest: Manifest | null,
  generation: number | null,
  fullId: string,
): Promise<void> {
  if (manifest === null) return;
  const { requireNamedSecret } = await import('../../collab/index.ts');
  requireNamedSecret(manifest, { generation, fullId });
}

/**
 * Refuses to make the secret of a generation for which the members have already named one.
 *
 * @throws {SealroomError} CUSTODY_KEY
 */
export function requireUnnamed(manifest: Manifest | null, generation: number): void {
  const named = manifest?.secretIds?.[String(generation)];
  if (named === undefined) return;
  throw new SealroomError(
    'CUSTODY_KEY',
    `the manifest already names the secret ${named} for generation ${String(generation)}`,
    {
      hint: 'a new one would not be it: ask a member that has it for it, with `sealroom key request`',
    },
  );
}

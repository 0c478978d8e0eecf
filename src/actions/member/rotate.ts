import {
  listEnvelopes,
  type MemberHome,
  newSharedSecret,
  readEnvelope,
  recordEvent,
  requireKnownRoute,
  storeEnvelope,
  type StoredEnvelope,
} from '../../custody/index.ts';
import type { Manifest } from '../../collab/index.ts';
import type { SharedSecret } from '../../crypto/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { authorise } from './authorise.ts';
import { type CollaborationChoice, resolveCollaboration } from './collaboration.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';
import { requireNamed, requireUnnamed } from './named-secret.ts';
import { findTables, type ProtectedTable } from './protected-tables.ts';
import { ProviderPool } from './provider-pool.ts';

/** The options of {@link rotateSecret}. */
export interface RotateRequest {
  readonly collaboration: CollaborationChoice;
  /** URI of the key that opens the newest secret; default: `SEALROOM_KEY`, else the key that its envelope names. */
  readonly key?: string | undefined;
  /** URI of the key for the new secret; default: the key that the envelope of the newest names. */
  readonly to?: string | undefined;
  /** Id of a member that must not get the new secret. */
  readonly removed?: string | undefined;
  /** Protected tables to check: a directory, and files; absolute paths. */
  readonly tables?: { readonly directory: string | null; readonly files: readonly string[] } | undefined;
}

/** A table that an older secret protects. */
export interface OutdatedTable {
  /** Absolute path. */
  readonly file: string;
  readonly generation: number;
  /** Whether it has fingerprints, which cannot be opened. */
  readonly needsOriginal: boolean;
}

/** The next secret, and what depends on the older ones. */
export interface RotatedSecret {
  readonly stored: StoredEnvelope;
  readonly outdated: readonly OutdatedTable[];
  /** Number of older generations in the home, which still open their tables. */
  readonly olderGenerations: number;
}

/**
 * Creates the next secret of a collaboration, and lists the tables that older ones protect.
 *
 * Only a member that has the current secret can rotate it: that one is opened first.
 *
 * @throws {SealroomError} CUSTODY_KEY if there is no secret to rotate; IO_READ, as `readProvenance` for the tables; as
 *   `resolveCollaboration`, `authorise`, both providers and the log.
 */
export async function rotateSecret(
  environment: MemberEnvironment,
  { collaboration, key, to, removed, tables: wanted }: RotateRequest,
): Promise<RotatedSecret> {
  const home = homeOf(environment);
  const { id: collaborationId, manifest } = await resolveCollaboration(environment, collaboration, {
    purpose: 'rotate',
  });
  const places = await listEnvelopes(home, collaborationId);
  const newest = places.at(-1);
  if (newest === undefined) {
    throw new SealroomError('CUSTODY_KEY', `the home has no secret of ${collaborationId} to rotate`, {
      where: { file: home.directory },
      hint: '`sealroom key create` creates the first one',
    });
  }
  const before = await readEnvelope(home, newest);
  const hasRoles = await authorise(home, { action: 'rotate', envelope: before.envelope, manifest });
  const tables = await findTables(wanted?.directory ?? null, wanted?.files ?? [], environment.signal);
  await using pool = new ProviderPool(environment);
  requireUnnamed(manifest, before.envelope.generation + 1);
  await checkNewest(home, await pool.unwrap(before, key), before, manifest);
  // The envelope may have been opened with a key that was named, and name another itself.
  if (to === undefined) await requireKnownRoute(home, before);
  const provider = await pool.provider(to ?? before.envelope.key);
  using secret = newSharedSecret();
  const envelope = await provider.wrap(secret, {
    collaborationId,
    generation: before.envelope.generation + 1,
    created: environment.now().toISOString(),
    isRoleBound: before.envelope.isRoleBound || hasRoles,
  });
  const purpose = removed === undefined ? 'rotate' : `remove ${removed}`;
  await recordEvent(home, envelope, { action: 'rotate', purpose });
  const stored = await storeEnvelope(home, envelope, { provider, secret, replaced: null });
  return { stored, outdated: tables.flatMap((table) => outdatedBy(stored, table)), olderGenerations: places.length };
}

/** Records that the newest secret was opened, refuses one that the manifest does not name, and wipes it. */
async function checkNewest(
  home: MemberHome,
  secret: SharedSecret,
  { envelope }: StoredEnvelope,
  manifest: Manifest | null,
): Promise<void> {
  using held = secret;
  await recordEvent(home, envelope, { action: 'unwrap', purpose: 'rotate' });
  await requireNamed(manifest, held, envelope);
}

/** The table, if it was encrypted with an older secret of the same collaboration, as far as is known. */
function outdatedBy({ envelope }: StoredEnvelope, { file, origin }: ProtectedTable): readonly OutdatedTable[] {
  if (origin?.collaborationId !== envelope.collaborationId || origin.generation >= envelope.generation) return [];
  const needsOriginal = origin.columns.some(({ protection }) => protection === 'fingerprint');
  return [{ file, generation: origin.generation, needsOriginal }];
}

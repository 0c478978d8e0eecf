import type { CollaborationSettings, Manifest } from '../../collab/index.ts';
import { type CollaborationId, parseCollaborationId } from '../../crypto/index.ts';
import type { FileText } from '../../custody/index.ts';
import { SealroomError } from '../../errors/index.ts';

/** What names a collaboration; one of the two, or both if they agree. */
export interface CollaborationChoice {
  /** A UUID in any case. */
  readonly id?: string | undefined;
  readonly manifest?: FileText | undefined;
}

/** A collaboration, and what its manifest says if there is one. */
export interface Collaboration {
  readonly id: CollaborationId;
  /** No signature in it is broken; some may be missing. */
  readonly manifest: Manifest | null;
  /** Those of the manifest. */
  readonly settings: CollaborationSettings | null;
}

/**
 * The collaboration that a manifest or an id names.
 *
 * @throws {SealroomError} USAGE_OPTION if there is neither, if they disagree, or for an id that is none; MANIFEST_SIGNATURE if a
 *   signature in the manifest does not hold; MANIFEST_* as `parseManifest`.
 */
export async function resolveCollaboration({ id, manifest: text }: CollaborationChoice): Promise<Collaboration> {
  if (text === undefined) {
    if (id !== undefined) return { id: parseCollaborationId(id), manifest: null, settings: null };
    throw new SealroomError('USAGE_OPTION', 'missing required argument: id', {
      hint: 'give the collaboration with `--id`, or the manifest that has it with `--manifest`',
    });
  }
  // Most tables are encrypted without a manifest, and its reader takes longer to load than a small table.
  const { refuseBrokenSignatures, settingsOf, verifyManifest } = await import('../../collab/index.ts');
  const manifest = await readManifest(text);
  refuseBrokenSignatures(verifyManifest(manifest), text.file ?? manifest.name);
  const { collaborationId, settings } = settingsOf(manifest);
  if (id !== undefined && parseCollaborationId(id) !== collaborationId) {
    throw new SealroomError('USAGE_OPTION', '`--id` expected as in the manifest, got another', {
      hint: 'leave it out: the manifest has it',
    });
  }
  return { id: parseCollaborationId(collaborationId), manifest, settings };
}

/** A manifest whose signatures are not looked at. @throws {SealroomError} MANIFEST_* as `parseManifest`. */
export async function readManifest({ text, file }: FileText): Promise<Manifest> {
  const { parseManifest } = await import('../../collab/index.ts');
  return parseManifest(text, { file });
}

/** Where the settings of a collaboration without a manifest come from. */
export type SettingsSource =
  | { readonly kind: 'given'; readonly settings: CollaborationSettings }
  | { readonly kind: 'file'; readonly file: FileText }
  | { readonly kind: 'clean-rooms'; readonly profile: string | undefined; readonly region: string | undefined };

const NOTHING_ALLOWED: CollaborationSettings = Object.freeze({
  allowCleartext: false,
  allowDuplicates: false,
  allowJoinsOnColumnsWithDifferentNames: false,
  preserveNulls: false,
});

/**
 * The settings of a collaboration: those of its manifest, which nothing else may say; else those of the source, else all are off.
 *
 * @throws {SealroomError} USAGE_OPTION if there are settings besides those of the manifest; as `parseSettings` and
 *   `fetchCollaborationSettings`.
 */
export async function resolveSettings(
  { id, settings }: Collaboration,
  source: SettingsSource | null,
): Promise<CollaborationSettings> {
  if (source === null) return settings ?? NOTHING_ALLOWED;
  if (settings !== null) {
    throw new SealroomError('USAGE_OPTION', 'expected the settings in one way, got several', {
      hint: 'with `--manifest` they are those that the members agreed on',
    });
  }
  switch (source.kind) {
    case 'given':
      return source.settings;
    case 'file': {
      const { parseSettings } = await import('../../collab/index.ts');
      return parseSettings(source.file.text, { file: source.file.file });
    }
    case 'clean-rooms':
      return fetchSettings(id, source);
  }
}

/**
 * The settings that AWS Clean Rooms has for a collaboration.
 *
 * @throws {SealroomError} as `createCleanRoomsClient` and `fetchCollaborationSettings`
 */
export async function fetchSettings(
  id: string,
  { profile, region }: { readonly profile: string | undefined; readonly region: string | undefined },
  signal?: AbortSignal,
): Promise<CollaborationSettings> {
  const { createCleanRoomsClient, fetchCollaborationSettings } = await import('../../collab/index.ts');
  const client = await createCleanRoomsClient({ profile, region });
  try {
    return await fetchCollaborationSettings(client, id, { signal });
  } finally {
    client.destroy();
  }
}

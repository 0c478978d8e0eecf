import type { CollaborationSettings, Manifest } from '../../collab/index.ts';
import { type CollaborationId, parseCollaborationId } from '../../crypto/index.ts';
import type { FileText } from '../../custody/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { type ManifestFile, readDraft, readTrustedManifest, type TrustEnvironment } from './trusted-manifest.ts';

/** Chooses a collaboration, by one of the two, or by both if they agree. */
export interface CollaborationChoice {
  /** A UUID in any case. */
  readonly id?: string | undefined;
  readonly manifest?: ManifestFile | undefined;
}

/** A collaboration, with its manifest and settings if there is a manifest. */
export interface Collaboration {
  readonly id: CollaborationId;
  /** Signed by all members, unless the caller took it unsigned or as a draft. */
  readonly manifest: Manifest | null;
  /** The settings in the manifest. */
  readonly settings: CollaborationSettings | null;
}

/** What a manifest is read for. */
export interface ManifestUse {
  /** For the log. */
  readonly purpose: string;
  /** Whether signatures may still be missing, because what is done comes before them. */
  readonly isDraft?: boolean;
}

/**
 * Resolves the collaboration that a manifest or an id names.
 *
 * @throws {SealroomError} USAGE_OPTION if both are missing, if they disagree, or if the id is invalid; MANIFEST_* as
 *   `readTrustedManifest`, or as `readDraft` for a draft.
 */
export async function resolveCollaboration(
  environment: TrustEnvironment,
  { id, manifest: text }: CollaborationChoice,
  { purpose, isDraft = false }: ManifestUse,
): Promise<Collaboration> {
  if (text === undefined) {
    if (id !== undefined) return { id: parseCollaborationId(id), manifest: null, settings: null };
    throw new SealroomError('USAGE_OPTION', '`--id` or `--manifest` is missing', {
      hint: 'name the collaboration with `--id`, or its manifest with `--manifest`',
    });
  }
  // Most tables are encrypted without a manifest, and loading its reader takes longer than encrypting a small table.
  const { settingsOf } = await import('../../collab/index.ts');
  const manifest = isDraft ? await readDraft(environment, text) : await readTrustedManifest(environment, text, purpose);
  const { collaborationId, settings } = settingsOf(manifest);
  if (id !== undefined && parseCollaborationId(id) !== collaborationId) {
    throw new SealroomError('USAGE_OPTION', '`--id` is not the id in the manifest', {
      hint: 'leave out `--id`: the manifest has the id',
    });
  }
  return { id: parseCollaborationId(collaborationId), manifest, settings };
}

/** The source of the settings of a collaboration without a manifest. */
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
 * Resolves the settings of a collaboration: from its manifest, otherwise from the source, otherwise all are off.
 *
 * @throws {SealroomError} USAGE_OPTION if there are both a manifest and a source; as `parseSettings` and
 *   `fetchCollaborationSettings`.
 */
export async function resolveSettings(
  { id, settings }: Collaboration,
  source: SettingsSource | null,
): Promise<CollaborationSettings> {
  if (source === null) return settings ?? NOTHING_ALLOWED;
  if (settings !== null) {
    throw new SealroomError('USAGE_OPTION', 'the settings come from more than one source', {
      hint: 'with `--manifest`, leave out the others: the members agreed on the settings in it',
    });
  }
  switch (source.kind) {
    case 'given':
      return source.settings;
    case 'file': {
      const { parseSettings } = await import('../../collab/light.ts');
      return parseSettings(source.file.text, { file: source.file.file });
    }
    case 'clean-rooms':
      return fetchSettings(id, source);
  }
}

/**
 * Fetches the settings of a collaboration from AWS Clean Rooms.
 *
 * @throws {SealroomError} as `createCleanRoomsClient` and `fetchCollaborationSettings`
 */
export async function fetchSettings(
  id: string,
  { profile, region }: { readonly profile: string | undefined; readonly region: string | undefined },
  signal?: AbortSignal,
): Promise<CollaborationSettings> {
  const { createCleanRoomsClient, fetchCollaborationSettings } = await import('../../collab/light.ts');
  const client = await createCleanRoomsClient({ profile, region });
  try {
    return await fetchCollaborationSettings(client, id, { signal });
  } finally {
    client.destroy();
  }
}

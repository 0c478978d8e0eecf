import { resolve } from 'node:path';
import type { CollaborationSettings } from '../../src/collab/index.ts';
import { type CollaborationId, parseCollaborationId } from '../../src/crypto/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { readTextFile } from '../../src/files/index.ts';
import { readSettings, type SettingsArguments } from './table-options.ts';
import type { CliIo } from '../terminal.ts';

/** The options that name the collaboration; one of them is given, or both agree. */
interface CollaborationArguments {
  readonly id: string | undefined;
  readonly manifest: string | undefined;
}

/** Which collaboration a table is for, and its settings where they are known from the manifest. */
interface CollaborationTerms {
  readonly id: CollaborationId;
  readonly settings: CollaborationSettings | null;
}

/**
 * The collaboration that `--manifest` or `--id` names.
 *
 * @throws {SealroomError} USAGE_OPTION if neither is given or they disagree; MANIFEST_SIGNATURE if a signature in the manifest
 *   does not hold; what reading it throws.
 */
export async function resolveCollaboration(
  io: CliIo,
  { id, manifest }: CollaborationArguments,
): Promise<CollaborationTerms> {
  if (manifest === undefined) {
    if (id !== undefined) return { id: parseCollaborationId(id), settings: null };
    throw new SealroomError('USAGE_OPTION', 'missing required argument: id', {
      hint: 'give the collaboration with `--id`, or the manifest that has it with `--manifest`',
    });
  }
  // Most tables are encrypted without a manifest, and its reader takes longer to load than a small table.
  const { parseManifest, settingsOf, verifyManifest } = await import('../../src/collab/index.ts');
  const { refuseBrokenSignatures } = await import('../output/format-manifest.ts');
  const path = resolve(io.cwd, manifest);
  const read = parseManifest(await readTextFile(path), { file: path });
  refuseBrokenSignatures(verifyManifest(read), path);
  const terms = settingsOf(read);
  if (id !== undefined && parseCollaborationId(id) !== terms.collaborationId) {
    throw new SealroomError('USAGE_OPTION', '`--id` expected as in the manifest, got another', {
      hint: 'leave it out: the manifest has it',
    });
  }
  return { id: parseCollaborationId(terms.collaborationId), settings: terms.settings };
}

/**
 * The collaboration, and its settings: those of the manifest, or else of one of the options for them.
 *
 * @throws {SealroomError} USAGE_OPTION if there are settings besides those of the manifest; what {@link resolveCollaboration} and
 *   {@link readSettings} throw.
 */
export async function resolveCollaborationAndSettings(
  io: CliIo,
  args: CollaborationArguments & SettingsArguments,
): Promise<{ readonly id: CollaborationId; readonly settings: CollaborationSettings }> {
  const { id, settings } = await resolveCollaboration(io, args);
  if (settings === null) return { id, settings: await readSettings(io, args, id) };
  const isGivenTwice =
    args['from-clean-rooms'] ||
    [
      args.settings,
      args['allow-cleartext'],
      args['allow-duplicates'],
      args['allow-joins-on-columns-with-different-names'],
      args['preserve-nulls'],
    ].some((value) => value !== undefined);
  if (!isGivenTwice) return { id, settings };
  throw new SealroomError('USAGE_OPTION', 'expected the settings in one way, got several', {
    hint: 'with `--manifest` they are those that the members agreed on',
  });
}

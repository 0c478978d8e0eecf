import { resolve } from 'node:path';
import type { CollaborationChoice, SettingsSource } from '../../src/actions/member/tables.ts';
import type { FileText } from '../../src/custody/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { readTextFile } from '../../src/files/index.ts';
import type { CliIo } from '../terminal.ts';
import { type ManifestArguments, readManifestFile, readNamedFile } from './manifest-option.ts';
import { type SettingsArguments, settingsOfFlags } from './table-options.ts';

/** Reads the file that an option names, if it is given. @throws {SealroomError} as `readTextFile` */
export async function readOptionalFile(io: CliIo, name: string | undefined): Promise<FileText | undefined> {
  return name === undefined ? undefined : readNamedFile(io, name);
}

/** Reads the collaboration that `--id` and `--manifest` name. @throws {SealroomError} as {@link readManifestFile} */
export async function readCollaboration(
  io: CliIo,
  { id, ...args }: ManifestArguments & { readonly id: string | undefined },
): Promise<CollaborationChoice> {
  return { id, manifest: await readManifestFile(io, args) };
}

/**
 * Reads the source of the settings from the options: flags (those not given are off), a file, or AWS; `null` if none is given.
 *
 * @throws {SealroomError} USAGE_OPTION if there is more than one source; as `readTextFile`.
 */
export async function readSettingsSource(io: CliIo, args: SettingsArguments): Promise<SettingsSource | null> {
  const { profile, region } = args;
  const flags = [
    args['allow-cleartext'],
    args['allow-duplicates'],
    args['allow-joins-on-columns-with-different-names'],
    args['preserve-nulls'],
  ];
  const isGiven = flags.some((value) => value !== undefined);
  const ways = [isGiven, args.settings !== undefined, args['from-clean-rooms']].filter(Boolean).length;
  if (ways > 1) {
    throw new SealroomError('USAGE_OPTION', 'the settings come from more than one source', {
      hint: 'use only the flags, `--settings <file>` or `--from-clean-rooms`',
    });
  }
  if (!args['from-clean-rooms'] && (profile !== undefined || region !== undefined)) {
    throw new SealroomError('USAGE_OPTION', '`--profile` and `--region` need `--from-clean-rooms`');
  }
  if (args['from-clean-rooms']) return { kind: 'clean-rooms', profile, region };
  if (args.settings !== undefined) {
    const text = await readTextFile(resolve(io.cwd, args.settings));
    return { kind: 'file', file: { text, file: args.settings } };
  }
  if (!isGiven) return null;
  return { kind: 'given', settings: settingsOfFlags(args) };
}

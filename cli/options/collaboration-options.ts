import { resolve } from 'node:path';
import type { CollaborationChoice, SettingsSource } from '../../src/actions/member/tables.ts';
import type { FileText } from '../../src/custody/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { readTextFile } from '../../src/files/index.ts';
import type { CliIo } from '../terminal.ts';
import type { SettingsArguments } from './table-options.ts';

/** A file that an option names, under its absolute path. @throws {SealroomError} as `readTextFile` */
export async function readNamedFile(io: CliIo, name: string): Promise<FileText & { readonly file: string }> {
  const file = resolve(io.cwd, name);
  return { file, text: await readTextFile(file) };
}

/** The file that an option names, if it is given. @throws {SealroomError} as `readTextFile` */
export async function readOptionalFile(io: CliIo, name: string | undefined): Promise<FileText | undefined> {
  return name === undefined ? undefined : readNamedFile(io, name);
}

/** The collaboration that `--id` and `--manifest` name. @throws {SealroomError} as `readTextFile` */
export async function readCollaboration(
  io: CliIo,
  { id, manifest }: { readonly id: string | undefined; readonly manifest: string | undefined },
): Promise<CollaborationChoice> {
  return { id, manifest: await readOptionalFile(io, manifest) };
}

/**
 * Where the options say that the settings come from: flags (those not given are off), a file, or AWS; `null` if they say nothing.
 *
 * @throws {SealroomError} USAGE_OPTION if they say it in more than one way; as `readTextFile`.
 */
export async function readSettingsSource(io: CliIo, args: SettingsArguments): Promise<SettingsSource | null> {
  const {
    'allow-cleartext': allowCleartext,
    'allow-duplicates': allowDuplicates,
    'allow-joins-on-columns-with-different-names': allowJoinsOnColumnsWithDifferentNames,
    'preserve-nulls': preserveNulls,
    profile,
    region,
  } = args;
  const flags = { allowCleartext, allowDuplicates, allowJoinsOnColumnsWithDifferentNames, preserveNulls };
  const isGiven = Object.values(flags).some((value) => value !== undefined);
  const ways = [isGiven, args.settings !== undefined, args['from-clean-rooms']].filter(Boolean).length;
  if (ways > 1) {
    throw new SealroomError('USAGE_OPTION', 'expected the settings in one way, got several', {
      hint: 'use the flags, or `--settings <file>`, or `--from-clean-rooms`',
    });
  }
  if (!args['from-clean-rooms'] && (profile !== undefined || region !== undefined)) {
    throw new SealroomError(
      'USAGE_OPTION',
      '`--profile` and `--region` expected with `--from-clean-rooms`, got them without',
    );
  }
  if (args['from-clean-rooms']) return { kind: 'clean-rooms', profile, region };
  if (args.settings !== undefined) {
    const text = await readTextFile(resolve(io.cwd, args.settings));
    return { kind: 'file', file: { text, file: args.settings } };
  }
  if (!isGiven) return null;
  return {
    kind: 'given',
    settings: {
      allowCleartext: allowCleartext ?? false,
      allowDuplicates: allowDuplicates ?? false,
      allowJoinsOnColumnsWithDifferentNames: allowJoinsOnColumnsWithDifferentNames ?? false,
      preserveNulls: preserveNulls ?? false,
    },
  };
}

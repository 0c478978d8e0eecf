import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import type { ManifestFile } from '../../src/actions/member/tables.ts';
import type { FileText } from '../../src/custody/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { readTextFile } from '../../src/files/index.ts';
import type { CliIo } from '../terminal.ts';

/** A text, and the absolute path of its file. */
export interface NamedFile extends FileText {
  readonly file: string;
}

/** Reads the file that an option names. @throws {SealroomError} as `readTextFile` */
export async function readNamedFile(io: CliIo, name: string): Promise<NamedFile> {
  const file = resolve(io.cwd, name);
  return { file, text: await readTextFile(file) };
}

/** The options of commands that take a manifest. */
export interface ManifestArguments {
  readonly manifest: string | undefined;
  readonly unsigned: boolean;
}

/** Declares `--manifest`, and `--unsigned`, which takes one that is not signed. */
export function withManifestOptions<T>(yargs: Argv<T>, describe: string): Argv<T & ManifestArguments> {
  return yargs.option('manifest', { type: 'string', requiresArg: true, describe }).option('unsigned', {
    type: 'boolean',
    default: false,
    describe: 'take a manifest that not all members have signed, although somebody may have changed it',
  });
}

/**
 * Reads the manifest that `--manifest` names, if it is given.
 *
 * @throws {SealroomError} USAGE_OPTION for `--unsigned` without it; as `readTextFile`.
 */
export async function readManifestFile(
  io: CliIo,
  { manifest, unsigned }: ManifestArguments,
): Promise<(ManifestFile & { readonly file: string }) | undefined> {
  if (manifest !== undefined) return { ...(await readNamedFile(io, manifest)), isUnsigned: unsigned };
  if (!unsigned) return undefined;
  throw new SealroomError('USAGE_OPTION', '`--unsigned` needs `--manifest`');
}

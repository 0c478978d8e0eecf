import type { Argv } from 'yargs';
import type { CollaborationId, SharedSecret } from '../../src/crypto/index.ts';
import {
  KEY_VARIABLE,
  isReadableByUser,
  memberHome,
  type MemberHome,
  unwrapEnvelope,
  type StoredEnvelope,
} from '../../src/custody/index.ts';
import { type HomeArguments, type KeyArguments, withHomeOptions } from '../options/key-options.ts';
import type { ProviderPool } from '../provider-pool.ts';
import { resolveCollaboration } from '../options/collaboration-options.ts';
import type { CliIo } from '../terminal.ts';

/** The options of all commands on keys. */
export interface CommonArguments extends HomeArguments {
  readonly json: boolean;
  readonly debug: boolean;
}

/** The options of commands on the keys of one collaboration, which one of them names. */
export interface CollaborationArguments extends CommonArguments {
  readonly id: string | undefined;
  readonly manifest: string | undefined;
}

/** The home that a command works on. */
export function homeOf(io: CliIo, { home }: Pick<HomeArguments, 'home'>): MemberHome {
  return memberHome(io.env, { cwd: io.cwd, home });
}

/** The id of the collaboration that is named. @throws {SealroomError} as `resolveCollaboration`. */
export async function resolveCollaborationId(io: CliIo, args: CollaborationArguments): Promise<CollaborationId> {
  return (await resolveCollaboration(io, args)).id;
}

/** What is told of an envelope: nothing in it is secret. */
export function describeStored({ envelope, file }: StoredEnvelope): object {
  const { collaborationId, generation, secretId, provider, key, created, isRoleBound } = envelope;
  const isInsecure = isReadableByUser(provider);
  return { collaborationId, generation, secretId, provider, key, created, isRoleBound, isInsecure, file };
}

/** `generation 1 of 5ea1ed00-…, secret 0123…, under age:/home/a/key` */
export function describeEnvelope({ envelope }: StoredEnvelope): string {
  const { collaborationId, generation, secretId, key } = envelope;
  return `generation ${String(generation)} of ${collaborationId}, secret ${secretId}, under ${key}`;
}

/** Prints an answer: an object for machines on standard output, or words on standard error. */
export function writeAnswer(io: CliIo, { json }: CommonArguments, answer: object, line: string): void {
  if (json) io.stdout.write(`${JSON.stringify(answer)}\n`);
  else io.stderr.write(`${line}\n`);
}

/** Opens an envelope with the key that is chosen, else with the one that it names. */
export async function openStored(
  io: CliIo,
  args: KeyArguments,
  pool: ProviderPool,
  stored: StoredEnvelope,
): Promise<SharedSecret> {
  const { envelope, file } = stored;
  const provider = await pool.provider(args.key ?? io.env[KEY_VARIABLE] ?? envelope.key);
  return unwrapEnvelope(envelope, provider, { file });
}

/** Declares the options of all commands on keys. */
export function withCommon(yargs: Argv): Argv<CommonArguments> {
  return withHomeOptions(yargs)
    .option('json', { type: 'boolean', default: false, describe: 'print the answer and errors as JSON' })
    .option('debug', { type: 'boolean', default: false, describe: 'print stack traces' });
}

/** Declares the options of commands on the keys of one collaboration. */
export function withCollaboration(yargs: Argv): Argv<CollaborationArguments> {
  return withCommon(yargs)
    .option('id', { type: 'string', describe: 'collaboration id (UUID)' })
    .option('manifest', { type: 'string', describe: 'manifest of the collaboration, which has its id' });
}

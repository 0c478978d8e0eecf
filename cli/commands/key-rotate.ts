import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import {
  listEnvelopes,
  newSharedSecret,
  readEnvelope,
  recordEvent,
  secretIdOf,
  storeEnvelope,
  type StoredEnvelope,
} from '../../src/custody/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { quoteForMessage } from '../../src/errors/index.ts';
import { type KeyArguments, providerContext, withKeyOptions } from '../options/key-options.ts';
import {
  type CollaborationArguments,
  describeStored,
  homeOf,
  resolveCollaborationId,
  describeEnvelope,
  openStored,
  withCollaboration,
} from '../output/key-output.ts';
import { findTables, type ProtectedTable } from '../protected-tables.ts';
import { ProviderPool } from '../provider-pool.ts';
import { checkRole } from '../roles.ts';
import { type CliIo, say } from '../terminal.ts';

/** What `key rotate` is called with. */
interface RotateArguments extends CollaborationArguments, KeyArguments {
  readonly to: string | undefined;
  readonly tables: string | undefined;
  readonly removed: string | undefined;
  readonly files: readonly string[] | undefined;
}

async function runRotate(args: RotateArguments, io: CliIo): Promise<void> {
  const home = homeOf(io, args);
  const collaborationId = await resolveCollaborationId(io, args);
  const places = await listEnvelopes(home, collaborationId);
  const newest = places.at(-1);
  if (newest === undefined) {
    throw new SealroomError('CUSTODY_KEY', `expected a secret of ${collaborationId} to rotate, found none`, {
      where: { file: home.directory },
      hint: '`sealroom key create` makes the first one',
    });
  }
  const before = await readEnvelope(home, newest);
  const hasRoles = await checkRole(io, { home, manifest: args.manifest, action: 'rotate', envelope: before.envelope });
  const place = args.tables === undefined ? null : resolve(io.cwd, args.tables);
  const tables = await findTables(
    place,
    (args.files ?? []).map((file) => resolve(io.cwd, file)),
    io.signal,
  );
  await using pool = new ProviderPool(providerContext(io, args));
  // Whoever makes the next secret has the one before.
  (await openStored(io, args, pool, before))[Symbol.dispose]();
  await recordEvent(home, before.envelope, { action: 'unwrap', purpose: 'rotate' });
  const provider = await pool.provider(args.to ?? before.envelope.key);
  using secret = newSharedSecret();
  const envelope = await provider.wrap(secret, {
    collaborationId,
    generation: before.envelope.generation + 1,
    secretId: secretIdOf(secret, collaborationId),
    created: new Date().toISOString(),
    isRoleBound: before.envelope.isRoleBound || hasRoles,
  });
  await recordEvent(home, envelope, { action: 'rotate', purpose: purposeOf(args) });
  const stored = await storeEnvelope(home, envelope, { provider, secret, replaced: null });
  const older = tables.filter((table) => isOlder(table, stored));
  printRotation(io, args, stored, older, places.length);
}

function purposeOf({ removed }: RotateArguments): string {
  return removed === undefined ? 'rotate' : `remove ${removed}`;
}

/** Whether a table was encrypted with an older secret of the same collaboration, as far as is known. */
function isOlder({ origin }: ProtectedTable, { envelope }: StoredEnvelope): boolean {
  if (origin === null) return false;
  return origin.collaborationId === envelope.collaborationId && origin.generation < envelope.generation;
}

function printRotation(
  io: CliIo,
  args: RotateArguments,
  stored: StoredEnvelope,
  older: readonly ProtectedTable[],
  olderGenerations: number,
): void {
  const again = older.map(({ file, origin }) => ({
    file,
    generation: origin?.generation,
    needsOriginal: needsOriginal({ file, origin }),
  }));
  if (args.json) {
    io.stdout.write(`${JSON.stringify({ ...describeStored(stored), encryptAgain: again })}\n`);
    return;
  }
  io.stderr.write(`made ${describeEnvelope(stored)}\n`);
  for (const { file, generation, needsOriginal: isFingerprinted } of again) {
    const how = isFingerprinted ? 'from its original: it has fingerprints' : 'as it is';
    io.stderr.write(`encrypt again: ${quoteForMessage(file)}, of generation ${String(generation)}, ${how}\n`);
  }
  if (args.tables === undefined && args.files === undefined) {
    say(io, 'hint', 'give files, or `--tables <directory>`, to see which tables are of older generations');
  }
  say(io, 'hint', '`sealroom reencrypt` takes tables to the new generation; members send it with `sealroom key send`');
  const kept = `${String(olderGenerations)} older generation(s) still open what was encrypted with them`;
  say(io, 'hint', `${kept}; \`sealroom key destroy\` ends that, for good`);
  if (args.removed !== undefined) printRemoval(io, args.removed);
}

function needsOriginal({ origin }: ProtectedTable): boolean {
  return origin?.columns.some(({ protection }) => protection === 'fingerprint') ?? true;
}

/** What taking the secret away from a member can do, and what it cannot. */
function printRemoval(io: CliIo, member: string): void {
  const name = quoteForMessage(member);
  const lines = [
    `${name} still opens and tests everything that was encrypted with older generations, wherever it has a copy`,
    `do not send the new generation to ${name}, take its name out of the manifest, and let all sign that`,
    `take tables of older generations away from where ${name}, or a room, can read them`,
  ];
  for (const line of lines) say(io, 'warning', line);
}

/** Adds `key rotate`, which makes the next secret of a collaboration. */
export function withRotateCommand(yargs: Argv, io: CliIo): Argv {
  return yargs.command(
    'rotate [files..]',
    'make the next generation of a secret, and tell what must be encrypted again',
    (inner) =>
      withKeyOptions(withCollaboration(inner))
        .positional('files', { type: 'string', array: true, describe: 'protected tables to look at' })
        .option('to', {
          type: 'string',
          requiresArg: true,
          describe: 'URI of the key for the new secret (default: the one of the newest)',
        })
        .option('tables', {
          type: 'string',
          requiresArg: true,
          describe: 'directory with protected tables to look at',
        })
        .option('removed', {
          type: 'string',
          requiresArg: true,
          describe: 'id of a member that is not to have the new secret',
        }),
    (args) => runRotate(args, io),
  );
}

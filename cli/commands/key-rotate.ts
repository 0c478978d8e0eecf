import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { type RotatedSecret, rotateSecret } from '../../src/actions/member/index.ts';
import { quoteForMessage } from '../../src/errors/index.ts';
import { readCollaboration } from '../options/collaboration-options.ts';
import {
  type KeyArguments,
  type KeyCollaborationArguments,
  memberEnvironment,
  withCollaboration,
  withKeyOptions,
} from '../options/key-options.ts';
import { describeEnvelope, describeStored } from '../output/key-output.ts';
import { type CliIo, say } from '../terminal.ts';

/** What `key rotate` is called with. */
interface RotateArguments extends KeyCollaborationArguments, KeyArguments {
  readonly to: string | undefined;
  readonly tables: string | undefined;
  readonly removed: string | undefined;
  readonly files: readonly string[] | undefined;
}

async function runRotate(args: RotateArguments, io: CliIo): Promise<void> {
  const { key, to, removed, tables, files = [] } = args;
  const rotated = await rotateSecret(memberEnvironment(io, args), {
    collaboration: await readCollaboration(io, args),
    key,
    to,
    removed,
    tables: {
      directory: tables === undefined ? null : resolve(io.cwd, tables),
      files: files.map((file) => resolve(io.cwd, file)),
    },
  });
  printRotation(io, args, rotated);
}

function printRotation(io: CliIo, args: RotateArguments, { stored, outdated, olderGenerations }: RotatedSecret): void {
  if (args.json) {
    io.stdout.write(`${JSON.stringify({ ...describeStored(stored), encryptAgain: outdated })}\n`);
    return;
  }
  io.stderr.write(`made ${describeEnvelope(stored)}\n`);
  for (const { file, generation, needsOriginal } of outdated) {
    const how = needsOriginal ? 'from its original: it has fingerprints' : 'as it is';
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

import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { type RotatedSecret, rotateSecret } from '../../src/actions/member/index.ts';
import { countOf, quoteForMessage } from '../../src/errors/index.ts';
import { readCollaboration } from '../options/collaboration-options.ts';
import {
  type KeyCollaborationArguments,
  memberEnvironment,
  type NewKeyArguments,
  withCollaboration,
  withNewKeyOptions,
} from '../options/key-options.ts';
import { describeEnvelope, describeStored } from '../output/key-output.ts';
import { type CliIo, say, tell } from '../terminal.ts';

/** The arguments of `key rotate`. */
interface RotateArguments extends KeyCollaborationArguments, NewKeyArguments {
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
  tell(io, `created ${describeEnvelope(stored)}`);
  for (const { file, generation, needsOriginal } of outdated) {
    const how = needsOriginal ? ', from the original, because it has fingerprints' : '';
    tell(io, `encrypt again: ${quoteForMessage(file)}, generation ${String(generation)}${how}`);
  }
  if (args.tables === undefined && args.files === undefined) {
    say(io, 'hint', 'name files, or a directory with `--tables`, to see which tables have older generations');
  }
  say(
    io,
    'hint',
    'move tables to the new generation with `sealroom reencrypt`; send it to members with `sealroom key send`',
  );
  say(
    io,
    'hint',
    `a manifest that names secrets needs generation ${String(stored.envelope.generation)}: write it with \`sealroom collab secret ` +
      '<manifest>`, and have all members sign it, before anybody encrypts with it',
  );
  const still = olderGenerations === 1 ? 'still opens its tables' : 'still open their tables';
  const older = countOf(olderGenerations, 'older generation');
  say(io, 'hint', `${older} ${still}; \`sealroom key destroy\` destroys a generation for good`);
  if (args.removed !== undefined) printRemoval(io, args.removed);
}

/** Says what removing a member achieves, and what it cannot. */
function printRemoval(io: CliIo, member: string): void {
  const name = quoteForMessage(member);
  const lines = [
    `${name} can still open and test all its copies of tables with older generations`,
    `do not send the new generation to ${name}; remove ${name} from the manifest, and have all members sign it`,
    `remove tables with older generations from places that ${name} or a room can read`,
  ];
  for (const line of lines) say(io, 'warning', line);
}

/** Adds `key rotate`, which creates the next secret of a collaboration. */
export function withRotateCommand(yargs: Argv, io: CliIo): Argv {
  return yargs.command(
    'rotate [files..]',
    'create the next generation of a secret, and list what must be encrypted again',
    (inner) =>
      withNewKeyOptions(withCollaboration(inner))
        .positional('files', { type: 'string', array: true, describe: 'protected tables to check' })
        .option('to', {
          type: 'string',
          requiresArg: true,
          describe: 'URI of the key for the new secret (default: the key of the current one)',
        })
        .option('tables', {
          type: 'string',
          requiresArg: true,
          describe: 'directory with protected tables to check',
        })
        .option('removed', {
          type: 'string',
          requiresArg: true,
          describe: 'id of a member that must not get the new secret',
        }),
    (args) => runRotate(args, io),
  );
}

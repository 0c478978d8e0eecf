import { resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { describeLeftOut } from '../../src/clean-rooms/index.ts';
import type { FileText } from '../../src/custody/index.ts';
import { countOf, quoteForMessage, quoteForShell, SealroomError } from '../../src/errors/index.ts';
import { checkTarget, writeWholeFile } from '../../src/files/index.ts';
import { readNamedFile } from '../options/manifest-option.ts';
import { type CliIo, say } from '../terminal.ts';
import { type OutputArguments, withOutputOptions } from '../options/output-options.ts';

/** The arguments of `collab import-clean-rooms`. */
interface ImportArguments extends OutputArguments {
  readonly id: string;
  readonly schema: readonly string[] | undefined;
  readonly profile: string | undefined;
  readonly region: string | undefined;
  readonly output: string;
  readonly overwrite: boolean;
}

async function readSchemas(io: CliIo, given: readonly string[]): Promise<ReadonlyMap<string, FileText>> {
  const schemas = new Map<string, FileText>();
  for (const text of given) {
    const split = text.indexOf('=');
    if (split < 1) throw new SealroomError('USAGE_OPTION', '`--schema` needs the form `table=file.json`');
    const table = text.slice(0, split);
    if (schemas.has(table)) {
      throw new SealroomError('USAGE_OPTION', `the schema of ${quoteForMessage(table)} is given twice`);
    }
    schemas.set(table, await readNamedFile(io, text.slice(split + 1)));
  }
  return schemas;
}

async function runImport(args: ImportArguments, io: CliIo): Promise<void> {
  const { id, profile, region, overwrite, json } = args;
  const schemas = await readSchemas(io, args.schema ?? []);
  const target = resolve(io.cwd, args.output);
  await checkTarget(target, { overwrite });
  // Loading a member's actions on tables takes long, and the other commands on manifests do not need them.
  const { importCleanRooms } = await import('../../src/actions/member/tables.ts');
  const { text, manifest, leftOut } = await importCleanRooms({ id, schemas, aws: { profile, region } }, io.signal);
  await writeWholeFile(target, text, { overwrite });
  const { members, tables, templates } = manifest;
  const counts = { members: members.length, tables: tables.length, templates: templates.length };
  if (json) {
    const answer = { manifest: args.output, ...counts, isComplete: leftOut.length === 0, leftOut };
    io.stdout.write(`${JSON.stringify(answer)}\n`);
    return;
  }
  const words = [
    countOf(counts.members, 'member'),
    countOf(counts.tables, 'table'),
    countOf(counts.templates, 'template'),
  ];
  io.stdout.write(`wrote ${quoteForMessage(args.output)}: ${words.join(', ')}\n`);
  for (const each of leftOut) say(io, 'warning', `left out: ${describeLeftOut(each)}`);
  if (schemas.size === 0) {
    const endings = 'columns that end in `_fingerprint` or `_sealed` count as protected, all others as cleartext';
    say(io, 'hint', `without \`--schema\`, ${endings}`);
  }
  say(
    io,
    'hint',
    `check queries with \`sealroom check --manifest ${quoteForShell(args.output)} --unsigned --as <member> "SELECT …"\``,
  );
}

function withImport(yargs: Argv): Argv<ImportArguments> {
  return withOutputOptions(
    yargs
      .option('id', {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'id of the collaboration at AWS',
      })
      .option('schema', {
        type: 'string',
        array: true,
        requiresArg: true,
        describe: 'schema that a table was encrypted with, as table=file.json; may be repeated',
      })
      .option('profile', { type: 'string', requiresArg: true, describe: 'AWS profile' })
      .option('region', { type: 'string', requiresArg: true, describe: 'AWS region' })
      .option('output', {
        alias: 'o',
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'file for the manifest (YAML)',
      })
      .option('overwrite', { type: 'boolean', default: false, describe: 'replace an existing file' }),
  );
}

/** `sealroom collab import-clean-rooms`: writes the manifest of a collaboration at AWS. */
export function importCommand(io: CliIo): CommandModule<object, ImportArguments> {
  return {
    command: 'import-clean-rooms',
    describe: 'write a manifest of a running collaboration of AWS Clean Rooms, to check queries with',
    builder: withImport,
    handler: (args) => runImport(args, io),
  };
}

import { join, relative, resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import {
  loadIntoRoom,
  makeRoom,
  readRoomLog,
  readTablesWithManifest,
  type TablesWithManifest,
} from '../../src/actions/operator/index.ts';
import { listHomeKeys } from '../../src/actions/member/index.ts';
import { countOf, quoteForMessage, quoteForShell, SealroomError } from '../../src/errors/index.ts';
import type { LoadSummary } from '../../src/room/index.ts';
import { readNamedFile } from '../options/manifest-option.ts';
import { memberEnvironment } from '../options/key-options.ts';
import {
  type ClockArguments,
  type NetworkArguments,
  operatorEnvironment,
  type RoomArguments,
  roomDirectory,
  withAnyRoom,
  withClockJump,
  withRoom,
} from '../options/room-option.ts';
import { parseFormat } from '../options/table-options.ts';
import { describeRecord } from '../output/format-audit.ts';
import { printLoaded } from '../output/format-job.ts';
import { describeExamples } from '../output/format-query.ts';
import { withProgress } from '../output/progress.ts';
import { type CliIo, say, showable } from '../terminal.ts';
import { NEEDS_COMMAND } from '../usage-error.ts';
import { runCa, withCaAction } from './room-ca.ts';
import { withJobCommands } from './room-jobs.ts';
import { runServe, withServe } from './room-serve.ts';
import { withOutputOptions } from '../options/output-options.ts';
import { printAnswer } from '../output/answer.ts';
import type { ListedTable } from '../room-target/room-target.ts';
import { useRoom } from '../room-target/use-room.ts';

/** The arguments of `room init`. */
interface InitArguments extends Omit<RoomArguments, 'room'> {
  readonly directory: string;
  readonly tables: readonly string[] | undefined;
  readonly manifest: string | undefined;
  readonly name: string | undefined;
}

/** The arguments of `room update`. */
interface UpdateArguments extends RoomArguments, NetworkArguments, ClockArguments {
  readonly manifest: string;
}

/** The arguments of `room rules`. */
interface RulesArguments extends RoomArguments, NetworkArguments {
  readonly as: string | undefined;
}

/** The arguments of `room remove`. */
interface TableArguments extends RoomArguments, NetworkArguments, ClockArguments {
  readonly table: string;
}

/** The arguments of `room add`. */
interface AddArguments extends TableArguments {
  readonly file: string;
  readonly 'file-format': string | undefined;
  readonly 'csv-input-null-value': readonly string[] | undefined;
}

/** The manifest of a new room, and the tables that came with it. */
async function readParts(
  args: InitArguments,
  io: CliIo,
): Promise<Pick<TablesWithManifest, 'manifest' | 'manifestFile' | 'tables'>> {
  const files = (args.tables ?? []).map((file) => resolve(io.cwd, file));
  const isGiven = args.manifest !== undefined && io.defaults?.has('manifest') !== true;
  if (files.length > 0 && isGiven) {
    throw new SealroomError('USAGE_OPTION', '`--manifest` cannot be used with tables', {
      hint: 'the tables carry their manifest; without them, load each one with `sealroom room add`',
    });
  }
  if (files.length > 0) return readTablesWithManifest(files);
  if (args.manifest === undefined) {
    throw new SealroomError('USAGE_OPTION', '`sealroom room init` needs `--manifest`, or tables that carry one', {
      hint: '`sealroom encrypt --table <name>` writes the manifest into Parquet files',
    });
  }
  const { text, file } = await readNamedFile(io, args.manifest);
  return { manifest: text, manifestFile: file, tables: [] };
}

async function runInit(args: InitArguments, io: CliIo): Promise<void> {
  const directory = roomDirectory(io, { room: args.directory });
  const { manifest: text, manifestFile, tables: files } = await readParts(args, io);
  const knownKeys = await listHomeKeys(memberEnvironment(io, {}));
  const parts = { directory, manifest: text, manifestFile, signerName: args.name, knownKeys };
  const { manifest, verifier } = await makeRoom(operatorEnvironment(io), parts);
  const { id, name, sha256 } = manifest;
  const loaded: LoadSummary[] = [];
  for (const { file, table } of files) {
    loaded.push(await loadIntoRoom(operatorEnvironment(io), { directory, table, input: { kind: 'file', path: file } }));
  }
  const tables = loaded.map(({ table }) => table);
  printAnswer(io, args, { directory, manifest: { id, name, sha256 }, verifier, tables }, [
    `created the room ${quoteForMessage(args.directory)} for ${quoteForMessage(name)}`,
    `manifest ${sha256}`,
    ...tables.map((table) => `loaded ${table.name} of ${table.owner}: ${countOf(table.snapshot?.rows ?? 0, 'row')}`),
    `verifier key of its audit log, for all members: ${verifier}`,
  ]);
  const missing = manifest.tables.filter((table) => !tables.some((each) => each.name === table.name));
  if (args.json || missing.length === 0) return;
  say(io, 'hint', `next: \`sealroom room add <table> <file> --room ${quoteForShell(args.directory)}\``);
}

async function runUpdate(args: UpdateArguments, io: CliIo): Promise<void> {
  const file = await readNamedFile(io, args.manifest);
  const { manifest, removed, withdrawn, inForceBefore } = await useRoom(io, args, (room) => room.update(file));
  const { id, name, sha256 } = manifest;
  if (!args.json && inForceBefore !== null) {
    say(io, 'warning', `this version was already in force from ${inForceBefore}: it undoes what was agreed since`);
  }
  printAnswer(io, args, { manifest: { id, name, sha256 }, removed, withdrawn, inForceBefore }, [
    `manifest ${sha256}`,
    ...withdrawn.map(
      ({ member, template, time }) =>
        `${member} has withdrawn its approval of ${template} at ${time}: it stays withdrawn`,
    ),
    ...removed.map((table) => `removed ${table}, which does not fit this manifest: load it again`),
  ]);
}

async function runAdd(args: AddArguments, io: CliIo): Promise<void> {
  const file = {
    table: args.table,
    path: resolve(io.cwd, args.file),
    format: parseFormat('file-format', args['file-format']),
    csvInputNull: args['csv-input-null-value'],
  };
  const summary = await withProgress(io, (onProgress) =>
    useRoom(io, args, (room) => room.load({ ...file, onProgress })),
  );
  printLoaded(io, args, summary);
}

function describeTable({ name, owner, snapshot, state }: ListedTable): string {
  if (snapshot === null) return `${owner}.${name}  ${state}`;
  return `${owner}.${name}  ${countOf(snapshot.rows, 'row')}  ${snapshot.loadedAt}  ${snapshot.sha256}  ${state}`;
}

async function runList(args: RoomArguments & NetworkArguments, io: CliIo): Promise<void> {
  const { place, manifest, members, tables, problem } = await useRoom(io, args, (room) => room.list());
  const { id, name, sha256 } = manifest;
  printAnswer(io, args, { ...place, manifest: { id, name, sha256 }, tables }, [
    `${quoteForMessage(name)}, collaboration ${id}`,
    `manifest ${sha256}, signed by all ${String(members)} members`,
    ...tables.map(describeTable),
  ]);
  if (problem !== null) throw problem;
}

async function runRules(args: RulesArguments, io: CliIo): Promise<void> {
  const members = await useRoom(io, args, (room) => room.listExamples(args.as));
  printAnswer(
    io,
    args,
    { members },
    members.flatMap(({ member, tables }) => [
      `${member} may ask:`,
      ...describeExamples(tables).map((line) => `  ${line}`),
    ]),
  );
}

async function runRemove(args: TableArguments, io: CliIo): Promise<void> {
  const removedSha256 = await useRoom(io, args, (room) => room.remove(args.table));
  printAnswer(io, args, { table: args.table, removedSha256 }, [`removed ${args.table}, snapshot ${removedSha256}`]);
}

async function runLog(args: RoomArguments, io: CliIo): Promise<void> {
  const directory = roomDirectory(io, args);
  const { auditDirectory, verifierFile, records } = readRoomLog(operatorEnvironment(io), directory);
  for await (const { record, line } of records)
    io.stdout.write(`${args.json ? line : showable(describeRecord(record))}\n`);
  if (args.json) return;
  const from = (path: string): string => join(relative(io.cwd, directory), relative(directory, path));
  say(
    io,
    'hint',
    `check them with \`sealroom audit verify ${quoteForShell(from(auditDirectory))} --trust ${quoteForShell(from(verifierFile))}\``,
  );
}

function withInit(yargs: Argv): Argv<InitArguments> {
  return withOutputOptions(
    yargs
      .positional('directory', { type: 'string', demandOption: true, describe: 'directory for the room' })
      .positional('tables', {
        type: 'string',
        array: true,
        describe: 'encrypted tables that carry their manifest, which the room gets and loads',
      })
      .option('manifest', {
        type: 'string',
        describe: 'manifest, signed by all members (default: the one that the tables carry)',
      })
      .option('name', {
        type: 'string',
        describe: 'name of the signer of the audit log (default: sealroom/<collaboration id>)',
      }),
  );
}

function withMember(yargs: Argv): Argv<RulesArguments> {
  return withAnyRoom(yargs).option('as', {
    type: 'string',
    describe: 'id of the member that asks (default: each that may ask queries)',
  });
}

function withManifest(yargs: Argv): Argv<UpdateArguments> {
  return withClockJump(withAnyRoom(yargs)).positional('manifest', {
    type: 'string',
    demandOption: true,
    describe: 'the new version, signed by all members',
  });
}

function withTable(yargs: Argv): Argv<TableArguments> {
  return withClockJump(withAnyRoom(yargs)).positional('table', {
    type: 'string',
    demandOption: true,
    describe: 'name of a table of the manifest',
  });
}

function withFile(yargs: Argv): Argv<AddArguments> {
  return withTable(yargs)
    .positional('file', { type: 'string', demandOption: true, describe: 'the encrypted table' })
    .option('file-format', {
      alias: 'e',
      type: 'string',
      describe: 'csv, parquet or arrow (default: by the extension)',
    })
    .option('csv-input-null-value', {
      alias: 'r',
      type: 'string',
      array: true,
      describe: 'CSV text that means null; may be repeated (default: blank and "")',
    });
}

/** `sealroom room`: creates a room, and loads tables into it. */
export function roomCommand(io: CliIo): CommandModule {
  return {
    builder: (yargs) =>
      withJobCommands(yargs, io)
        .command('init <directory> [tables..]', 'create a room for a signed manifest', withInit, (args) =>
          runInit(args, io),
        )
        .command('add <table> <file>', 'load an encrypted table, which replaces the previous one', withFile, (args) =>
          runAdd(args, io),
        )
        .command(
          'list',
          'list the tables, and check their snapshots; exit code 4 if one was changed',
          withAnyRoom,
          (args) => runList(args, io),
        )
        .command('rules', 'say what may be asked of each table, with a query that is allowed', withMember, (args) =>
          runRules(args, io),
        )
        .command('remove <table>', 'remove the rows of a table', withTable, (args) => runRemove(args, io))
        .command('update <manifest>', 'give the room a new version of its manifest', withManifest, (args) =>
          runUpdate(args, io),
        )
        .command('log', 'list the records of the audit log', withRoom, (args) => runLog(args, io))
        .command('serve <directory>', 'serve the room to its members over the network', withServe, (args) =>
          runServe(args, io),
        )
        .command(
          'ca <action> <directory>',
          'make certificates for a room in a closed network, by an authority of your own',
          withCaAction,
          (args) => runCa(args, io),
        )
        .demandCommand(1, NEEDS_COMMAND),
    handler: () => undefined,
  };
}

import { join, relative, resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { readRecords } from '../../src/audit/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { readTextFile } from '../../src/files/index.ts';
import { type TableFormat } from '../../src/tabular/index.ts';
import {
  auditFilesOf,
  createRoom,
  loadTable,
  openRoom,
  removeTable,
  type RoomTable,
  updateRoom,
  verifySnapshot,
} from '../../src/room/index.ts';
import { quoteForMessage } from '../../src/errors/index.ts';
import { describeRecord } from '../output/format-audit.ts';
import { parseFormat } from '../options/table-options.ts';
import { showProgress } from '../output/progress.ts';
import { type RoomArguments, roomDirectory, withRoom } from '../options/room-option.ts';
import { type CliIo, say } from '../terminal.ts';

/** What `room init` is called with. */
interface InitArguments extends Omit<RoomArguments, 'room'> {
  readonly directory: string;
  readonly manifest: string;
  readonly name: string | undefined;
}

/** What `room update` is called with. */
interface UpdateArguments extends RoomArguments {
  readonly manifest: string;
}

/** What `room remove` is called with. */
interface TableArguments extends RoomArguments {
  readonly table: string;
}

/** What `room add` is called with. */
interface AddArguments extends TableArguments {
  readonly file: string;
  readonly 'file-format': TableFormat | undefined;
  readonly 'csv-input-null-value': string | undefined;
}

/** A table of the room as `room list` tells of it. */
interface TableReport extends RoomTable {
  readonly state: 'intact' | 'changed' | 'not loaded';
}

function print(io: CliIo, { json }: Pick<RoomArguments, 'json'>, answer: unknown, lines: readonly string[]): void {
  io.stdout.write(`${json ? JSON.stringify(answer) : lines.join('\n')}\n`);
}

async function runInit(args: InitArguments, io: CliIo): Promise<void> {
  const directory = roomDirectory(io, { room: args.directory });
  const manifestFile = resolve(io.cwd, args.manifest);
  const manifest = await readTextFile(manifestFile);
  const room = await createRoom({ directory, manifest, manifestFile, signerName: args.name, now: () => new Date() });
  const verifier = (await readTextFile(room.verifierFile)).trim();
  const { id, name, sha256 } = room.manifest;
  print(io, args, { directory, manifest: { id, name, sha256 }, verifier }, [
    `made the room ${quoteForMessage(args.directory)} for ${quoteForMessage(name)}`,
    `manifest ${sha256}`,
    `verifier key of its audit log, for all members: ${verifier}`,
  ]);
  if (!args.json) say(io, 'hint', `next: \`sealroom room add <table> <file> --room ${args.directory}\``);
}

async function runUpdate(args: UpdateArguments, io: CliIo): Promise<void> {
  const directory = roomDirectory(io, args);
  const manifestFile = resolve(io.cwd, args.manifest);
  const text = await readTextFile(manifestFile);
  const { manifest, removed, inForceBefore } = await updateRoom({
    directory,
    manifest: text,
    manifestFile,
    now: () => new Date(),
  });
  const { id, name, sha256 } = manifest;
  if (!args.json && inForceBefore !== null) {
    say(io, 'warning', `this version was in force before, from ${inForceBefore}: what has been agreed since is undone`);
  }
  print(io, args, { manifest: { id, name, sha256 }, removed, inForceBefore }, [
    `manifest ${sha256}`,
    ...removed.map((table) => `removed ${table}, which no longer fits: load it again`),
  ]);
}

async function runAdd(args: AddArguments, io: CliIo): Promise<void> {
  const directory = roomDirectory(io, args);
  const progress = showProgress(io);
  const summary = await loadTable({
    directory,
    table: args.table,
    input: { kind: 'file', path: resolve(io.cwd, args.file), format: args['file-format'] },
    csvInputNull: args['csv-input-null-value'],
    now: () => new Date(),
    signal: io.signal,
    onProgress: (state) => {
      progress.update(state);
    },
  }).finally(() => {
    progress.stop();
  });
  const { table, leftOut, replacedSha256, warnings, elapsedMs } = summary;
  if (!args.json) for (const warning of warnings) say(io, 'warning', warning);
  print(io, args, summary, [
    `loaded ${table.name} of ${table.owner}: ${(table.snapshot?.rows ?? 0).toLocaleString('en')} rows`,
    `columns: ${table.columns.map(({ name, protection }) => `${name} (${protection})`).join(', ')}`,
    ...(leftOut.length === 0 ? [] : [`left out, since no rule names them: ${leftOut.map(quoteForMessage).join(', ')}`]),
    `snapshot ${table.snapshot?.sha256 ?? ''}${replacedSha256 === null ? '' : `, in the place of ${replacedSha256}`}`,
    `time: ${(elapsedMs / 1000).toFixed(1)} s`,
  ]);
}

async function reportTable(table: RoomTable): Promise<TableReport> {
  if (table.snapshot === null) return { ...table, state: 'not loaded' };
  try {
    await verifySnapshot(table.snapshot);
    return { ...table, state: 'intact' };
  } catch (error) {
    if (!(error instanceof SealroomError) || error.code !== 'ROOM_SNAPSHOT') throw error;
    return { ...table, state: 'changed' };
  }
}

function describeTable({ name, owner, snapshot, state }: TableReport): string {
  if (snapshot === null) return `${owner}.${name}  ${state}`;
  return `${owner}.${name}  ${snapshot.rows.toLocaleString('en')} rows  ${snapshot.loadedAt}  ${snapshot.sha256}  ${state}`;
}

async function runList(args: RoomArguments, io: CliIo): Promise<void> {
  const { directory, manifest, tables } = await openRoom(roomDirectory(io, args));
  const reports: TableReport[] = [];
  for (const table of tables) reports.push(await reportTable(table));
  const { id, name, sha256 } = manifest;
  print(io, args, { directory, manifest: { id, name, sha256 }, tables: reports }, [
    `${quoteForMessage(name)}, collaboration ${id}`,
    `manifest ${sha256}, signed by all ${String(manifest.members.length)} members`,
    ...reports.map(describeTable),
  ]);
  const changed = reports.filter(({ state }) => state === 'changed').map((table) => table.name);
  if (changed.length === 0) return;
  throw new SealroomError(
    'ROOM_SNAPSHOT',
    `expected snapshots as they were loaded, got other bytes of ${changed.join(', ')}`,
    {
      where: { file: directory },
      hint: 'load the tables again with `sealroom room add`, or remove them',
    },
  );
}

async function runRemove(args: TableArguments, io: CliIo): Promise<void> {
  const removedSha256 = await removeTable(roomDirectory(io, args), args.table, () => new Date());
  print(io, args, { table: args.table, removedSha256 }, [`removed ${args.table}, snapshot ${removedSha256}`]);
}

async function runLog(args: RoomArguments, io: CliIo): Promise<void> {
  const directory = roomDirectory(io, args);
  // Also of a room that cannot be opened.
  const { auditDirectory, verifierFile } = auditFilesOf(directory);
  for await (const { record, line } of readRecords(auditDirectory)) {
    io.stdout.write(`${args.json ? line : describeRecord(record)}\n`);
  }
  if (args.json) return;
  const from = (path: string): string => join(relative(io.cwd, directory), relative(directory, path));
  say(io, 'hint', `check them with \`sealroom audit verify ${from(auditDirectory)} --keys ${from(verifierFile)}\``);
}

function withInit(yargs: Argv): Argv<InitArguments> {
  return yargs
    .positional('directory', { type: 'string', demandOption: true, describe: 'where the room goes' })
    .option('manifest', {
      alias: 'm',
      type: 'string',
      demandOption: true,
      describe: 'manifest that all members signed',
    })
    .option('name', { type: 'string', describe: 'who signs the audit log (default: sealroom/<collaboration id>)' })
    .option('json', { type: 'boolean', default: false, describe: 'print the answer and errors as JSON' })
    .option('debug', { type: 'boolean', default: false, describe: 'print stack traces' });
}

function withManifest(yargs: Argv): Argv<UpdateArguments> {
  return withRoom(yargs).positional('manifest', {
    type: 'string',
    demandOption: true,
    describe: 'the new version, signed by all members',
  });
}

function withTable(yargs: Argv): Argv<TableArguments> {
  return withRoom(yargs).positional('table', {
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
      coerce: parseFormat,
      describe: 'csv, parquet or arrow (default: what the extension says)',
    })
    .option('csv-input-null-value', {
      alias: 'r',
      type: 'string',
      describe: 'CSV text that is null (default: blank and "")',
    });
}

/** `sealroom room`: makes a room, and brings tables into it. */
export function roomCommand(io: CliIo): CommandModule {
  return {
    command: 'room',
    describe: 'make a clean room, and load encrypted tables into it',
    builder: (yargs) =>
      yargs
        .command('init <directory>', 'make a room for a signed manifest', withInit, (args) => runInit(args, io))
        .command('add <table> <file>', 'load an encrypted table, in the place of the one before', withFile, (args) =>
          runAdd(args, io),
        )
        .command(
          'list',
          'list the tables and check their snapshots; exit code 4 if one was changed',
          withRoom,
          (args) => runList(args, io),
        )
        .command('remove <table>', 'remove the rows of a table', withTable, (args) => runRemove(args, io))
        .command('update <manifest>', 'give the room a new version of its manifest', withManifest, (args) =>
          runUpdate(args, io),
        )
        .command('log', 'list the records of the audit log', withRoom, (args) => runLog(args, io))
        .demandCommand(1, 'expected a command of `room`'),
    handler: () => undefined,
  };
}

import { resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { type OriginalTable, reencryptForCollaboration } from '../../src/actions/member/tables.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { readTextFile } from '../../src/files/index.ts';
import { readCollaboration, readSettingsSource } from '../options/collaboration-options.ts';
import { type KeyArguments, memberEnvironment, withKeyOptions } from '../options/key-options.ts';
import {
  LENIENT_CELLS,
  readSigning,
  readTransfer,
  type SettingsArguments,
  type SigningArguments,
  type TableArguments,
  withSettingsOptions,
  withSigningOptions,
  withTableOptions,
} from '../options/table-options.ts';
import { withProgress } from '../output/progress.ts';
import { describeUnnamed, printSummary } from '../output/summary.ts';
import type { CliIo } from '../terminal.ts';

/** The arguments of `reencrypt`. */
interface ReencryptArguments extends TableArguments, SettingsArguments, SigningArguments, KeyArguments {
  readonly original: string | undefined;
  readonly schema: string | undefined;
  readonly from: number | undefined;
  readonly 'lenient-cells': boolean;
}

async function readOriginal(io: CliIo, args: ReencryptArguments): Promise<OriginalTable | undefined> {
  const { original, schema } = args;
  if ((original === undefined) !== (schema === undefined)) {
    const message = original === undefined ? '`--schema` needs `--original`' : '`--original` needs `--schema`';
    throw new SealroomError('USAGE_OPTION', message, { hint: 'a table without fingerprints needs neither' });
  }
  if (original === undefined || schema === undefined) return undefined;
  return {
    file: resolve(io.cwd, original),
    schema: { text: await readTextFile(resolve(io.cwd, schema)), file: schema },
    settings: await readSettingsSource(io, args),
  };
}

async function runReencrypt(args: ReencryptArguments, io: CliIo): Promise<void> {
  const table = await readTransfer(io, args);
  const request = {
    original: await readOriginal(io, args),
    collaboration: await readCollaboration(io, args),
    key: args.key,
    from: args.from,
    sign: readSigning(args),
    target: args.target,
    lenientCells: args['lenient-cells'],
  };
  const { summary, from, unnamedSecret } = await withProgress(io, (onProgress) =>
    reencryptForCollaboration(memberEnvironment(io, args), { ...request, table: { ...table, onProgress } }),
  );
  const { sealed, fingerprint, cleartext } = summary.columns;
  printSummary(io, args, table.output, summary, [
    `columns: ${String(sealed)} sealed, ${String(fingerprint)} fingerprint, ${String(cleartext)} cleartext`,
    `generation: ${String(summary.generation)}, was ${String(from ?? 'unknown')}`,
    ...describeUnnamed(unnamedSecret),
  ]);
}

function describeOptions(yargs: Argv): Argv<ReencryptArguments> {
  return withKeyOptions(withSigningOptions(withSettingsOptions(withTableOptions(yargs))))
    .option('original', {
      type: 'string',
      requiresArg: true,
      describe: 'original of the table; needed if the table has fingerprints',
    })
    .option('schema', {
      alias: 's',
      type: 'string',
      requiresArg: true,
      describe: 'schema of the original, with --original',
    })
    .option('lenient-cells', LENIENT_CELLS)
    .option('from', {
      type: 'number',
      requiresArg: true,
      describe: 'generation of the table, if neither its sidecar nor its metadata has it',
    });
}

/** `sealroom reencrypt <input>`: encrypts a protected table again with the newest generation of the secret. */
export function reencryptCommand(io: CliIo): CommandModule<object, ReencryptArguments> {
  return {
    builder: describeOptions,
    handler: (args) => runReencrypt(args, io),
  };
}

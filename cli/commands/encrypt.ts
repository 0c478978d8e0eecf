import { resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { encryptForCollaboration } from '../../src/actions/member/tables.ts';
import { readTextFile } from '../../src/files/index.ts';
import { readCollaboration, readSettingsSource } from '../options/collaboration-options.ts';
import { type KeyArguments, memberEnvironment, withKeyOptions } from '../options/key-options.ts';
import {
  readTransfer,
  type SettingsArguments,
  type SigningArguments,
  type TableArguments,
  withSettingsOptions,
  withSigningOptions,
  withTableOptions,
} from '../options/table-options.ts';
import { withProgress } from '../output/progress.ts';
import { formatReport, listAlarms } from '../output/report-table.ts';
import { describeNormalised, describeUnnamed, printSummary } from '../output/summary.ts';
import type { CliIo } from '../terminal.ts';

/** The arguments of `encrypt`. */
export interface EncryptArguments extends TableArguments, SettingsArguments, SigningArguments, KeyArguments {
  readonly schema: string;
  readonly 'parquet-binary-as-string': boolean | undefined;
}

async function runEncrypt(args: EncryptArguments, io: CliIo): Promise<void> {
  const table = await readTransfer(io, args);
  const request = {
    schema: { text: await readTextFile(resolve(io.cwd, args.schema)), file: args.schema },
    collaboration: await readCollaboration(io, args),
    settings: await readSettingsSource(io, args),
    key: args.key,
    parquetBinaryAsString: args['parquet-binary-as-string'],
    name: args.table,
    isSigned: args.sign,
    report: args['dry-run'] ? ('whole' as const) : ('sample' as const),
    target: args.target,
  };
  const { summary, unnamedSecret } = await withProgress(io, (onProgress) =>
    encryptForCollaboration(memberEnvironment(io, args), { ...request, table: { ...table, onProgress } }),
  );
  const { sealed, fingerprint, cleartext } = summary.columns;
  const { report } = summary;
  // For machines, they are in the report.
  const alarms = report === null || args.json ? [] : listAlarms(report);
  printSummary(io, args, table.output, { ...summary, warnings: [...summary.warnings, ...alarms] }, [
    `columns: ${String(sealed)} sealed, ${String(fingerprint)} fingerprint, ${String(cleartext)} cleartext`,
    `nulls: ${summary.nulls.toLocaleString('en')}`,
    ...summary.normalised.map(describeNormalised),
    ...describeUnnamed(unnamedSecret),
    ...(report === null ? [] : formatReport(report)),
  ]);
}

function describeOptions(yargs: Argv): Argv<EncryptArguments> {
  return withKeyOptions(withSigningOptions(withSettingsOptions(withTableOptions(yargs))))
    .option('table', {
      type: 'string',
      requiresArg: true,
      describe: 'name of the table in the manifest: what the room would refuse is refused here',
    })
    .option('schema', { alias: 's', type: 'string', demandOption: true, describe: 'table schema (JSON)' })
    .option('parquet-binary-as-string', {
      type: 'boolean',
      describe: 'treat binary Parquet columns without annotation as text',
    });
}

/** `sealroom encrypt <input>`: encrypts the columns of a table as its schema says. */
export function encryptCommand(io: CliIo): CommandModule<object, EncryptArguments> {
  return {
    builder: describeOptions,
    handler: (args) => runEncrypt(args, io),
  };
}

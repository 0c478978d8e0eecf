import { resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { encryptTable, type EncryptSummary } from '../../src/protect/index.ts';
import { parseTableSchema } from '../../src/schema/index.ts';
import { readTextFile } from '../../src/files/index.ts';
import {
  type SettingsArguments,
  type TableArguments,
  transferOptions,
  withSettingsOptions,
  withTableOptions,
} from '../options/table-options.ts';
import { loadSecret, provenanceOf, recordOutput } from '../member-secret.ts';
import { type KeyArguments, withKeyOptions } from '../options/key-options.ts';
import { showProgress } from '../output/progress.ts';
import { printSummary } from '../output/summary.ts';
import { resolveCollaborationAndSettings } from '../options/collaboration-options.ts';
import type { CliIo } from '../terminal.ts';

/** What `encrypt` is called with. */
export interface EncryptArguments extends TableArguments, SettingsArguments, KeyArguments {
  readonly schema: string;
  readonly 'parquet-binary-as-string': boolean | undefined;
}

async function runEncrypt(args: EncryptArguments, io: CliIo): Promise<void> {
  const schema = parseTableSchema(await readTextFile(resolve(io.cwd, args.schema)), { file: args.schema });
  const { id, settings } = await resolveCollaborationAndSettings(io, args);
  using held = await loadSecret(io, args, id, 'encrypt');
  const progress = showProgress(io);
  const transfer = transferOptions(io, args, id, progress);
  let summary: EncryptSummary;
  try {
    summary = await encryptTable({
      ...transfer,
      schema,
      secret: held.secret,
      settings,
      parquetBinaryAsString: args['parquet-binary-as-string'],
      provenance: provenanceOf(held),
      beforeCommit: recordOutput(held),
    });
  } finally {
    progress.stop();
  }
  const { sealed, fingerprint, cleartext } = summary.columns;
  const whole = { ...summary, ...provenanceOf(held) };
  printSummary(io, args, transfer.output, whole, [
    `columns: ${String(sealed)} sealed, ${String(fingerprint)} fingerprint, ${String(cleartext)} cleartext`,
    `nulls: ${summary.nulls.toLocaleString('en')}`,
  ]);
}

function describeOptions(yargs: Argv): Argv<EncryptArguments> {
  return withKeyOptions(withSettingsOptions(withTableOptions(yargs)))
    .option('schema', { alias: 's', type: 'string', demandOption: true, describe: 'table schema (JSON)' })
    .option('parquet-binary-as-string', {
      type: 'boolean',
      describe: 'treat binary Parquet columns without annotation as text',
    });
}

/** `sealroom encrypt <input>`: encrypts the columns of a table as its schema says. */
export function encryptCommand(io: CliIo): CommandModule<object, EncryptArguments> {
  return {
    command: 'encrypt <input>',
    describe: 'encrypt a table',
    builder: describeOptions,
    handler: (args) => runEncrypt(args, io),
  };
}

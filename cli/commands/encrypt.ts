import { resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { openSecret } from '../../src/custody/open-secret.ts';
import { encryptTable, type EncryptSummary } from '../../src/encrypt/index.ts';
import { parseTableSchema } from '../../src/schema/index.ts';
import { readTextFile, STANDARD_STREAM } from '../../src/tabular/index.ts';
import {
  type SettingsArguments,
  type TableArguments,
  transferOptions,
  withSettingsOptions,
  withTableOptions,
} from '../options.ts';
import { type KeyArguments, providerContext, withKeyOptions } from '../key-options.ts';
import { showProgress } from '../progress.ts';
import { printSummary } from '../summary.ts';
import { readTermsAndSettings } from '../terms.ts';
import type { CliIo } from '../terminal.ts';

/** What `encrypt` is called with. */
export interface EncryptArguments extends TableArguments, SettingsArguments, KeyArguments {
  readonly schema: string;
  readonly 'parquet-binary-as-string': boolean | undefined;
}

async function runEncrypt(args: EncryptArguments, io: CliIo): Promise<void> {
  const schema = parseTableSchema(await readTextFile(resolve(io.cwd, args.schema)), { file: args.schema });
  const { id, settings } = await readTermsAndSettings(io, args);
  using held = await openSecret(
    { collaborationId: id, key: args.key, home: args.home, purpose: 'encrypt' },
    providerContext(io, args),
  );
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
    });
  } finally {
    progress.stop();
  }
  await held.recordUse(
    !args['dry-run'] && transfer.output !== STANDARD_STREAM ? { path: transfer.output, rows: summary.rows } : null,
  );
  const { sealed, fingerprint, cleartext } = summary.columns;
  printSummary(io, args, transfer.output, summary, [
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

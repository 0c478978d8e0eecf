import type { Argv, CommandModule } from 'yargs';
import { readSecretFromEnvironment } from '../../src/custody/index.ts';
import { decryptTable, type DecryptSummary } from '../../src/decrypt/index.ts';
import { type TableArguments, transferOptions, withTableOptions } from '../options.ts';
import { showProgress } from '../progress.ts';
import { printSummary } from '../summary.ts';
import { readTerms } from '../terms.ts';
import { type CliIo, say } from '../terminal.ts';

/** What `decrypt` is called with. */
export interface DecryptArguments extends TableArguments {
  readonly 'fail-on-fingerprint-columns': boolean;
}

async function runDecrypt(args: DecryptArguments, io: CliIo): Promise<void> {
  using secret = await readSecretFromEnvironment(io.env);
  const { id } = await readTerms(io, args);
  const progress = showProgress(io);
  const transfer = transferOptions(io, args, id, progress);
  let summary: DecryptSummary;
  try {
    summary = await decryptTable({
      ...transfer,
      secret,
      failOnFingerprintColumns: args['fail-on-fingerprint-columns'],
    });
  } finally {
    progress.stop();
  }
  const { sealed, fingerprint, cleartext } = summary.columns;
  if (fingerprint > 0 && !args.json) {
    say(io, 'warning', `${String(fingerprint)} fingerprint column(s) cannot be opened and appear as they are`);
  }
  printSummary(io, args, transfer.output, summary, [
    `columns: ${String(sealed)} opened, ${String(fingerprint)} fingerprint, ${String(cleartext)} cleartext`,
    `cells opened: ${summary.openedCells.toLocaleString('en')}`,
  ]);
}

function describeOptions(yargs: Argv): Argv<DecryptArguments> {
  return withTableOptions(yargs).option('fail-on-fingerprint-columns', {
    alias: 'fof',
    type: 'boolean',
    default: false,
    describe: 'fail at the first fingerprint instead of passing it on',
  });
}

/** `sealroom decrypt <input>`: opens the sealed cells of a table. */
export function decryptCommand(io: CliIo): CommandModule<object, DecryptArguments> {
  return {
    command: 'decrypt <input>',
    describe: 'decrypt a table',
    builder: describeOptions,
    handler: (args) => runDecrypt(args, io),
  };
}

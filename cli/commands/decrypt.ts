import { basename, dirname, extname, join, resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { decryptForCollaboration } from '../../src/actions/member/tables.ts';
import type { OpenedPackage } from '../../src/package/index.ts';
import { readCollaboration } from '../options/collaboration-options.ts';
import { type KeyArguments, memberEnvironment, withKeyOptions } from '../options/key-options.ts';
import {
  outputPath,
  readTransfer,
  type TableArguments,
  tableOutput,
  withTableOptions,
} from '../options/table-options.ts';
import { withProgress } from '../output/progress.ts';
import { printSummary } from '../output/summary.ts';
import { type CliIo, say } from '../terminal.ts';

/** What `decrypt` is called with. */
export interface DecryptArguments extends TableArguments, KeyArguments {
  readonly input: string;
  readonly identity: string | undefined;
  readonly keys: string | undefined;
  readonly 'fail-on-fingerprint-columns': boolean;
}

/** The name of a package as if it were a table: `results/a.age` is `results/a.csv`. */
function tableNameOf(input: string): string {
  return join(dirname(input), `${basename(input, extname(input))}.csv`);
}

/** What the room says of a package, for a person. */
function printPackage({ statement, signedBy }: OpenedPackage): readonly string[] {
  const { rows, member, receivers, isCut, attempt, time, tables, obligations } = statement;
  return [
    `package of ${signedBy.join(', ')}: ${rows.toLocaleString('en')} rows${isCut ? ', the first of more' : ''}`,
    `asked by ${member} for ${receivers.join(', ')} at ${time}, attempt ${attempt}`,
    `made of ${tables.map(({ owner, table }) => `${owner}.${table}`).join(', ')}`,
    ...obligations.map(({ detail }) => `  ${detail}`),
  ];
}

async function runDecrypt(args: DecryptArguments, io: CliIo): Promise<void> {
  const fileOf = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : resolve(io.cwd, name);
  const table = readTransfer(io, args);
  const request = {
    packageOutput: tableOutput(io, outputPath(tableNameOf(args.input), args.output), args['output-format']),
    collaboration: await readCollaboration(io, args),
    packageKeys: { identityFile: fileOf(args.identity), keysFile: fileOf(args.keys) },
    key: args.key,
    failOnFingerprintColumns: args['fail-on-fingerprint-columns'],
  };
  const decrypted = await withProgress(io, (onProgress) =>
    decryptForCollaboration(memberEnvironment(io, args), { ...request, table: { ...table, onProgress } }),
  );
  const { summary, output, package: opened, generation, isNewest } = decrypted;
  const { sealed, fingerprint, cleartext } = summary.columns;
  if (fingerprint > 0 && !args.json) {
    say(io, 'warning', `${String(fingerprint)} fingerprint column(s) cannot be opened and appear as they are`);
  }
  if (!isNewest && !args.json) {
    const made = 'whoever had its secret can have made it, also a member that has left';
    say(io, 'warning', `the table is of generation ${String(generation)}, and you have a newer one: ${made}`);
  }
  const ofPackage = opened === null ? {} : { package: { statement: opened.statement, signedBy: opened.signedBy } };
  printSummary(io, args, output, { ...summary, ...ofPackage }, [
    `columns: ${String(sealed)} opened, ${String(fingerprint)} fingerprint, ${String(cleartext)} cleartext`,
    `cells opened: ${summary.openedCells.toLocaleString('en')}`,
    ...(opened === null ? [] : printPackage(opened)),
  ]);
}

function describeOptions(yargs: Argv): Argv<DecryptArguments> {
  return withKeyOptions(withTableOptions(yargs))
    .option('fail-on-fingerprint-columns', {
      alias: 'fof',
      type: 'boolean',
      default: false,
      describe: 'fail at the first fingerprint instead of passing it on',
    })
    .option('identity', {
      alias: 'i',
      type: 'string',
      describe: 'age identity file that opens a result package',
    })
    .option('keys', {
      alias: 'k',
      type: 'string',
      describe: 'file with the verifier keys of the rooms whose packages are trusted, one a line',
    });
}

/** `sealroom decrypt <input>`: opens the sealed cells of a table, or a result package and the cells in it. */
export function decryptCommand(io: CliIo): CommandModule<object, DecryptArguments> {
  return {
    builder: describeOptions,
    handler: (args) => runDecrypt(args, io),
  };
}

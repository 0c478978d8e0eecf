import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { decryptForCollaboration } from '../../src/actions/member/tables.ts';
import { countOf, quoteForMessage } from '../../src/errors/index.ts';
import type { OpenedPackage } from '../../src/package/index.ts';
import { readCollaboration } from '../options/collaboration-options.ts';
import { type KeyArguments, memberEnvironment, withKeyOptions } from '../options/key-options.ts';
import {
  folderOutput,
  LENIENT_CELLS,
  outputPath,
  parseFormat,
  readPlaces,
  type TableArguments,
  tableOutput,
  withTableOptions,
} from '../options/table-options.ts';
import { readTrust } from '../options/trust-option.ts';
import { withProgress } from '../output/progress.ts';
import { printSummary } from '../output/summary.ts';
import { type CliIo, say, STANDARD_STREAM } from '../terminal.ts';

/** The arguments of `decrypt`. */
export interface DecryptArguments extends TableArguments, KeyArguments {
  readonly input: string;
  readonly identity: string | undefined;
  readonly trust: string | undefined;
  readonly as: string | undefined;
  readonly again: boolean;
  readonly 'fail-on-fingerprint-columns': boolean;
  readonly 'allow-mixed-columns': boolean;
  readonly 'lenient-cells': boolean;
}

/** The name of the table in a package: `results/a.csv` for `results/a.age`. */
function tableNameOf(input: string): string {
  return join(dirname(input), `${basename(input, extname(input))}.csv`);
}

/** The lines that describe a package to a person. */
function printPackage({ statement, signedBy }: OpenedPackage): readonly string[] {
  const { rows, member, receivers, isCut, attempt, time, tables, obligations } = statement;
  return [
    `package from ${signedBy.join(', ')}: ${countOf(rows, 'row')}${isCut ? ', cut at the limit' : ''}`,
    `asked by ${member} for ${receivers.join(', ')} at ${time}, attempt ${attempt}`,
    `from the tables ${tables.map(({ owner, table }) => `${owner}.${table}`).join(', ')}`,
    ...obligations.map(({ detail }) => `  ${detail}`),
  ];
}

/** Says that the project file decided which rooms count: it may have come with the package. */
function sayWhoTrusts({ project, ...io }: CliIo): void {
  const trust = project?.values.trust;
  if (trust === undefined || project === null || project === undefined) return;
  const [keys, file] = [trust, project.file].map((path) => quoteForMessage(relative(io.cwd, path)));
  say(io, 'note', `the keys of rooms that count are those in ${keys ?? ''}, which ${file ?? ''} names`);
}

async function runDecrypt(args: DecryptArguments, io: CliIo): Promise<void> {
  const fileOf = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : resolve(io.cwd, name);
  const table = await readPlaces(io, args);
  // The table in a package is Arrow, which nobody asked for on a terminal or in a pipe.
  const packageFormat =
    parseFormat('output-format', args['output-format']) ?? (args.output === STANDARD_STREAM ? 'csv' : undefined);
  const request = {
    packageOutput: folderOutput(tableOutput(io, outputPath(tableNameOf(args.input), args.output), packageFormat), args),
    collaboration: await readCollaboration(io, args),
    packageKeys: {
      identityFile: fileOf(args.identity),
      trust: await readTrust(io, args.trust),
      defaultTrustFile: io.project?.values.trust,
      member: args.as,
      isAgain: args.again,
    },
    key: args.key,
    failOnFingerprintColumns: args['fail-on-fingerprint-columns'],
    allowMixedColumns: args['allow-mixed-columns'],
    lenientCells: args['lenient-cells'],
  };
  const decrypted = await withProgress(io, (onProgress) =>
    decryptForCollaboration(memberEnvironment(io, args), { ...request, table: { ...table, onProgress } }),
  );
  const { summary, output, package: opened, generation, isNewest, signedBy } = decrypted;
  if (opened !== null && args.trust === undefined && !args.json) sayWhoTrusts(io);
  const { sealed, fingerprint, cleartext } = summary.columns;
  if (fingerprint > 0 && !args.json) {
    const passed = fingerprint === 1 ? 'is passed through' : 'are passed through';
    say(io, 'warning', `${countOf(fingerprint, 'fingerprint column')} ${passed}: fingerprints cannot be opened`);
  }
  if (!isNewest && !args.json) {
    const made = 'anyone who had its secret may have made it, also a former member';
    say(io, 'warning', `the table has generation ${String(generation)}, and your home has a newer one: ${made}`);
  }
  const ofPackage =
    opened === null
      ? {}
      : { package: { statement: opened.statement, signedBy: opened.signedBy, checkpoint: opened.checkpoint } };
  const signer = signedBy === null ? {} : { signedBy };
  printSummary(io, args, output, { ...summary, ...ofPackage, ...signer }, [
    `columns: ${String(sealed)} opened, ${String(fingerprint)} fingerprint, ${String(cleartext)} cleartext`,
    `cells opened: ${summary.openedCells.toLocaleString('en')}`,
    ...(signedBy === null ? [] : [`signed by ${signedBy}: the rows are those that were signed`]),
    ...(opened === null ? [] : printPackage(opened)),
  ]);
}

function describeOptions(yargs: Argv): Argv<DecryptArguments> {
  return withKeyOptions(withTableOptions(yargs))
    .option('fail-on-fingerprint-columns', {
      alias: 'fof',
      type: 'boolean',
      default: false,
      describe: 'fail on a fingerprint column instead of passing it through',
    })
    .option('allow-mixed-columns', {
      type: 'boolean',
      default: false,
      describe: 'pass on what is not sealed in a sealed column, with a warning, instead of refusing it',
    })
    .option('lenient-cells', LENIENT_CELLS)
    .option('identity', {
      type: 'string',
      requiresArg: true,
      describe: 'age identity file to open a result package (default: `receive.key` in the home)',
    })
    .option('trust', {
      type: 'string',
      requiresArg: true,
      describe: 'verifier key of the room, or a file with those of trusted rooms, one per line, for a result package',
    })
    .option('as', {
      type: 'string',
      requiresArg: true,
      describe: 'id of the member that receives a result package (default: the one on the card of your home)',
    })
    .option('again', {
      type: 'boolean',
      default: false,
      describe: 'open a result package that was opened before',
    });
}

/** `sealroom decrypt <input>`: opens the sealed cells of a table, or a result package and the cells in it. */
export function decryptCommand(io: CliIo): CommandModule<object, DecryptArguments> {
  return {
    builder: describeOptions,
    handler: (args) => runDecrypt(args, io),
  };
}

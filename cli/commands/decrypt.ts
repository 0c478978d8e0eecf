import { Readable } from 'node:stream';
import type { Argv, CommandModule } from 'yargs';
import { type CollaborationId, parseCollaborationId } from '../../src/crypto/index.ts';
import type { HeldSecret } from '../../src/custody/load-secret.ts';
import { decryptTable, type DecryptSummary } from '../../src/protect/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import type { OpenedPackage } from '../../src/package/index.ts';
import { STANDARD_STREAM } from '../../src/tabular/index.ts';
import { findOrigin, loadSecret, recordInput } from '../member-secret.ts';
import { type KeyArguments, withKeyOptions } from '../options/key-options.ts';
import { type TableArguments, transferOptions, withTableOptions } from '../options/table-options.ts';
import { openPackageInput, type PackageArguments, printPackage, tableNameOf } from '../package-input.ts';
import { showProgress } from '../output/progress.ts';
import { printSummary } from '../output/summary.ts';
import { resolveCollaboration } from '../options/collaboration-options.ts';
import { type CliIo, say } from '../terminal.ts';

/** What `decrypt` is called with. */
export interface DecryptArguments extends TableArguments, PackageArguments, KeyArguments {
  readonly input: string;
  readonly 'fail-on-fingerprint-columns': boolean;
}

/** The collaboration: a package names it, and must not name another than the options do. */
async function readId(io: CliIo, args: DecryptArguments, opened: OpenedPackage | null): Promise<CollaborationId> {
  if (opened !== null && args.id === undefined && args.manifest === undefined) {
    return parseCollaborationId(opened.statement.collaboration);
  }
  const { id } = await resolveCollaboration(io, args);
  if (opened === null || opened.statement.collaboration === id) return id;
  throw new SealroomError('USAGE_OPTION', 'expected the collaboration of the package, got another', {
    hint: 'leave `--id` and `--manifest` out: the package has it',
  });
}

/** The secret; `null` where a package says that nothing in it is sealed: then nobody needs to have it. */
async function readSecret(
  io: CliIo,
  args: DecryptArguments,
  opened: OpenedPackage | null,
  collaborationId: CollaborationId,
): Promise<HeldSecret | null> {
  const isSealed = opened?.statement.columns.some(({ protection }) => protection === 'sealed') ?? true;
  if (!isSealed) return null;
  const origin = opened === null ? await findOrigin(io, args) : null;
  return loadSecret(io, args, collaborationId, 'decrypt', origin);
}

async function runDecrypt(args: DecryptArguments, io: CliIo): Promise<void> {
  const opened = await openPackageInput(io, args);
  const id = await readId(io, args, opened);
  using held = await readSecret(io, args, opened, id);
  const progress = showProgress(io);
  const transfer =
    opened === null
      ? transferOptions(io, args, id, progress)
      : {
          ...transferOptions(io, { ...args, input: tableNameOf(args.input) }, id, progress),
          input: STANDARD_STREAM,
          inputFormat: opened.statement.result.format,
          stdin: Readable.from([opened.table]),
        };
  let summary: DecryptSummary;
  try {
    summary = await decryptTable({
      ...transfer,
      secret: held?.secret ?? null,
      failOnFingerprintColumns: args['fail-on-fingerprint-columns'],
      beforeCommit: held === null ? undefined : recordInput(held),
    });
  } finally {
    progress.stop();
  }
  const { sealed, fingerprint, cleartext } = summary.columns;
  if (fingerprint > 0 && !args.json) {
    say(io, 'warning', `${String(fingerprint)} fingerprint column(s) cannot be opened and appear as they are`);
  }
  if (held?.isNewest === false && !args.json) {
    const made = 'whoever had its secret can have made it, also a member that has left';
    say(io, 'warning', `the table is of generation ${String(held.generation)}, and you have a newer one: ${made}`);
  }
  const ofPackage = opened === null ? {} : { package: { statement: opened.statement, signedBy: opened.signedBy } };
  printSummary(io, args, transfer.output, { ...summary, ...ofPackage }, [
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
    command: 'decrypt <input>',
    describe: 'decrypt a table, or a result package of a room',
    builder: describeOptions,
    handler: (args) => runDecrypt(args, io),
  };
}

import { resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import type { CollaborationId } from '../../src/crypto/index.ts';
import type { EncryptSummary } from '../../src/protect/index.ts';
import type { HeldSecret } from '../../src/custody/load-secret.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { reencryptOriginal, type ReencryptOptions, reencryptTable } from '../../src/protect/index.ts';
import { parseTableSchema } from '../../src/schema/index.ts';
import { type Provenance, type TransferResult } from '../../src/tabular/index.ts';
import { readTextFile } from '../../src/files/index.ts';
import { findOrigin, loadSecret, provenanceOf, recordInput, recordOutput, type TableOrigin } from '../member-secret.ts';
import { askingOnce, type KeyArguments, providerContext, withKeyOptions } from '../options/key-options.ts';
import {
  type SettingsArguments,
  type TableArguments,
  transferOptions,
  withSettingsOptions,
  withTableOptions,
} from '../options/table-options.ts';
import { showProgress } from '../output/progress.ts';
import { printSummary } from '../output/summary.ts';
import { resolveCollaboration, resolveCollaborationAndSettings } from '../options/collaboration-options.ts';
import type { CliIo } from '../terminal.ts';

/** What `reencrypt` is called with. */
interface ReencryptArguments extends TableArguments, SettingsArguments, KeyArguments {
  readonly original: string | undefined;
  readonly schema: string | undefined;
  readonly from: number | undefined;
}

async function runReencrypt(args: ReencryptArguments, io: CliIo): Promise<void> {
  if ((args.original === undefined) !== (args.schema === undefined)) {
    throw new SealroomError('USAGE_OPTION', 'expected `--original` and `--schema` together, got one of them', {
      hint: 'a table without fingerprints needs neither',
    });
  }
  const { id } = await resolveCollaboration(io, args);
  const origin = await findOrigin(io, args);
  const context = askingOnce(providerContext(io, args));
  using to = await loadSecret(io, args, id, 'reencrypt', null, context);
  const provenance = provenanceOf(to);
  if (provenance === undefined) {
    throw new SealroomError('USAGE_OPTION', 'expected the secret in an envelope, got one from the environment', {
      hint: 'unset it; generations are in your home, where `sealroom key rotate` makes the next one',
    });
  }
  const from = origin?.generation ?? args.from;
  if (from === provenance.generation) {
    const message = `expected a table of an older generation than ${String(from)}, got one of it`;
    throw new SealroomError('USAGE_OPTION', message, {
      where: { file: args.input },
      hint: '`sealroom key rotate` makes the next generation',
    });
  }
  const progress = showProgress(io);
  const common = { ...transferOptions(io, args, id, progress), to: to.secret, provenance, origin };
  let summary: EncryptSummary;
  try {
    summary =
      args.original === undefined
        ? await reencryptOpened(
            () => loadSecret(io, args, id, 'reencrypt', originOf(origin, from, id), context),
            common,
            recordOutput(to),
          )
        : await encryptOriginal(io, args, common, recordOutput(to));
  } finally {
    progress.stop();
  }
  const { sealed, fingerprint, cleartext } = summary.columns;
  const whole = { ...summary, ...provenance };
  printSummary(io, args, common.output, whole, [
    `columns: ${String(sealed)} sealed, ${String(fingerprint)} fingerprint, ${String(cleartext)} cleartext`,
    `generation: ${String(provenance.generation)}, was ${String(from ?? 'unknown')}`,
  ]);
}

type Common = Omit<ReencryptOptions, 'from' | 'beforeCommit'>;
type Record = ((facts: TransferResult) => Promise<void>) | undefined;

/** Which secret opens the table; without a sidecar, the option says it. */
function originOf(origin: Provenance | null, generation: number | undefined, id: CollaborationId): TableOrigin {
  if (origin !== null) return origin;
  if (generation !== undefined) return { collaborationId: id, generation };
  throw new SealroomError(
    'USAGE_OPTION',
    'expected to be told the generation of the table, found neither sidecar nor metadata',
    {
      hint: 'say it with `--from <generation>`',
    },
  );
}

async function reencryptOpened(
  openFrom: () => Promise<HeldSecret>,
  common: Common,
  recordNew: Record,
): Promise<EncryptSummary> {
  using from = await openFrom();
  const recordOld = recordInput(from);
  const beforeCommit = async (facts: TransferResult): Promise<void> => {
    await recordOld?.(facts);
    await recordNew?.(facts);
  };
  return await reencryptTable({ ...common, from: from.secret, beforeCommit });
}

async function encryptOriginal(
  io: CliIo,
  args: ReencryptArguments,
  common: Common,
  beforeCommit: Record,
): Promise<EncryptSummary> {
  const { original = '', schema = '' } = args;
  const { settings } = await resolveCollaborationAndSettings(io, args);
  return reencryptOriginal({
    ...common,
    beforeCommit,
    original: resolve(io.cwd, original),
    schema: parseTableSchema(await readTextFile(resolve(io.cwd, schema)), { file: schema }),
    settings,
  });
}

function describeOptions(yargs: Argv): Argv<ReencryptArguments> {
  return withKeyOptions(withSettingsOptions(withTableOptions(yargs)))
    .option('original', {
      type: 'string',
      requiresArg: true,
      describe: 'the table that was encrypted, for one with fingerprints',
    })
    .option('schema', { alias: 's', type: 'string', requiresArg: true, describe: 'its schema, with --original' })
    .option('from', {
      type: 'number',
      requiresArg: true,
      describe: 'generation of the table, if nothing beside or in it says so',
    });
}

/** `sealroom reencrypt <input>`: takes a protected table from one generation of the secret to the newest. */
export function reencryptCommand(io: CliIo): CommandModule<object, ReencryptArguments> {
  return {
    command: 'reencrypt <input>',
    describe: 'encrypt a protected table again with the newest secret',
    builder: describeOptions,
    handler: (args) => runReencrypt(args, io),
  };
}

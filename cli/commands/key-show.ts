import type { Argv } from 'yargs';
import { parseCollaborationId } from '../../src/crypto/index.ts';
import {
  type EnvelopePlace,
  isReadableByUser,
  listEnvelopes,
  readEnvelope,
  recordEvent,
  type StoredEnvelope,
} from '../../src/custody/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { type KeyArguments, providerContext, withKeyOptions } from '../options/key-options.ts';
import {
  type CommonArguments,
  describeStored,
  homeOf,
  describeEnvelope,
  openStored,
  withCommon,
} from '../output/key-output.ts';
import { ProviderPool } from '../provider-pool.ts';
import type { CliIo } from '../terminal.ts';

/** What `key show` is called with. */
interface ShowArguments extends CommonArguments, KeyArguments {
  readonly id: string | undefined;
  readonly check: boolean;
}

/** An envelope as it is listed, and what is wrong with it. */
interface Listed {
  readonly place: EnvelopePlace;
  readonly stored: StoredEnvelope | null;
  readonly problem: SealroomError | null;
}

async function look(io: CliIo, args: ShowArguments, pool: ProviderPool, place: EnvelopePlace): Promise<Listed> {
  const home = homeOf(io, args);
  let stored: StoredEnvelope | null = null;
  try {
    stored = await readEnvelope(home, place);
    if (args.check) {
      (await openStored(io, args, pool, stored))[Symbol.dispose]();
      await recordEvent(home, stored.envelope, { action: 'unwrap', purpose: 'check' });
    }
    return { place, stored, problem: null };
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    return { place, stored, problem: error };
  }
}

function listedInWords({ place, stored, problem }: Listed, isChecked: boolean): string {
  const { collaborationId, generation } = place;
  const words = stored === null ? `generation ${String(generation)} of ${collaborationId}` : describeEnvelope(stored);
  const created = stored === null ? '' : `, made ${stored.envelope.created}`;
  const notes = [
    stored !== null && isReadableByUser(stored.envelope.provider) ? 'open to other programs of yours' : '',
    problem === null ? (isChecked ? 'opens' : '') : `problem: ${problem.message}`,
  ].filter((note) => note !== '');
  return `${words}${created}${notes.map((note) => `; ${note}`).join('')}`;
}

async function runShow(args: ShowArguments, io: CliIo): Promise<void> {
  const home = homeOf(io, args);
  await using pool = new ProviderPool(providerContext(io, args));
  const listed: Listed[] = [];
  const id = args.id === undefined ? undefined : parseCollaborationId(args.id);
  for (const place of await listEnvelopes(home, id)) listed.push(await look(io, args, pool, place));
  if (args.json) {
    const envelopes = listed.map(({ place, stored, problem }) => ({
      ...place,
      ...(stored === null ? {} : describeStored(stored)),
      problem: problem === null ? null : problem.message,
    }));
    io.stdout.write(`${JSON.stringify({ home: home.directory, envelopes })}\n`);
  } else {
    for (const each of listed) io.stdout.write(`${listedInWords(each, args.check)}\n`);
    if (listed.length === 0) io.stderr.write(`no secrets in ${home.directory}; \`sealroom key create\` makes one\n`);
  }
  for (const { problem } of listed) if (problem !== null) throw problem;
}

/** Adds `sealroom key show`, which lists the envelopes of the home. */
export function withShowCommand(yargs: Argv, io: CliIo): Argv {
  return yargs.command(
    'show',
    'list the secrets of the home, and what they are wrapped with',
    (inner) =>
      withKeyOptions(withCommon(inner))
        .option('id', { type: 'string', describe: 'only those of this collaboration' })
        .option('check', { type: 'boolean', default: false, describe: 'open each of them' }),
    (args) => runShow(args, io),
  );
}

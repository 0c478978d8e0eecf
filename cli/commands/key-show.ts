import type { Argv } from 'yargs';
import { type ListedSecret, listSecrets } from '../../src/actions/member/index.ts';
import { isReadableByUser } from '../../src/custody/index.ts';
import { readCollaboration } from '../options/collaboration-options.ts';
import { type ManifestArguments, withManifestOptions } from '../options/manifest-option.ts';
import {
  type CommonArguments,
  type KeyArguments,
  memberEnvironment,
  withCommon,
  withKeyOptions,
} from '../options/key-options.ts';
import { describeEnvelope, describeStored } from '../output/key-output.ts';
import { type CliIo, showable, tell } from '../terminal.ts';

/** The arguments of `key show`. */
interface ShowArguments extends CommonArguments, KeyArguments, ManifestArguments {
  readonly id: string | undefined;
  readonly check: boolean;
}

function listedInWords({ place, stored, problem }: ListedSecret, isChecked: boolean): string {
  const { collaborationId, generation } = place;
  const words = stored === null ? `generation ${String(generation)} of ${collaborationId}` : describeEnvelope(stored);
  const created = stored === null ? '' : `, created ${stored.envelope.created}`;
  const notes = [
    stored !== null && isReadableByUser(stored.envelope.provider) ? 'readable by your other programs' : '',
    problem === null ? (isChecked ? 'opens' : '') : `problem: ${problem.message}`,
  ].filter((note) => note !== '');
  return `${words}${created}${notes.map((note) => `; ${note}`).join('')}`;
}

async function runShow(args: ShowArguments, io: CliIo): Promise<void> {
  const { key, check: isChecked } = args;
  const collaboration = await readCollaboration(io, args);
  const { home, secrets } = await listSecrets(memberEnvironment(io, args), { collaboration, key, isChecked });
  if (args.json) {
    const envelopes = secrets.map(({ place, stored, problem }) => ({
      ...place,
      ...(stored === null ? {} : describeStored(stored)),
      problem: problem === null ? null : problem.message,
    }));
    io.stdout.write(`${JSON.stringify({ home, envelopes })}\n`);
  } else {
    for (const each of secrets) io.stdout.write(`${showable(listedInWords(each, isChecked))}\n`);
    if (secrets.length === 0) tell(io, `no secrets in ${home}; \`sealroom key create\` creates one`);
  }
  for (const { problem } of secrets) if (problem !== null) throw problem;
}

/** Adds `sealroom key show`, which lists the envelopes of the home. */
export function withShowCommand(yargs: Argv, io: CliIo): Argv {
  return yargs.command(
    'show',
    'list the secrets in the home, and the keys that wrap them',
    (inner) =>
      withManifestOptions(
        withKeyOptions(withCommon(inner)).option('id', {
          type: 'string',
          describe: 'only secrets of this collaboration',
        }),
        'only secrets of its collaboration; needed to check role-bound secrets, and that they are the ones that it names',
      ).option('check', { type: 'boolean', default: false, describe: 'check that each secret opens' }),
    (args) => runShow(args, io),
  );
}

import type { Argv } from 'yargs';
import { adoptEnvelope, type EnvelopeToAdopt } from '../../src/actions/member/index.ts';
import { shortSecretId } from '../../src/custody/index.ts';
import {
  type ManifestArguments,
  readManifestFile,
  readNamedFile,
  withManifestOptions,
} from '../options/manifest-option.ts';
import {
  type CommonArguments,
  type KeyArguments,
  memberEnvironment,
  withCommon,
  withKeyOptions,
} from '../options/key-options.ts';
import { describeEnvelope, describeStored, writeAnswer } from '../output/key-output.ts';
import { confirmOrRefuse, type ConfirmArguments, withConfirm } from '../prompts/confirm.ts';
import { type CliIo, tell } from '../terminal.ts';

/** The arguments of `key adopt`. */
interface AdoptArguments extends CommonArguments, KeyArguments, ConfirmArguments, ManifestArguments {
  readonly envelope: string;
  readonly 'secret-id': string | undefined;
}

function withAdopt(yargs: Argv): Argv<AdoptArguments> {
  const named = withConfirm(withKeyOptions(withCommon(yargs)))
    .positional('envelope', { type: 'string', demandOption: true, describe: 'file with the envelope' })
    .option('secret-id', {
      type: 'string',
      requiresArg: true,
      describe: 'id that the secret must have, as another member reads it from `key show`',
    });
  return withManifestOptions(
    named,
    'manifest of the collaboration, signed by all members: it says which secret is meant; needed for role-bound secrets',
  );
}

/** What a person should look at before an envelope is taken in. */
function describeForAdoption({ envelope, route, replaced }: EnvelopeToAdopt): readonly string[] {
  const { collaborationId, generation, secretId, key, created, isRoleBound } = envelope;
  return [
    `collaboration: ${collaborationId}`,
    `generation: ${String(generation)}`,
    `secret: ${shortSecretId(secretId)}`,
    `key: ${key}`,
    ...route.map((each) => `reached by: ${each}`),
    `made: ${created}`,
    `bound to roles: ${isRoleBound ? 'yes' : 'no'}`,
    ...(replaced === null ? [] : [`replaces: the envelope under ${replaced.envelope.key}`]),
  ];
}

async function runAdopt(args: AdoptArguments, io: CliIo): Promise<void> {
  const stored = await adoptEnvelope(memberEnvironment(io, args), {
    file: await readNamedFile(io, args.envelope),
    manifest: await readManifestFile(io, args),
    secretId: args['secret-id'],
    key: args.key,
    confirm: async (shown) => {
      if (!args.json || !args.yes) tell(io, describeForAdoption(shown).join('\n'));
      const compared = args['secret-id'] === undefined ? ' Compare the id of the secret with the other members' : '';
      await confirmOrRefuse(io, args, `take this envelope into the home, and use its key?${compared}`);
    },
  });
  writeAnswer(io, args, describeStored(stored), `took in ${describeEnvelope(stored)}`);
}

/** Adds `sealroom key adopt`, which takes an envelope from elsewhere into the home. */
export function withAdoptCommand(yargs: Argv, io: CliIo): Argv {
  return yargs.command(
    'adopt <envelope>',
    'take an envelope from another person into the home; asks first',
    withAdopt,
    (args) => runAdopt(args, io),
  );
}

import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import type { Argv } from 'yargs';
import type { MemberEnvironment } from '../../src/actions/member/tables.ts';
import type { PassphraseRequest } from '../../src/custody/index.ts';
import type { WeakPassphrasePolicy } from '../prompts/new-passphrase.ts';
import { SealroomError, systemReason } from '../../src/errors/index.ts';
import { type ManifestArguments, withManifestOptions } from './manifest-option.ts';
import { type FipsArguments, withFipsOption } from './fips-option.ts';
import { type CliIo, say, STANDARD_STREAM } from '../terminal.ts';
import { type OutputArguments, withOutputOptions } from './output-options.ts';

/** The options of commands that use the keys in a home. */
export interface HomeArguments extends FipsArguments {
  readonly home: string | undefined;
  readonly 'passphrase-fd': number | undefined;
}

/** The options of commands that open a secret. */
export interface KeyArguments extends HomeArguments {
  readonly key: string | undefined;
}

/** Declares the options for the home and for passphrases. */
function withHomeOptions<T>(yargs: Argv<T>): Argv<T & HomeArguments> {
  return withFipsOption(yargs)
    .option('home', {
      type: 'string',
      requiresArg: true,
      describe: 'home with your keys (default: SEALROOM_HOME, else ~/.sealroom)',
    })
    .option('passphrase-fd', {
      type: 'number',
      requiresArg: true,
      describe: 'file descriptor to read passphrases from, one per line, instead of the terminal',
    });
}

/** The options of all commands on keys. */
export interface CommonArguments extends HomeArguments, OutputArguments {}

/** The options of commands on the keys of one collaboration. */
export interface KeyCollaborationArguments extends CommonArguments, ManifestArguments {
  readonly id: string | undefined;
}

/** Declares the options of all commands on keys. */
export function withCommon(yargs: Argv): Argv<CommonArguments> {
  return withOutputOptions(withHomeOptions(yargs));
}

/** Declares the options of commands on the keys of one collaboration. */
export function withCollaboration(yargs: Argv): Argv<KeyCollaborationArguments> {
  return withManifestOptions(
    withCommon(yargs).option('id', { type: 'string', describe: 'collaboration id (UUID)' }),
    'manifest of the collaboration, signed by all members; needed for role-bound secrets',
  );
}

/** Declares the options that choose the key of a secret. */
export function withKeyOptions<T>(yargs: Argv<T>): Argv<T & KeyArguments> {
  return withHomeOptions(yargs).option('key', {
    type: 'string',
    requiresArg: true,
    describe: 'URI of the key (default: SEALROOM_KEY, else the key that the envelope names)',
  });
}

/** The options of commands that may make a key under a new passphrase. */
export interface NewKeyArguments extends KeyArguments {
  readonly 'weak-passphrase': boolean;
}

/** Declares the options that choose the key of a secret, which may be a new one. */
export function withNewKeyOptions<T>(yargs: Argv<T>): Argv<T & NewKeyArguments> {
  return withKeyOptions(yargs).option('weak-passphrase', {
    type: 'boolean',
    default: false,
    describe: 'take a new passphrase that is easy to guess',
  });
}

/** The options that the environment of an action depends on. */
export interface EnvironmentArguments extends Partial<HomeArguments> {
  readonly 'weak-passphrase'?: boolean;
  readonly input?: string;
}

/**
 * Makes the environment of a member's action: passphrases come from the terminal, or from a file descriptor.
 *
 * @throws {SealroomError} USAGE_OPTION if both the passphrases and the table come from standard input.
 */
export function memberEnvironment(io: CliIo, args: EnvironmentArguments): MemberEnvironment {
  const fd = args['passphrase-fd'];
  if (fd === 0 && args.input === STANDARD_STREAM) {
    throw new SealroomError('USAGE_OPTION', 'the table and the passphrases cannot both come from standard input', {
      hint: 'pass the passphrases in another descriptor: `--passphrase-fd 3 3< file`',
    });
  }
  const warn = (message: string): void => {
    say(io, 'warning', message);
  };
  const ask =
    fd === undefined ? (question: PassphraseRequest) => askAtTerminal(io, question) : readFromDescriptor(io, fd);
  return {
    env: io.env,
    cwd: io.cwd,
    home: args.home,
    isFips: args.fips ?? false,
    scryptLogN: io.scryptLogN,
    now: io.now ?? (() => new Date()),
    signal: io.signal,
    askPassphrase: async (question) => {
      const passphrase = await ask(question);
      if (question.isNew) await checkNewPassphrase(passphrase, { isAllowed: args['weak-passphrase'] ?? false, warn });
      return passphrase;
    },
    warn,
  };
}

// In functions of their own, because most commands need no passphrase, and fewer make one.
async function checkNewPassphrase(passphrase: string, policy: WeakPassphrasePolicy): Promise<void> {
  const { requireStrongPassphrase } = await import('../prompts/new-passphrase.ts');
  await requireStrongPassphrase(passphrase, policy);
}

/** Makes a passphrase, and shows it once, on the terminal only. */
async function offerPassphrase(io: CliIo): Promise<string> {
  if (io.stderr.isTTY !== true) {
    throw new SealroomError('SECRET_INVALID', 'the passphrase is empty', {
      hint: 'one can be made for you if standard error is the terminal, too: it is shown there',
    });
  }
  const { generatePassphrase } = await import('../prompts/new-passphrase.ts');
  const passphrase = await generatePassphrase();
  io.stderr.write(`\n  ${passphrase}\n\n`);
  say(io, 'notice', 'this is your passphrase: write it down or put it into a password manager; it is not shown again');
  return passphrase;
}

async function askAtTerminal(io: CliIo, { what, isNew }: PassphraseRequest): Promise<string> {
  if (io.stdin.isTTY !== true) {
    throw new SealroomError('SECRET_MISSING', `there is no terminal to ask for the passphrase of ${what}`, {
      hint: 'pass it in a file descriptor: `--passphrase-fd 3 3< file`',
    });
  }
  // Loaded here, because the library for prompts would slow down every other command.
  const { askHidden } = await import('../prompts/prompts.ts');
  const question = isNew ? `new passphrase of ${what} (leave it empty to get one)` : `passphrase of ${what}`;
  const answer = await askHidden(io, question);
  if (!isNew) return answer;
  if (answer === '') return offerPassphrase(io);
  if ((await askHidden(io, 'repeat the passphrase')) === answer) return answer;
  throw new SealroomError('SECRET_INVALID', 'the two passphrases differ', {
    hint: 'nothing was written',
  });
}

/** Each question takes one line; a new passphrase is not repeated. */
function readFromDescriptor(io: CliIo, fd: number): MemberEnvironment['askPassphrase'] {
  let lines: Promise<string[]> | null = null;
  return async ({ what }) => {
    lines ??= readLines(io, fd);
    const line = (await lines).shift();
    if (line !== undefined) return line;
    throw new SealroomError('SECRET_MISSING', `the descriptor ends before the passphrase of ${what}`, {
      hint: 'write one passphrase per line, in the order in which they are needed',
    });
  };
}

async function readLines(io: CliIo, fd: number): Promise<string[]> {
  let bytes: Buffer;
  try {
    bytes = await buffer(fd === 0 ? io.stdin : createReadStream('', { fd, autoClose: false }));
  } catch (error) {
    throw new SealroomError('IO_READ', `cannot read passphrases from the descriptor: ${systemReason(error)}`, {
      hint: 'open it for the command: `--passphrase-fd 3 3< file`; with `npx`, which only passes on standard input, `--passphrase-fd 0 < file`',
      cause: error,
    });
  }
  const lines = bytes.toString('utf8').split(/\r?\n/);
  bytes.fill(0);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

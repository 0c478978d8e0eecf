import { resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import {
  authenticationString,
  initMember,
  isSameString,
  kindOfCard,
  listPinned,
  type MemberHome,
  parseCard,
  pinCard,
  readOwnCard,
  requireOther,
  type SignedCard,
} from '../../src/custody/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { quoteForMessage } from '../../src/errors/index.ts';
import { readTextFile } from '../../src/files/index.ts';
import { homeOf } from '../output/key-output.ts';
import { type CliIo, say } from '../terminal.ts';

interface CommonArguments {
  readonly home: string | undefined;
  readonly json: boolean;
  readonly debug: boolean;
}

/** What `member init` is called with. */
interface InitArguments extends CommonArguments {
  readonly id: string;
  readonly name: string | undefined;
  readonly classic: boolean;
}

/** What `member card` is called with. */
interface CardArguments extends CommonArguments {
  readonly 'manifest-keys': boolean;
}

/** What `member verify` is called with. */
interface VerifyArguments extends CommonArguments {
  readonly card: string;
  readonly expect: string | undefined;
  readonly replace: boolean;
}

function withCommon(yargs: Argv): Argv<CommonArguments> {
  return yargs
    .option('home', { type: 'string', describe: 'home of the member (default: SEALROOM_HOME, else ~/.sealroom)' })
    .option('json', { type: 'boolean', default: false, describe: 'print the answer and errors as JSON' })
    .option('debug', { type: 'boolean', default: false, describe: 'print stack traces' });
}

function describeCard(card: SignedCard): object {
  const { id, name, sign, receive } = card.body;
  return { id, name, kind: kindOfCard(card), sign, receive, sha256: card.sha256 };
}

async function runInit(args: InitArguments, io: CliIo): Promise<void> {
  const home = homeOf(io, args);
  const { id, name = id } = args;
  const kind = args.classic ? 'X25519' : 'mlkem768x25519';
  const card = await initMember(home, { id, name, kind, now: new Date() });
  if (args.json) {
    io.stdout.write(`${JSON.stringify({ home: home.directory, ...describeCard(card) })}\n`);
    return;
  }
  io.stderr.write(`made the keys and the card of ${quoteForMessage(id)} in ${quoteForMessage(home.directory)}\n`);
  say(io, 'hint', `send your card to the others: \`sealroom member card > ${id}.card.json\``);
  say(io, 'hint', 'then compare theirs by phone: `sealroom member verify <card>`');
}

async function runCard(args: CardArguments, io: CliIo): Promise<void> {
  const { body, text } = await readOwnCard(homeOf(io, args));
  const { sign, receive } = body;
  if (!args['manifest-keys']) io.stdout.write(text);
  else if (args.json) io.stdout.write(`${JSON.stringify({ publicKeys: { sign, receive } })}\n`);
  else io.stdout.write(`publicKeys:\n  sign: ${sign}\n  receive: ${receive}\n`);
}

async function runVerify(args: VerifyArguments, io: CliIo): Promise<void> {
  const home = homeOf(io, args);
  const file = resolve(io.cwd, args.card);
  const card = parseCard(await readTextFile(file), { file });
  const own = await readOwnCard(home);
  // Told before anybody is called; `pinCard` refuses it in any case.
  requireOther(own, card);
  const digits = authenticationString(own, card);
  // For machines nobody is asked: without `--expect` the digits are told and nothing is pinned.
  const isPinned = args.expect !== undefined || !args.json;
  if (!args.json) await describeForPerson(io, args, home, card);
  if (isPinned) {
    const isSame = args.expect === undefined ? await askIsSame(io, digits) : isSameString(digits, args.expect);
    if (!isSame) {
      throw new SealroomError('CUSTODY_MESSAGE', 'expected the same digits on both sides, got others', {
        hint: 'nothing was pinned: one of the cards is not that of its member, or is an older one; exchange them again',
      });
    }
    await pinCard(home, card, { replaces: args.replace });
  }
  if (args.json) {
    io.stdout.write(`${JSON.stringify({ ...describeCard(card), authenticationString: digits, isPinned })}\n`);
  } else {
    io.stderr.write(`pinned the card of ${quoteForMessage(card.body.id)}\n`);
  }
}

async function describeForPerson(
  io: CliIo,
  { replace }: VerifyArguments,
  home: MemberHome,
  { body, sha256 }: SignedCard,
): Promise<void> {
  io.stderr.write(`card of ${quoteForMessage(body.id)}, ${quoteForMessage(body.name)}, made ${body.created}\n`);
  const others = (await listPinned(home)).filter((card) => card.body.id === body.id && card.sha256 !== sha256).length;
  if (others === 0 || replace) return;
  const them =
    others === 1 ? 'another card of it is pinned, and counts' : `${String(others)} others are pinned, and count`;
  say(io, 'warning', `${them} too; with \`--replace\` only this one does`);
}

async function askIsSame(io: CliIo, digits: string): Promise<boolean> {
  const groups = digits.split(' ');
  io.stderr.write('call them, at a number that you know from elsewhere; both of you must see all of this:\n');
  io.stdout.write(`${groups.slice(0, 6).join(' ')}\n${groups.slice(6).join(' ')}\n`);
  const { createLinePrompter, createTerminalPrompter } = await import('../prompts/prompts.ts');
  const prompter = (io.stdin.isTTY === true ? createTerminalPrompter : createLinePrompter)(
    io.stdin,
    io.stderr,
    io.signal,
  );
  try {
    const answer = await prompter.askChoice({
      message: 'Did they read out the same digits, all of them?',
      options: ['no', 'yes'],
      initial: 'no',
    });
    return answer === 'yes';
  } finally {
    prompter.close();
  }
}

function withInit(yargs: Argv): Argv<InitArguments> {
  return withCommon(yargs)
    .option('id', { type: 'string', demandOption: true, describe: 'id of the member, as in manifests' })
    .option('name', { type: 'string', describe: 'who it is, in words (default: the id)' })
    .option('classic', {
      type: 'boolean',
      default: false,
      describe: 'a receiving key of X25519 only, for partners whose age is older than 1.3; not post-quantum',
    });
}

function withCard(yargs: Argv): Argv<CardArguments> {
  return withCommon(yargs).option('manifest-keys', {
    type: 'boolean',
    default: false,
    describe: 'print the lines for the member in a manifest instead',
  });
}

function withVerify(yargs: Argv): Argv<VerifyArguments> {
  return withCommon(yargs)
    .positional('card', { type: 'string', demandOption: true, describe: 'the file that the other member sent' })
    .option('expect', { type: 'string', describe: 'the digits that the other member reads out, instead of a question' })
    .option('replace', {
      type: 'boolean',
      default: false,
      describe: "the member's other pinned cards count no more",
    });
}

/** `sealroom member`: the keys of a home, its card, and the cards of others. */
export function memberCommand(io: CliIo): CommandModule {
  return {
    command: 'member',
    describe: 'make the keys and the card of a member, and verify the cards of others',
    builder: (yargs) =>
      yargs
        .command('init', 'make a home with keys and a card', withInit, (args) => runInit(args, io))
        .command('card', 'print the card, to be sent to others', withCard, (args) => runCard(args, io))
        .command('verify <card>', 'compare a card by phone, and pin it', withVerify, (args) => runVerify(args, io))
        .demandCommand(1, 'expected a command of `member`'),
    handler: () => undefined,
  };
}

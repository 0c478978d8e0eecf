import type { Argv, CommandModule } from 'yargs';
import { type CardToCompare, createMember, readHomeCard, verifyMemberCard } from '../../src/actions/member/index.ts';
import { isSameString, kindOfCard, type SignedCard } from '../../src/custody/index.ts';
import { quoteForMessage, quoteForShell } from '../../src/errors/index.ts';
import { readNamedFile } from '../options/manifest-option.ts';
import { memberEnvironment } from '../options/key-options.ts';
import { askIsSame, describeCard as describeComparedCard, EXPECT, warnOfOthers } from '../prompts/compare-card.ts';
import { type CliIo, say, tell } from '../terminal.ts';
import { NEEDS_COMMAND } from '../usage-error.ts';
import { type OutputArguments, withOutputOptions } from '../options/output-options.ts';

interface CommonArguments extends OutputArguments {
  readonly home: string | undefined;
}

/** The arguments of `member init`. */
interface InitArguments extends CommonArguments {
  readonly id: string;
  readonly name: string | undefined;
  readonly classic: boolean;
}

/** The arguments of `member card`. */
interface CardArguments extends CommonArguments {
  readonly 'manifest-keys': boolean;
}

/** The arguments of `member verify`. */
interface VerifyArguments extends CommonArguments {
  readonly card: string;
  readonly expect: string | undefined;
  readonly replace: boolean;
}

function withCommon(yargs: Argv): Argv<CommonArguments> {
  return withOutputOptions(
    yargs.option('home', { type: 'string', describe: 'home of the member (default: SEALROOM_HOME, else ~/.sealroom)' }),
  );
}

function describeCard(card: SignedCard): object {
  const { id, name, sign, receive } = card.body;
  return { id, name, kind: kindOfCard(card), sign, receive, sha256: card.sha256 };
}

async function runInit(args: InitArguments, io: CliIo): Promise<void> {
  const { id, name, classic: isClassic } = args;
  const { home, card } = await createMember(memberEnvironment(io, args), { id, name, isClassic });
  if (args.json) {
    io.stdout.write(`${JSON.stringify({ home, ...describeCard(card) })}\n`);
    return;
  }
  tell(io, `created the keys and the card of ${quoteForMessage(id)} in ${quoteForMessage(home)}`);
  const inHome = args.home === undefined ? '' : ` --home ${quoteForShell(args.home)}`;
  say(
    io,
    'hint',
    `send your card to the other members: \`sealroom member card${inHome} > ${quoteForShell(`${id}.card.json`)}\``,
  );
  say(io, 'hint', `then verify their cards by phone: \`sealroom member verify <card>${inHome}\``);
}

async function runCard(args: CardArguments, io: CliIo): Promise<void> {
  const { body, text } = await readHomeCard(memberEnvironment(io, args));
  const { sign, receive } = body;
  if (!args['manifest-keys']) io.stdout.write(text);
  else if (args.json) io.stdout.write(`${JSON.stringify({ publicKeys: { sign, receive } })}\n`);
  else io.stdout.write(`publicKeys:\n  sign: ${sign}\n  receive: ${receive}\n`);
}

async function runVerify(args: VerifyArguments, io: CliIo): Promise<void> {
  const { expect, replace: replaces, json } = args;
  const compare = async (compared: CardToCompare): Promise<boolean> => {
    if (!json) describeForPerson(io, args, compared);
    return expect === undefined ? askIsSame(io, compared.digits) : isSameString(compared.digits, expect);
  };
  const { card, digits, isPinned } = await verifyMemberCard(memberEnvironment(io, args), {
    card: await readNamedFile(io, args.card),
    replaces,
    // With `--json` there is no question: without `--expect`, the digits are printed and nothing is pinned.
    isSame: json && expect === undefined ? null : compare,
  });
  if (json) io.stdout.write(`${JSON.stringify({ ...describeCard(card), authenticationString: digits, isPinned })}\n`);
  else tell(io, `pinned the card of ${quoteForMessage(card.body.id)}`);
}

function describeForPerson(io: CliIo, { replace }: VerifyArguments, compared: CardToCompare): void {
  describeComparedCard(io, compared);
  if (!replace) warnOfOthers(io, compared.otherCards);
}

function withInit(yargs: Argv): Argv<InitArguments> {
  return withCommon(yargs)
    .option('id', { type: 'string', demandOption: true, describe: 'id of the member, as in manifests' })
    .option('name', { type: 'string', describe: 'name of the member (default: the id)' })
    .option('classic', {
      type: 'boolean',
      default: false,
      describe: 'use an X25519 receiving key, which is not post-quantum, for partners with age before 1.3',
    });
}

function withCard(yargs: Argv): Argv<CardArguments> {
  return withCommon(yargs).option('manifest-keys', {
    type: 'boolean',
    default: false,
    describe: 'print the lines of the member for a manifest instead',
  });
}

function withVerify(yargs: Argv): Argv<VerifyArguments> {
  return withCommon(yargs)
    .positional('card', { type: 'string', demandOption: true, describe: 'the file that the other member sent' })
    .option('expect', EXPECT)
    .option('replace', {
      type: 'boolean',
      default: false,
      describe: 'unpin the other cards of the member',
    });
}

/** `sealroom member`: the keys of a home, its card, and the cards of others. */
export function memberCommand(io: CliIo): CommandModule {
  return {
    builder: (yargs) =>
      yargs
        .command('init', 'create a home with keys and a card', withInit, (args) => runInit(args, io))
        .command('card', 'print the card, to send to other members', withCard, (args) => runCard(args, io))
        .command('verify <card>', 'compare a card by phone, and pin it', withVerify, (args) => runVerify(args, io))
        .demandCommand(1, NEEDS_COMMAND),
    handler: () => undefined,
  };
}

import type { CardToCompare, Compare } from '../../src/actions/member/index.ts';
import { isSameString } from '../../src/custody/index.ts';
import { quoteForMessage, SealroomError } from '../../src/errors/index.ts';
import { type CliIo, say, tell } from '../terminal.ts';

/** How a card is compared. */
export interface CompareArguments {
  /** Digits that the other member read out; without them, a person is asked. */
  readonly expect: string | undefined;
  readonly json: boolean;
}

/** Declares the option of commands that may have to compare a card. */
export const EXPECT = {
  type: 'string',
  describe: 'digits that the other member read out; skips the question',
} as const;

/** Makes the comparison of a card that is not pinned yet: by the given digits, or by asking. */
export function compareCards(io: CliIo, { expect, json }: CompareArguments): Compare {
  return async (compared) => {
    if (!json) describeCard(io, compared);
    if (expect !== undefined) return isSameString(compared.digits, expect);
    if (!json) return askIsSame(io, compared.digits);
    throw new SealroomError(
      'USAGE_OPTION',
      `\`--json\` needs \`--expect\`: the card of ${compared.card.body.id} is not pinned`,
      {
        hint: 'compare the digits by phone: `sealroom status` shows them',
      },
    );
  };
}

/** Says whose card is compared. */
export function describeCard(io: CliIo, { card }: CardToCompare): void {
  const { id, name, created } = card.body;
  tell(io, `card of ${quoteForMessage(id)}, ${quoteForMessage(name)}, created ${created}`);
}

/** Asks whether the other member read out the same digits. */
export async function askIsSame(io: CliIo, digits: string): Promise<boolean> {
  tell(io, 'call the member at a number that did not come with the card; both of you must see these digits:');
  io.stdout.write(`${layDigits(digits).join('\n')}\n`);
  const { createLinePrompter, createTerminalPrompter } = await import('./prompts.ts');
  const prompter = (io.stdin.isTTY === true ? createTerminalPrompter : createLinePrompter)(
    io.stdin,
    io.stderr,
    io.signal,
  );
  try {
    const answer = await prompter.askChoice({
      message: 'Did the other member read out exactly these digits?',
      options: ['no', 'yes'],
      initial: 'no',
    });
    return answer === 'yes';
  } finally {
    prompter.close();
  }
}

/** The digits of two cards in two lines. */
export function layDigits(digits: string): readonly string[] {
  const groups = digits.split(' ');
  return [groups.slice(0, 6).join(' '), groups.slice(6).join(' ')];
}

/** Says that other cards of the member are pinned, which stay. */
export function warnOfOthers(io: CliIo, otherCards: number): void {
  if (otherCards === 0) return;
  const [count, pronoun] =
    otherCards === 1 ? ['another card is', 'it'] : [`${String(otherCards)} other cards are`, 'them'];
  say(io, 'warning', `${count} pinned for this member; \`--replace\` unpins ${pronoun}`);
}

import type { Key } from 'node:readline';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { CANCEL_SYMBOL } from '@clack/prompts';
import { confirm, isCancel, log, password, select, text } from '@clack/prompts';
import { SealroomError } from '../../src/errors/index.ts';
import type { ChoiceQuestion, MenuQuestion, Prompter } from './prompter.ts';
import type { CliIo } from '../terminal.ts';

/** A script has no width; a terminal that does not tell its own has the usual one. */
const SCRIPT_WIDTH = 140;
const DEFAULT_WIDTH = 80;
/** What stands before an item of a menu at a terminal. */
const MARK_WIDTH = 6;

const endOfInput = (): SealroomError =>
  new SealroomError('IO_ABORTED', 'the input ended before all questions were answered', {
    hint: 'nothing was written',
  });

const cancelled = (): SealroomError =>
  new SealroomError('IO_ABORTED', 'the dialogue was cancelled', { hint: 'nothing was written' });

function emptyIfBlank(answer: string): string {
  return answer.trim() === '' ? '' : answer;
}

/** `[c]leartext, [f]ingerprint or [s]ealed` */
function listOptions(options: readonly string[]): string {
  const words = options.map((word) => `[${word.slice(0, 1)}]${word.slice(1)}`);
  return [words.slice(0, -1).join(', '), ...words.slice(-1)].filter((part) => part !== '').join(' or ');
}

function matchOption<T extends string>(question: ChoiceQuestion<T>, answer: string): T | null {
  const word = answer.trim().toLowerCase();
  if (word === '') return question.initial;
  return question.options.find((option) => option.startsWith(word)) ?? null;
}

/** The key of the item that an answer names in full or, if no other begins so, in part. */
function matchItem({ items, initial }: MenuQuestion, answer: string): string | null {
  const word = answer.trim().toLowerCase();
  if (word === '') return initial;
  const keys = items.map(({ key }) => key);
  const begun = keys.filter((key) => key.startsWith(word));
  return keys.find((key) => key === word) ?? (begun.length === 1 && !/^\d/u.test(word) ? (begun[0] ?? null) : null);
}

/**
 * Reads answers line by line, from a script or a plain terminal: words may be shortened, an empty line takes the initial
 * answer, and an invalid answer repeats the question. `signal` ends the input.
 */
export function createLinePrompter(input: Readable, output: Writable, signal?: AbortSignal): Prompter {
  const reader = createInterface({
    input,
    terminal: false,
    crlfDelay: Infinity,
    ...(signal === undefined ? {} : { signal }),
  });
  // Created at once: lines that arrive before the first question would be lost.
  const lines = reader[Symbol.asyncIterator]();
  const say = (line: string): void => {
    output.write(`${line}\n`);
  };
  const ask = async (prompt: string): Promise<string> => {
    output.write(prompt);
    const next = await lines.next();
    if (next.done === true) throw endOfInput();
    // A terminal has shown the end of the line that was typed.
    if (!('isTTY' in input && input.isTTY === true)) output.write('\n');
    return next.value;
  };
  return {
    width: SCRIPT_WIDTH,
    say,
    async askText({ message, initial, check }) {
      for (;;) {
        const answer = emptyIfBlank(await ask(initial === null ? `${message} ` : `${message} (${initial}) `));
        const problem = check(answer);
        if (problem === null) return answer;
        say(problem);
      }
    },
    async askChoice(question) {
      const { message, options, initial } = question;
      const words = listOptions(options);
      for (;;) {
        const answer = matchOption(
          question,
          await ask(`${message} ${words}${initial === null ? '' : ` (${initial})`} `),
        );
        if (answer !== null) return answer;
        say(`answer ${words}`);
      }
    },
    async askMenu(question) {
      const { message, heading, items, initial } = question;
      const width = Math.max(...items.map(({ key }) => key.length));
      if (heading !== null) say(`${' '.repeat(width)}  ${heading}`);
      for (const { key, label, hint } of items) say(`${key.padStart(width)}  ${hint ?? label}`);
      for (;;) {
        const answer = matchItem(question, await ask(`${message}${initial === null ? '' : ` (${initial})`} `));
        if (answer !== null) return answer;
        say('answer with a word or number from the left');
      }
    },
    close: () => {
      reader.close();
    },
  };
}

/** The common part of all questions to a person at a terminal. */
interface Prompts {
  readonly common: { readonly input: Readable; readonly output: Writable; readonly signal: AbortSignal };
  /** Returns the answer. @throws {SealroomError} IO_ABORTED if the user cancelled, or the input ended. */
  readonly take: <T extends string | boolean | undefined>(answer: T | typeof CANCEL_SYMBOL) => T;
  readonly close: () => void;
}

/** Prepares to ask at a terminal: Ctrl-C, Ctrl-D, the end of input and `signal` cancel. */
function openPrompts(input: Readable, output: Writable, signal: AbortSignal | undefined): Prompts {
  const ended = new AbortController();
  const stop = (): void => {
    ended.abort();
  };
  // Ctrl-D closes the line editor underneath, which leaves the question open for ever.
  const stopAtCtrlD = (_text: string | undefined, key: Key): void => {
    if (key.ctrl === true && key.name === 'd') stop();
  };
  input.once('end', stop);
  input.once('close', stop);
  input.on('keypress', stopAtCtrlD);
  const common = { input, output, signal: AbortSignal.any([ended.signal, ...(signal === undefined ? [] : [signal])]) };
  return {
    common,
    take: (answer) => {
      if (!isCancel(answer)) return answer;
      throw ended.signal.aborted ? endOfInput() : cancelled();
    },
    close: () => {
      input.off('end', stop);
      input.off('close', stop);
      input.off('keypress', stopAtCtrlD);
    },
  };
}

/** Asks a person at a terminal: choices are picked with the arrow keys; Ctrl-C, Ctrl-D, the end of input and `signal` cancel. */
export function createTerminalPrompter(input: Readable, output: Writable, signal?: AbortSignal): Prompter {
  const { common, take, close } = openPrompts(input, output, signal);
  return {
    width: ('columns' in output && typeof output.columns === 'number' ? output.columns : DEFAULT_WIDTH) - MARK_WIDTH,
    say: (line) => {
      log.message(line, { output });
    },
    async askText({ message, initial, check }) {
      const answer = await text({
        ...common,
        message,
        placeholder: initial ?? '',
        validate: (value) => check(emptyIfBlank(value ?? '')) ?? undefined,
      });
      return emptyIfBlank(take<string | undefined>(answer) ?? '');
    },
    async askChoice({ message, options, initial }) {
      const first = initial ?? options[0];
      const answer = await select<string>({
        ...common,
        message,
        options: options.map((value) => ({ value })),
        ...(first === undefined ? {} : { initialValue: first }),
      });
      const word = take<string>(answer);
      const chosen = options.find((option) => option === word);
      if (chosen === undefined) throw cancelled();
      return chosen;
    },
    async askMenu({ message, heading, items, initial, cursor = initial ?? undefined }) {
      const answer = await select<string>({
        ...common,
        // Labels stand behind a mark and a blank.
        message: heading === null ? message : `${message}\n  ${heading}`,
        options: items.map(({ key, label, hint }) => ({ value: key, label, ...(hint === undefined ? {} : { hint }) })),
        ...(cursor === undefined ? {} : { initialValue: cursor }),
      });
      return take<string>(answer);
    },
    close,
  };
}

/** Asks for a passphrase at a terminal, without showing it. @throws {SealroomError} IO_ABORTED if it is cancelled. */
export async function askHidden(
  { stdin, stderr, signal }: Pick<CliIo, 'stdin' | 'stderr' | 'signal'>,
  message: string,
): Promise<string> {
  const { common, take, close } = openPrompts(stdin, stderr, signal);
  try {
    return take<string | undefined>(await password({ ...common, message, mask: '' })) ?? '';
  } finally {
    close();
  }
}

/** Asks for confirmation at a terminal; the default is no. @throws {SealroomError} IO_ABORTED if it is cancelled. */
export async function askToConfirm(
  { stdin, stderr, signal }: Pick<CliIo, 'stdin' | 'stderr' | 'signal'>,
  message: string,
): Promise<boolean> {
  const { common, take, close } = openPrompts(stdin, stderr, signal);
  try {
    return take(await confirm({ ...common, message, initialValue: false }));
  } finally {
    close();
  }
}

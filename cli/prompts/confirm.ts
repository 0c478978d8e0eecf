import type { Argv } from 'yargs';
import { SealroomError } from '../../src/errors/index.ts';
import type { CliIo } from '../terminal.ts';

/** The option of commands that ask before they do something. */
export interface ConfirmArguments {
  readonly yes: boolean;
}

/** Declares the option that answers the question before it is asked. */
export function withConfirm<T>(yargs: Argv<T>): Argv<T & ConfirmArguments> {
  return yargs.option('yes', { type: 'boolean', default: false, describe: 'do it without asking' });
}

/**
 * Goes on if the option says so, or a person at the terminal.
 *
 * @throws {SealroomError} USAGE_OPTION if there is neither; IO_ABORTED if the person says no.
 */
export async function confirmOrRefuse(io: CliIo, { yes }: ConfirmArguments, question: string): Promise<void> {
  if (yes) return;
  if (io.stdin.isTTY !== true) {
    throw new SealroomError('USAGE_OPTION', 'expected `--yes`, or a terminal to ask at, got neither', {
      hint: `the question is: ${question}`,
    });
  }
  // Loaded here, since the prompts' library would slow down every other command.
  const { askToConfirm } = await import('./prompts.ts');
  if (await askToConfirm(io, question)) return;
  throw new SealroomError('IO_ABORTED', 'nothing was done');
}

import type { Argv } from 'yargs';
import { SealroomError } from '../../src/errors/index.ts';
import type { CliIo } from '../terminal.ts';

/** The option of commands that ask for confirmation. */
export interface ConfirmArguments {
  readonly yes: boolean;
}

/** Declares the option that confirms in advance. */
export function withConfirm<T>(yargs: Argv<T>): Argv<T & ConfirmArguments> {
  return yargs.option('yes', { type: 'boolean', default: false, describe: 'do not ask for confirmation' });
}

/**
 * Returns if the option, or a person at the terminal, confirms.
 *
 * @throws {SealroomError} USAGE_OPTION if there is neither; IO_ABORTED if the person says no.
 */
export async function confirmOrRefuse(io: CliIo, { yes }: ConfirmArguments, question: string): Promise<void> {
  if (yes) return;
  if (io.stdin.isTTY !== true) {
    throw new SealroomError('USAGE_OPTION', 'without a terminal, this command needs `--yes`', {
      hint: `\`--yes\` answers the question: ${question}`,
    });
  }
  // Loaded here, because the library for prompts would slow down every other command.
  const { askToConfirm } = await import('./prompts.ts');
  if (await askToConfirm(io, question)) return;
  throw new SealroomError('IO_ABORTED', 'nothing was done');
}

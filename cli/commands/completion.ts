import type { CommandModule } from 'yargs';
import { SCRIPTS, type Shell, SHELLS } from '../completion/scripts.ts';
import type { CliIo } from '../terminal.ts';

/** The arguments of `completion`. */
interface CompletionArguments {
  readonly shell: Shell;
}

/** `sealroom completion`: prints the completion script of a shell. */
export function completionCommand(io: CliIo): CommandModule<object, CompletionArguments> {
  return {
    builder: (yargs) =>
      yargs.positional('shell', { choices: SHELLS, demandOption: true, describe: 'the shell that reads the script' }),
    handler: ({ shell }) => {
      io.stdout.write(SCRIPTS[shell]);
    },
  };
}

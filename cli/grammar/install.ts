import type { Argv } from 'yargs';
import { NEEDS_COMMAND } from '../usage-error.ts';
import { restoreArguments } from './arguments.ts';
import type { CommandDeclaration, Declared } from './declarations.ts';
import { EXAMPLES } from './examples.ts';
import { groupOf, GROUPS } from './groups.ts';
import type { Options } from 'yargs';

/** Where an option without a group is shown. */
const OTHERS = 'Other';

function groupNameOf({ name, declared }: Declared<Options>): string {
  return groupOf(name, declared.demandOption === true) ?? OTHERS;
}

/** The examples of a command: what it does, and below it the line to copy. */
function examplesOf({ path }: CommandDeclaration): readonly string[] {
  return (EXAMPLES[path.join(' ')] ?? []).flatMap(([line, does]) => [`# ${does}`, `sealroom ${line}`]);
}

/** What is done with a command. */
export interface Installation {
  /** Whether its options are shown, as `asksForHelp` says. */
  readonly isShown: boolean;
  /** Called with the path and the arguments of the command that is to run. */
  readonly run: (path: readonly string[], args: Readonly<Record<string, unknown>>) => Promise<void>;
}

function build(parser: Argv, command: CommandDeclaration, installation: Installation): Argv {
  const { positionals, options, commands } = command;
  for (const { name, declared } of positionals) parser.positional(name, declared);
  // Help has the groups in the order in which they are first met.
  for (const group of [...Object.keys(GROUPS), OTHERS]) {
    for (const option of options.filter((each) => groupNameOf(each) === group)) {
      parser.option(option.name, { ...option.declared, group: `${group}:`, hidden: !installation.isShown });
    }
  }
  for (const inner of commands) install(parser, inner, installation);
  // As an epilogue, because the library breaks the lines of its own examples.
  if (commands.length === 0)
    parser.epilogue(['Examples:', ...examplesOf(command).map((each) => `  ${each}`)].join('\n'));
  if (commands.length > 0) parser.demandCommand(1, NEEDS_COMMAND);
  return parser;
}

/** Gives the parser a command, with all that is declared of it. */
export function install(parser: Argv, command: CommandDeclaration, installation: Installation): Argv {
  const { path, usage, describe, commands } = command;
  return parser.command({
    command: [...path.slice(-1), ...usage].join(' '),
    describe,
    builder: (inner) => build(inner, command, installation),
    handler: (args) => (commands.length > 0 ? undefined : installation.run(path, restoreArguments(args))),
  });
}

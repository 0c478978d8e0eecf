import { type CommandDeclaration, type Declared, namesOf } from '../grammar/declarations.ts';
import { EXAMPLES, type Example } from '../grammar/examples.ts';
import { groupOf, GROUPS } from '../grammar/groups.ts';
import { kindOf, type ValueKind } from './kinds.ts';
import type { Options, PositionalOptions } from 'yargs';

/** A positional argument, as the reference has it. */
export interface ReferencePositional {
  readonly name: string;
  readonly describe: string;
  readonly isRequired: boolean;
  readonly isRepeated: boolean;
  readonly value: ValueKind;
}

/** An option, as the reference has it. */
export interface ReferenceOption {
  /** With their hyphens, the long one first. */
  readonly names: readonly string[];
  readonly describe: string;
  readonly group: string;
  readonly isRequired: boolean;
  /** `null` for an option that takes no value. */
  readonly value: ValueKind | null;
  readonly isRepeated: boolean;
}

/** A command, as the reference has it. */
export interface ReferenceCommand {
  readonly path: readonly string[];
  readonly usage: readonly string[];
  readonly describe: string;
  readonly positionals: readonly ReferencePositional[];
  readonly options: readonly ReferenceOption[];
  readonly examples: readonly Example[];
  readonly commands: readonly ReferenceCommand[];
}

function choicesOf({ choices = [] }: Options | PositionalOptions): readonly string[] {
  return choices.map(String);
}

function optionOf(command: string, option: Declared<Options>): ReferenceOption {
  const { name, declared } = option;
  const isRequired = declared.demandOption === true;
  return {
    names: namesOf(option).map((each) => (each.length === 1 ? `-${each}` : `--${each}`)),
    describe: declared.describe ?? '',
    group: groupOf(name, isRequired) ?? 'Other',
    isRequired,
    value: declared.type === 'boolean' ? null : kindOf(command, name, choicesOf(declared)),
    isRepeated: declared.array === true,
  };
}

/** The place of an option's group in help. */
function rankOf({ group }: ReferenceOption): number {
  const rank = Object.keys(GROUPS).indexOf(group);
  return rank < 0 ? Infinity : rank;
}

/** What people and shells need to know of a command: texts and kinds of values, without what runs. */
export function describeCommand(command: CommandDeclaration): ReferenceCommand {
  const { path, usage, describe, positionals, options, commands } = command;
  const name = path.join(' ');
  return {
    path,
    usage,
    describe,
    positionals: positionals.map((each) => ({
      name: each.name,
      describe: each.declared.describe ?? '',
      isRequired: usage.some((word) => word.startsWith(`<${each.name}`)),
      isRepeated: usage.some((word) => word.includes(`${each.name}..`)),
      value: kindOf(name, each.name, choicesOf(each.declared)),
    })),
    options: options.map((each) => optionOf(name, each)).sort((a, b) => rankOf(a) - rankOf(b)),
    examples: EXAMPLES[name] ?? [],
    commands: commands.map(describeCommand),
  };
}

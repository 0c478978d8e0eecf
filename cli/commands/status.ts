import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { describeProgress, type Progress, type Step, type StepState } from '../../src/actions/member/index.ts';
import { quoteForMessage } from '../../src/errors/index.ts';
import { memberEnvironment } from '../options/key-options.ts';
import { type OutputArguments, withOutputOptions } from '../options/output-options.ts';
import { printAnswer } from '../output/answer.ts';
import { layDigits } from '../prompts/compare-card.ts';
import type { CliIo } from '../terminal.ts';

/** The arguments of `status`. */
interface StatusArguments extends OutputArguments {
  readonly home: string | undefined;
}

const MARKS: Readonly<Record<StepState, string>> = { done: '✓', next: '→', waiting: '…', later: ' ' };

function describeStep({ name, state, detail, command, waitingFor }: Step): readonly string[] {
  const waiting = waitingFor.length === 0 ? '' : `, waiting for ${waitingFor.join(', ')}`;
  return [
    `${MARKS[state]} ${name}: ${detail}${state === 'waiting' ? waiting : ''}`,
    ...(state === 'next' && command !== null ? [`    ${command}`] : []),
  ];
}

/** A path as a person would write it: from the working directory, or from the home directory if it is not below that. */
function shortPath(cwd: string, path: string): string {
  const fromHere = relative(cwd, path) || '.';
  if (!/^\.\.[\\/]\.\.[\\/]/.test(fromHere)) return fromHere;
  const fromHome = relative(homedir(), path);
  return fromHome.startsWith('..') ? path : join('~', fromHome);
}

function describe(
  io: CliIo,
  { projectFile, home, member, collaboration, steps, toCompare }: Progress,
): readonly string[] {
  const short = (path: string): string => quoteForMessage(shortPath(io.cwd, path));
  return [
    collaboration === null
      ? 'no collaboration yet'
      : `${quoteForMessage(collaboration.name)}, collaboration ${collaboration.id}`,
    `${projectFile === null ? 'no sealroom.yaml here or above' : short(projectFile)}, home ${short(home)}${member === null ? '' : ` of ${member}`}`,
    '',
    ...steps.flatMap(describeStep),
    ...toCompare.flatMap(({ member: other, digits }) => [
      '',
      `to compare with ${other} by phone:`,
      ...layDigits(digits),
    ]),
  ];
}

async function runStatus(args: StatusArguments, io: CliIo): Promise<void> {
  const progress = await describeProgress(memberEnvironment(io, args), io.project ?? null);
  const sources = Object.fromEntries(
    Object.entries(io.project?.values ?? {}).filter(([, value]) => value !== undefined),
  );
  printAnswer(io, args, { ...progress, project: sources }, describe(io, progress));
}

function describeOptions(yargs: Argv): Argv<StatusArguments> {
  return withOutputOptions(yargs).option('home', {
    type: 'string',
    requiresArg: true,
    describe: 'home with your keys (default: SEALROOM_HOME, else ~/.sealroom)',
  });
}

/** `sealroom status`: says what is set in this folder, and what comes next. */
export function statusCommand(io: CliIo): CommandModule<object, StatusArguments> {
  return { builder: describeOptions, handler: (args) => runStatus(args, io) };
}

import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import type { OperatorEnvironment } from '../../src/actions/operator/index.ts';
import type { CliIo } from '../terminal.ts';
import { type OutputArguments, withOutputOptions } from './output-options.ts';

/** The arguments of all commands on a room. */
export interface RoomArguments extends OutputArguments {
  /** The current directory if not given. */
  readonly room: string | undefined;
}

/** Declares the options of all commands on a room. */
export function withRoom(yargs: Argv): Argv<RoomArguments> {
  return withOutputOptions(
    yargs.option('room', {
      type: 'string',
      requiresArg: true,
      describe: 'directory of the room (default: the current one)',
    }),
  );
}

/** The absolute path of the room. */
export function roomDirectory(io: CliIo, { room }: Pick<RoomArguments, 'room'>): string {
  return resolve(io.cwd, room ?? '.');
}

/** The argument of commands that record something in a room. */
export interface ClockArguments {
  readonly 'clock-jump': boolean;
}

/** Declares the option that lets a command record something though the clock is far ahead of the last record. */
export function withClockJump<T>(yargs: Argv<T>): Argv<T & ClockArguments> {
  return yargs.option('clock-jump', {
    type: 'boolean',
    default: false,
    describe: 'go on although the clock is more than a day past the last record, which the log notes',
  });
}

/** Makes the environment of an operator's action. */
export function operatorEnvironment(
  { env, now = () => new Date(), signal, clock }: CliIo,
  jump?: ClockArguments,
): OperatorEnvironment {
  return { env, now, allowClockJump: jump?.['clock-jump'], signal, clock };
}

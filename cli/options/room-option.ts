import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import type { OperatorEnvironment } from '../../src/actions/operator/index.ts';
import type { CliIo } from '../terminal.ts';

/** What all commands that work on a room are called with. */
export interface RoomArguments {
  readonly room: string;
  readonly json: boolean;
  readonly debug: boolean;
}

/** Declares the options that all commands on a room take. */
export function withRoom(yargs: Argv): Argv<RoomArguments> {
  return yargs
    .option('room', { type: 'string', default: '.', describe: 'directory of the room' })
    .option('json', { type: 'boolean', default: false, describe: 'print the answer and errors as JSON' })
    .option('debug', { type: 'boolean', default: false, describe: 'print stack traces' });
}

/** The absolute path of the room that a command works on. */
export function roomDirectory(io: CliIo, { room }: Pick<RoomArguments, 'room'>): string {
  return resolve(io.cwd, room);
}

/** What an operator's action gets from a command. */
export function operatorEnvironment({ env, signal }: CliIo): OperatorEnvironment {
  return { env, now: () => new Date(), signal };
}

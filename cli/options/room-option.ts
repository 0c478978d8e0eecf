import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import type { OperatorEnvironment } from '../../src/actions/operator/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { requireLocalPath } from '../../src/files/index.ts';
import { isRoomAddress } from '../../src/project/index.ts';
import type { CliIo } from '../terminal.ts';
import { type OutputArguments, withOutputOptions } from './output-options.ts';

/** The arguments of all commands on a room. */
export interface RoomArguments extends OutputArguments {
  /** The current directory if not given. */
  readonly room: string | undefined;
}

/** Declares the options of all commands on a room that is a directory. */
export function withRoom(yargs: Argv): Argv<RoomArguments> {
  return withOutputOptions(
    yargs.option('room', {
      type: 'string',
      requiresArg: true,
      describe: 'directory of the room (default: the current one)',
    }),
  );
}

/**
 * The absolute path of the room.
 *
 * @throws {SealroomError} USAGE_OPTION, IO_ADDRESS if it is an address.
 */
export function roomDirectory(io: CliIo, { room = '.' }: Partial<Pick<RoomArguments, 'room'>>): string {
  if (isRoomAddress(room)) {
    throw new SealroomError('USAGE_OPTION', 'this command takes the directory of a room, and not its address', {
      hint: 'its operator runs it where the room is; `sealroom audit export` has the records that concern you',
    });
  }
  requireLocalPath(room);
  return resolve(io.cwd, room);
}

/** The arguments with which a room over the network is reached. */
export interface NetworkArguments {
  readonly home: string | undefined;
  readonly trust: string | undefined;
  readonly ca: string | undefined;
}

/** Declares the option for the certificates of a room over the network. */
export function withCa<T>(yargs: Argv<T>): Argv<T & Pick<NetworkArguments, 'ca'>> {
  return yargs.option('ca', {
    type: 'string',
    requiresArg: true,
    describe: 'file with the certificates in PEM that vouch for a room over the network (default: those of the system)',
  });
}

/** Declares the options of all commands on a room that is a directory, or is reached over the network. */
export function withAnyRoom(yargs: Argv): Argv<RoomArguments & NetworkArguments> {
  return withCa(
    withOutputOptions(yargs)
      .option('room', {
        type: 'string',
        requiresArg: true,
        describe: 'directory of the room, or its address, https://… (default: the current directory)',
      })
      .option('home', {
        type: 'string',
        requiresArg: true,
        describe:
          'home with your signing key, for a room over the network or a manifest that names people (default: SEALROOM_HOME, else ~/.sealroom)',
      })
      .option('trust', {
        type: 'string',
        requiresArg: true,
        describe:
          'verifier key of a room over the network, or a file with it (default: the one that your home has kept)',
      }),
  );
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
  jump?: Partial<ClockArguments>,
): OperatorEnvironment {
  return { env, now, allowClockJump: jump?.['clock-jump'], signal, clock };
}

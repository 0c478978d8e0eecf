import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import type { Configuration } from '../../src/server/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { readTextFile } from '../../src/files/index.ts';
import { type ClockArguments, roomDirectory, withClockJump } from '../options/room-option.ts';
import { type OutputArguments, withOutputOptions } from '../options/output-options.ts';
import { printAnswer } from '../output/answer.ts';
import { EXIT } from '../exit.ts';
import type { CliIo } from '../terminal.ts';

/** The arguments of `room serve`. */
export interface ServeArguments extends OutputArguments, ClockArguments {
  readonly directory: string;
  readonly config: string | undefined;
  readonly origin: string | undefined;
  readonly listen: string | undefined;
  readonly tls: 'off' | undefined;
  readonly 'tls-key': string | undefined;
  readonly 'tls-cert': string | undefined;
  readonly 'pq-only': boolean | undefined;
  readonly ops: string | undefined;
  readonly standby: boolean | undefined;
}

/** Runs `room serve`, until it is told to stop. */
export async function runServe(args: ServeArguments, io: CliIo): Promise<void> {
  const { completeConfiguration, parseConfiguration, serveRoom } = await import('../../src/server/index.ts');
  const file = args.config === undefined ? null : resolve(io.cwd, args.config);
  const written = file === null ? {} : parseConfiguration(await readTextFile(file), file);
  const config = completeConfiguration(withOptions(args, written, io.cwd));
  await serveRoom({
    directory: roomDirectory(io, { room: args.directory }),
    env: io.env,
    now: io.now ?? (() => new Date()),
    allowClockJump: args['clock-jump'],
    config,
    writeLog: (line) => io.stderr.write(line),
    signal: io.signal ?? new AbortController().signal,
    onReload: io.onHangUp,
    onLost: () => process.exit(EXIT.failed),
    onListening: (address, state) => {
      const words = state === 'serving' ? 'serves the room' : 'stands by';
      printAnswer(io, args, { address, state, origin: config.origin }, [`${words} on ${address}, as ${config.origin}`]);
    },
  });
}

/** A configuration in which options come before what the file says. */
function withOptions(args: ServeArguments, written: Configuration, cwd: string): Configuration {
  const { origin, listen, ops, standby } = args;
  return {
    ...written,
    origin: origin ?? written.origin,
    listen: listen ?? written.listen,
    ops: ops?.includes('/') === true ? resolve(cwd, ops) : (ops ?? written.ops),
    standby: standby ?? written.standby,
    tls: tlsOf(args, written.tls, cwd),
  };
}

function tlsOf(args: ServeArguments, written: Configuration['tls'], cwd: string): Configuration['tls'] {
  const { 'tls-key': givenKey, 'tls-cert': givenCert, 'pq-only': isPqOnly } = args;
  if (args.tls === 'off') {
    if (givenKey === undefined && givenCert === undefined && isPqOnly !== true) return 'off';
    throw new SealroomError('USAGE_OPTION', '`--tls off` cannot be used with a certificate or `--pq-only`');
  }
  const files = written === 'off' ? undefined : written;
  const key = givenKey === undefined ? files?.key : resolve(cwd, givenKey);
  const cert = givenCert === undefined ? files?.cert : resolve(cwd, givenCert);
  if (key === undefined && cert === undefined) return written;
  if (key === undefined || cert === undefined) {
    throw new SealroomError('USAGE_OPTION', '`--tls-key` and `--tls-cert` belong together');
  }
  return { key, cert, pqOnly: isPqOnly ?? files?.pqOnly };
}

/** Declares the arguments of `room serve`. */
export function withServe(yargs: Argv): Argv<ServeArguments> {
  return withClockJump(
    withOutputOptions(
      yargs
        .positional('directory', { type: 'string', demandOption: true, describe: 'directory of the room' })
        .option('config', { type: 'string', requiresArg: true, describe: 'file with the options below, in YAML' })
        .option('origin', {
          type: 'string',
          requiresArg: true,
          describe: 'address by which members know the room, such as https://room.example',
        })
        .option('listen', {
          type: 'string',
          requiresArg: true,
          describe: 'address and port to listen on, such as 0.0.0.0:443; with port 0 any that is free',
        })
        .option('tls-key', {
          type: 'string',
          requiresArg: true,
          describe: 'private key of the certificate, in PEM; read again when it changes',
        })
        .option('tls-cert', {
          type: 'string',
          requiresArg: true,
          describe: 'certificate and those above it, in PEM; read again when it changes',
        })
        .option('tls', {
          choices: ['off'] as const,
          requiresArg: true,
          describe: 'off: a front on this machine ends TLS, and only it is listened to',
        })
        .option('pq-only', {
          type: 'boolean',
          describe: 'refuse clients whose key agreement a quantum computer could break',
        })
        .option('ops', {
          type: 'string',
          requiresArg: true,
          describe: 'address of this machine and port, or path of a socket, for health and metrics',
        })
        .option('standby', {
          type: 'boolean',
          describe: 'wait while another process serves the room, and take over when it ends',
        }),
    ),
  );
}

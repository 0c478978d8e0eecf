import type { CommandModule } from 'yargs';
import { SealroomError } from '../../src/errors/index.ts';
import type { RunnerLimits } from '../../src/room/index.ts';
import { type QueryArguments, readQuestion, withQuery } from '../options/query-options.ts';
import { checkTargets, type ResultArguments, withResult } from '../options/result-options.ts';
import {
  type ClockArguments,
  type NetworkArguments,
  type RoomArguments,
  withAnyRoom,
  withClockJump,
} from '../options/room-option.ts';
import { printEnd } from '../output/format-answer.ts';
import { useRoom } from '../room-target/use-room.ts';
import type { CliIo } from '../terminal.ts';

/** The arguments of `query`. */
interface CommandArguments extends RoomArguments, NetworkArguments, QueryArguments, ResultArguments, ClockArguments {
  readonly 'no-wait': boolean;
  readonly timeout: number | undefined;
  readonly memory: number | undefined;
}

function limitsOf({ timeout, memory }: CommandArguments): Partial<RunnerLimits> {
  for (const [name, value] of Object.entries({ timeout, memory })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= 1_000_000)) {
      throw new SealroomError('USAGE_OPTION', `\`--${name}\` must be a whole number from 1 to 1,000,000`);
    }
  }
  return {
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    ...(memory === undefined ? {} : { memoryMiB: memory }),
  };
}

async function runQuery(args: CommandArguments, io: CliIo): Promise<void> {
  const question = await readQuestion(io, args);
  const targets = await checkTargets(io, args);
  const choice = { ...args, limits: limitsOf(args) };
  const order = { question, targets, isWaiting: !args['no-wait'] };
  await printEnd(io, args, await useRoom(io, choice, (room) => room.ask(order)), targets);
}

/** `sealroom query`: asks a room. */
export function queryCommand(io: CliIo): CommandModule<object, CommandArguments> {
  return {
    builder: (yargs) =>
      withResult(withClockJump(withQuery(withAnyRoom(yargs))))
        .option('no-wait', {
          type: 'boolean',
          default: false,
          describe: 'print the id of the job in a room over the network, and do not wait for its end',
        })
        .option('timeout', { type: 'number', describe: 'time limit of the query in seconds (default: 60)' })
        .option('memory', { type: 'number', describe: 'memory limit of the engine in MiB (default: 1024)' }),
    handler: (args) => runQuery(args, io),
  };
}

import type { Argv } from 'yargs';
import { SealroomError } from '../../src/errors/index.ts';
import { isRoomAddress } from '../../src/project/index.ts';
import { checkTargets, type ResultArguments, withResult } from '../options/result-options.ts';
import { type NetworkArguments, type RoomArguments, withAnyRoom } from '../options/room-option.ts';
import { printAnswer } from '../output/answer.ts';
import { describeJob } from '../output/format-job.ts';
import type { RemoteRoom } from '../room-target/remote-room.ts';
import { useRemoteRoom } from '../room-target/use-room.ts';
import type { CliIo } from '../terminal.ts';

/** The arguments of `room watch`. */
type WatchArguments = RoomArguments & NetworkArguments;

/** The arguments of `room job`. */
interface JobArguments extends WatchArguments, ResultArguments {
  readonly id: string;
  readonly cancel: boolean;
}

/** Uses the room that `--room` names, which has jobs. */
async function useJobs(io: CliIo, args: WatchArguments, use: (room: RemoteRoom) => Promise<void>): Promise<void> {
  const { room = '.' } = args;
  if (isRoomAddress(room)) return useRemoteRoom(io, { ...args, room }, use);
  throw new SealroomError('USAGE_OPTION', 'only a room over the network has jobs', {
    hint: 'give its address with `--room`, such as `https://room.example`',
  });
}

async function runJob(args: JobArguments, io: CliIo): Promise<void> {
  const targets = await checkTargets(io, args);
  // Loaded here, because it reads tables, which the other commands on rooms do not.
  const { printEnd } = await import('../output/format-answer.ts');
  await useJobs(io, args, async (room) => {
    if (!args.cancel) return printEnd(io, args, await room.goOn(args.id, targets), targets);
    const job = await room.cancel(args.id);
    printAnswer(io, args, job, [describeJob(job)]);
  });
}

async function runWatch(args: WatchArguments, io: CliIo): Promise<void> {
  await useJobs(io, args, async (room) => {
    for await (const job of room.watch()) printAnswer(io, args, job, [describeJob(job)]);
  });
}

function withJob(yargs: Argv): Argv<JobArguments> {
  return withResult(withAnyRoom(yargs))
    .positional('id', { type: 'string', demandOption: true, describe: 'id of the job' })
    .option('cancel', {
      type: 'boolean',
      default: false,
      describe: 'cancel it instead; what it has spent of budgets remains spent',
    });
}

/** Declares `room job` and `room watch`. */
export function withJobCommands(yargs: Argv, io: CliIo): Argv {
  return yargs
    .command('job <id>', 'wait for the end of a job of a room over the network, and get its result', withJob, (args) =>
      runJob(args, io),
    )
    .command('watch', 'print each change of your jobs in a room over the network', withAnyRoom, (args) =>
      runWatch(args, io),
    );
}

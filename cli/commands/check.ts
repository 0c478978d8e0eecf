import type { CommandModule } from 'yargs';
import { checkInRoom, checkUnderManifest } from '../../src/actions/operator/index.ts';
import { claimedCaller } from '../../src/room/index.ts';
import { readNamedFile } from '../options/collaboration-options.ts';
import { type QueryArguments, readQuestion, withQuery } from '../options/query-options.ts';
import { operatorEnvironment, type RoomArguments, roomDirectory, withRoom } from '../options/room-option.ts';
import { printVerdict, refusal, verdictForMachines } from '../output/format-query.ts';
import type { CliIo } from '../terminal.ts';

/** The arguments of `check`. */
interface CheckArguments extends RoomArguments, QueryArguments {
  readonly manifest: string | undefined;
}

async function runCheck(args: CheckArguments, io: CliIo): Promise<void> {
  const request = { ...readQuestion(io, args), caller: claimedCaller(args.as) };
  const { manifest } = args;
  const { text, verdict, budgets } =
    manifest === undefined
      ? await checkInRoom(operatorEnvironment(io), roomDirectory(io, args), request)
      : await checkUnderManifest(await readNamedFile(io, manifest), request, io.signal);
  const answer = args.json
    ? JSON.stringify({ sql: text, ...verdictForMachines(verdict), budgets })
    : printVerdict(text, verdict, budgets).join('\n');
  io.stdout.write(`${answer}\n`);
  if (!verdict.allowed) throw refusal(verdict.findings);
}

/** `sealroom check`: says whether a query may run, why not, and what would run. */
export function checkCommand(io: CliIo): CommandModule<object, CheckArguments> {
  return {
    builder: (yargs) =>
      withQuery(withRoom(yargs)).option('manifest', {
        type: 'string',
        describe: 'check against this manifest, without a room and its budgets',
      }),
    handler: (args) => runCheck(args, io),
  };
}

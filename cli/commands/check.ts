import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { parseManifest, verifyManifest } from '../../src/collab/index.ts';
import { checkQuery, QueryParser } from '../../src/query/index.ts';
import { previewQuery, type QueryCheck, type QueryRequest, resolveRequest } from '../../src/room/index.ts';
import { readTextFile } from '../../src/files/index.ts';
import { type QueryArguments, readRequest, withQuery } from '../query-request.ts';
import { printVerdict, refusal } from '../output/format-query.ts';
import { type RoomArguments, roomDirectory, withRoom } from '../options/room-option.ts';
import type { CliIo } from '../terminal.ts';
import { refuseBrokenSignatures } from '../output/format-manifest.ts';

/** What `check` is called with. */
interface CheckArguments extends RoomArguments, QueryArguments {
  readonly manifest: string | undefined;
}

/** Checks against a manifest alone, as a member does that has no room. */
async function checkAgainst(manifestFile: string, request: QueryRequest): Promise<QueryCheck> {
  const manifest = parseManifest(await readTextFile(manifestFile), { file: manifestFile });
  refuseBrokenSignatures(verifyManifest(manifest), manifestFile);
  const { text, context } = resolveRequest(request, manifest);
  using parser = await QueryParser.open();
  return { text, verdict: checkQuery(await parser.parse(text), context), budgets: [] };
}

async function runCheck(args: CheckArguments, io: CliIo): Promise<void> {
  const request = readRequest(io, args);
  const { manifest } = args;
  const { text, verdict, budgets } =
    manifest === undefined
      ? await previewQuery({ directory: roomDirectory(io, args), env: io.env, now: () => new Date() }, request)
      : await checkAgainst(resolve(io.cwd, manifest), request);
  const answer = args.json
    ? JSON.stringify({ sql: text, ...verdict, budgets })
    : printVerdict(text, verdict, budgets).join('\n');
  io.stdout.write(`${answer}\n`);
  if (!verdict.allowed) throw refusal(verdict.findings);
}

/** `sealroom check`: whether a query may run, why not, and what would run. */
export function checkCommand(io: CliIo): CommandModule<object, CheckArguments> {
  return {
    command: 'check [sql]',
    describe: 'say whether a query may run, why not, and what would run; exit code 3 if it may not',
    builder: (yargs) =>
      withQuery(withRoom(yargs)).option('manifest', {
        type: 'string',
        describe: 'check against this manifest, without a room and its budgets',
      }),
    handler: (args) => runCheck(args, io),
  };
}

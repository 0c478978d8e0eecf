import { extname } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { type CleanRoomsQuery, queryCleanRooms, type ResultFile } from '../../src/actions/member/index.ts';
import { listHomeKeys } from '../../src/actions/member/index.ts';
import { checkUnderManifest } from '../../src/actions/operator/index.ts';
import { accountOfMember, type ResultPlace } from '../../src/clean-rooms/index.ts';
import { escapeUnprintable, quoteForMessage, SealroomError } from '../../src/errors/index.ts';
import type { Verdict } from '../../src/query/index.ts';
import { claimedCaller } from '../../src/room/index.ts';
import { type KeyArguments, memberEnvironment, withKeyOptions } from '../options/key-options.ts';
import { readNamedFile } from '../options/manifest-option.ts';
import { type QueryTextArguments, readQueryText, withQueryText } from '../options/query-text.ts';
import { resolvePath } from '../options/table-options.ts';
import { printVerdict, refusal } from '../output/format-query.ts';
import { type CliIo, say } from '../terminal.ts';
import { NEEDS_COMMAND } from '../usage-error.ts';
import { type OutputArguments, withOutputOptions } from '../options/output-options.ts';

/** The arguments of `clean-rooms query`. */
interface QueryArguments extends KeyArguments, OutputArguments, QueryTextArguments {
  readonly membership: string;
  readonly manifest: string;
  readonly as: string;
  readonly for: readonly string[] | undefined;
  readonly bucket: string | undefined;
  readonly prefix: string | undefined;
  readonly output: string | undefined;
  readonly overwrite: boolean;
  readonly profile: string | undefined;
  readonly region: string | undefined;
}

const MEMBERSHIP_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The format of the result at AWS, which is that of the output. */
function formatOf(output: string | undefined): 'CSV' | 'PARQUET' {
  const extension = output === undefined ? '.csv' : extname(output).toLowerCase();
  if (extension === '.csv') return 'CSV';
  if (extension === '.parquet') return 'PARQUET';
  throw new SealroomError('USAGE_OPTION', '`--output` must end in `.csv` or `.parquet`', {
    hint: 'AWS Clean Rooms writes results in these formats',
  });
}

/** Where AWS is to put the result. */
function placeOf({ bucket, prefix, output, as, for: receivers = [] }: QueryArguments): ResultPlace {
  if (bucket !== undefined) {
    if (receivers.length > 0) throw new SealroomError('USAGE_OPTION', '`--bucket` and `--for` cannot be combined');
    return { kind: 's3', bucket, prefix, format: formatOf(output) };
  }
  if (prefix !== undefined) throw new SealroomError('USAGE_OPTION', '`--prefix` needs `--bucket`');
  if (output !== undefined) {
    throw new SealroomError('USAGE_OPTION', '`--output` needs `--bucket`', {
      hint: 'results are downloaded from a bucket of yours; without one, they stay with the member that receives them',
    });
  }
  const [receiver, other] = receivers;
  if (other !== undefined) throw new SealroomError('USAGE_OPTION', '`--for` can be given once here');
  if (receiver === undefined || receiver === as) return { kind: 'default' };
  const account = accountOfMember(receiver);
  if (account !== null) return { kind: 'member', account };
  throw new SealroomError('USAGE_OPTION', `${quoteForMessage(receiver)} is not \`a\` and an account id of AWS`);
}

async function check(
  io: CliIo,
  args: QueryArguments,
  sql: string,
): Promise<{ readonly text: string; readonly verdict: Verdict; readonly id: string }> {
  const file = await readNamedFile(io, args.manifest);
  const knownKeys = await listHomeKeys(memberEnvironment(io, args));
  const request = {
    caller: claimedCaller(args.as),
    receivers: args.for ?? [],
    query: { kind: 'text', sql },
  } as const;
  const { text, verdict, manifest } = await checkUnderManifest(
    { ...file, knownKeys, isUnsigned: true },
    request,
    io.signal,
  );
  if (manifest.dialect !== 'spark') {
    throw new SealroomError('USAGE_OPTION', "the manifest is for DuckDB's SQL, and AWS runs Spark SQL", {
      hint: 'check under the manifest that `collab import-clean-rooms` wrote',
    });
  }
  return { text, verdict, id: manifest.id };
}

function fileOf(io: CliIo, args: QueryArguments, verdict: Verdict, collaborationId: string): ResultFile | null {
  const { output, overwrite, key } = args;
  if (output === undefined || !verdict.allowed) return null;
  const isSealed = verdict.statement.columns.some(({ protection }) => protection === 'sealed');
  return { path: resolvePath(io, output), overwrite, isSealed, collaborationId, key };
}

/** Shows on a terminal how a query goes on, in one line. */
function showStatus(io: CliIo): CleanRoomsQuery['onStatus'] {
  const started = performance.now();
  return (id, status) => {
    if (io.stderr.isTTY !== true) return;
    const seconds = Math.round((performance.now() - started) / 1000);
    io.stderr.write(`\r\u001b[Kquery ${quoteForMessage(id)}: ${quoteForMessage(status)}, ${String(seconds)} s`);
  };
}

async function runQuery(args: QueryArguments, io: CliIo): Promise<void> {
  const { membership, profile, region, json, output } = args;
  const membershipId = membership.toLowerCase();
  if (!MEMBERSHIP_ID.test(membershipId)) {
    throw new SealroomError('USAGE_OPTION', '`--membership` is not an id of 36 characters', {
      hint: 'it is the id of your membership, not that of the collaboration',
    });
  }
  const place = placeOf(args);
  const sql = await readQueryText(io, args);
  if (sql === undefined) {
    throw new SealroomError('USAGE_OPTION', 'missing query', {
      hint: 'write the query in quotes as one argument, or name its file with `--file`',
    });
  }
  const { text, verdict, id } = await check(io, args, sql);
  if (!verdict.allowed) {
    const answer = json
      ? JSON.stringify({ sql: text, ...verdict })
      : printVerdict({ sql: text, parameters: {}, ...verdict, budgets: [] }).join('\n');
    io.stdout.write(`${answer}\n`);
    throw refusal(verdict.findings);
  }
  const file = fileOf(io, args, verdict, id);
  const result = await queryCleanRooms(memberEnvironment(io, args), {
    membershipId,
    sql,
    place,
    aws: { profile, region },
    file,
    onStatus: showStatus(io),
  }).finally(() => {
    if (io.stderr.isTTY === true) io.stderr.write('\r\u001b[K');
  });
  if (json) {
    io.stdout.write(`${JSON.stringify({ ...result, output: output ?? null })}\n`);
    return;
  }
  const where = [
    ...(result.location === null ? [] : [`result: ${escapeUnprintable(result.location)}`]),
    ...result.accounts.map((account) => `result: with the account ${escapeUnprintable(account)}`),
    ...(output === undefined ? [] : [`wrote ${quoteForMessage(output)}`]),
  ];
  io.stderr.write([`query ${escapeUnprintable(result.id)}: SUCCESS`, ...where].map((line) => `${line}\n`).join(''));
  if (file === null && result.location !== null) {
    say(io, 'hint', 'download it, and open sealed columns with `sealroom decrypt`; or give `--output` next time');
  }
}

function withQuery(yargs: Argv): Argv<QueryArguments> {
  return withOutputOptions(
    withQueryText(withKeyOptions(yargs))
      .option('membership', {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'id of your membership at AWS',
      })
      .option('manifest', {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'the manifest that `collab import-clean-rooms` wrote; the query is checked under it first',
      })
      .option('as', { type: 'string', demandOption: true, requiresArg: true, describe: 'your member id in it' })
      .option('for', {
        type: 'string',
        array: true,
        requiresArg: true,
        describe: 'id of the member that receives the result (default: you, where your membership says)',
      })
      .option('bucket', { type: 'string', requiresArg: true, describe: 'S3 bucket for the result' })
      .option('prefix', { type: 'string', requiresArg: true, describe: 'prefix of its key in the bucket' })
      .option('output', {
        alias: 'o',
        type: 'string',
        requiresArg: true,
        describe: 'file (.csv or .parquet) for the result, downloaded from the bucket and decrypted',
      })
      .option('overwrite', { type: 'boolean', default: false, describe: 'replace an existing file' })
      .option('profile', { type: 'string', requiresArg: true, describe: 'AWS profile' })
      .option('region', { type: 'string', requiresArg: true, describe: 'AWS region' }),
  );
}

/** `sealroom clean-rooms`: queries that run at AWS Clean Rooms. */
export function cleanRoomsCommand(io: CliIo): CommandModule {
  return {
    builder: (yargs) =>
      yargs
        .command(
          'query [sql]',
          'check a query, run it at AWS, and decrypt its result; exit code 3, and nothing is sent, if it is not allowed',
          withQuery,
          (args) => runQuery(args, io),
        )
        .demandCommand(1, NEEDS_COMMAND),
    handler: () => undefined,
  };
}

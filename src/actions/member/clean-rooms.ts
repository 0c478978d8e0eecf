import { rm } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  CleanRoomsConnection,
  downloadResult,
  type ImportedManifest,
  importManifest,
  openResultStore,
  type ProtectedQueryResult,
  fetchCollaboration,
  type ResultPlace,
  type ResultStore,
  runProtectedQuery,
  showLocation,
} from '../../clean-rooms/index.ts';
import type { CleanRoomsOptions } from '../../collab/index.ts';
import { parseCollaborationId } from '../../crypto/index.ts';
import type { FileText } from '../../custody/index.ts';
import { quoteForMessage, SealroomError } from '../../errors/index.ts';
import { checkTarget, createTempFolder, placeOutput } from '../../files/index.ts';
import { parseTableSchema } from '../../schema/index.ts';
import { decryptForCollaboration } from './decrypt-for-collaboration.ts';
import type { MemberEnvironment } from './environment.ts';

/** The account and region that are asked. */
export type AwsChoice = Pick<CleanRoomsOptions, 'profile' | 'region'>;

/** The options of {@link importCleanRooms}. */
export interface ImportRequest {
  /** The collaboration, a UUID in any case. */
  readonly id: string;
  /** C3R's schemas by the name of their table. */
  readonly schemas: ReadonlyMap<string, FileText>;
  readonly aws: AwsChoice;
}

/**
 * Makes a manifest of a running collaboration of AWS Clean Rooms.
 *
 * @throws {SealroomError} as `parseCollaborationId`, `parseTableSchema`, `readCollaboration` and `importManifest`.
 */
export async function importCleanRooms(
  { id, schemas, aws }: ImportRequest,
  signal?: AbortSignal,
): Promise<ImportedManifest> {
  const columns = new Map([...schemas].map(([table, { text, file }]) => [table, parseTableSchema(text, { file })]));
  const collaborationId = parseCollaborationId(id);
  using connection = await CleanRoomsConnection.open(aws);
  return importManifest(await fetchCollaboration({ connection, id: collaborationId, signal }), columns);
}

/** What becomes of a result in S3. */
export interface ResultFile {
  /** Absolute. */
  readonly path: string;
  readonly overwrite: boolean;
  /** Whether the result has sealed columns, which are opened. */
  readonly isSealed: boolean;
  readonly collaborationId: string;
  /** URI of the key that opens the envelope of the secret. */
  readonly key: string | undefined;
}

/** The options of {@link queryCleanRooms}. */
export interface CleanRoomsQuery {
  readonly membershipId: string;
  /** The text that the member wrote, which has been checked. */
  readonly sql: string;
  readonly place: ResultPlace;
  readonly aws: AwsChoice;
  /** Where to put the result, if it is to be downloaded from S3. */
  readonly file: ResultFile | null;
  readonly onStatus: (id: string, status: string) => void;
  /** Opens what results are downloaded from; default: S3. Only tests set it. */
  readonly openStore?: ((aws: AwsChoice) => Promise<ResultStore>) | undefined;
}

/** Resolves after a time, or at once when the signal fires. */
async function waitFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await setTimeout(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    if (signal?.aborted !== true) throw error;
  });
}

async function receiveResult(
  environment: MemberEnvironment,
  store: ResultStore,
  { location, file }: { readonly location: string; readonly file: ResultFile },
): Promise<void> {
  const { path, overwrite, isSealed, collaborationId: id, key } = file;
  const { signal } = environment;
  const place = await checkTarget(path, { overwrite });
  const folder = await createTempFolder(dirname(place.path));
  try {
    const input = join(folder, `result${extname(path)}`);
    await downloadResult(location, input, { store, signal });
    if (!isSealed) {
      await placeOutput(input, path, { overwrite });
      return;
    }
    const output = { kind: 'file', path } as const;
    await decryptForCollaboration(environment, {
      table: { input: { kind: 'file', path: input }, output, overwrite },
      packageOutput: output,
      collaboration: { id },
      packageKeys: { identityFile: undefined, trust: undefined, member: undefined, isAgain: false },
      key,
      failOnFingerprintColumns: false,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The error of a result that AWS has; it says where, because asking again costs again. */
function nameResult(error: unknown, { id, location }: { readonly id: string; readonly location: string }): unknown {
  if (!(error instanceof SealroomError) || error.code === 'IO_CLEAN_ROOMS') return error;
  const { code, message, hint: own, where, evidence } = error;
  const place = `the query ${quoteForMessage(id)} has run, and its result stays in ${showLocation(location)}`;
  const hint = own === undefined ? place : `${own}; ${place}`;
  return new SealroomError(code, message, { hint, where, cause: error, evidence });
}

/**
 * Sends a query to AWS Clean Rooms, waits for its end, and downloads and decrypts the result. The caller has checked the query. When
 * the signal of the environment fires, the query is cancelled at AWS.
 *
 * @throws {SealroomError} as `checkTarget`, `openResultStore`, `runProtectedQuery`, `downloadResult` and `decryptForCollaboration`. If
 *   the result cannot be downloaded or decrypted, it stays in S3.
 */
export async function queryCleanRooms(
  environment: MemberEnvironment,
  { membershipId, sql, place, aws, file, onStatus, openStore = openResultStore }: CleanRoomsQuery,
): Promise<ProtectedQueryResult> {
  if (file !== null) await checkTarget(file.path, { overwrite: file.overwrite });
  // Before the query is paid for.
  using store = file === null ? null : await openStore(aws);
  using connection = await CleanRoomsConnection.open(aws);
  const { signal } = environment;
  const result = await runProtectedQuery(connection, { membershipId, sql, place }, { signal, wait: waitFor, onStatus });
  if (file === null || store === null) return result;
  const { location, id } = result;
  if (location === null) {
    throw new SealroomError('IO_CLEAN_ROOMS', `AWS does not say where the result of the query ${id} is`, {
      hint: 'the query has run; see where its result is in the console of AWS Clean Rooms',
    });
  }
  await receiveResult(environment, store, { location, file }).catch((error: unknown) => {
    throw nameResult(error, { id, location });
  });
  return result;
}

import { parseManifest, refuseBrokenSignatures, verifyManifest } from '../../collab/index.ts';
import { previewQuery, type QueryCheck, QueryChecker, type QueryRequest, resolveRequest } from '../../room/index.ts';
import type { OperatorEnvironment } from './environment.ts';

/**
 * Checks a query to a room, and what it would cost the budgets. It runs and records nothing.
 *
 * @param directory absolute path of the room
 * @throws {SealroomError} as `previewQuery`
 */
export async function checkInRoom(
  { env, now, signal }: OperatorEnvironment,
  directory: string,
  request: QueryRequest,
): Promise<QueryCheck> {
  return previewQuery({ directory, env, now }, request, signal);
}

/**
 * Checks a query under a manifest, without a room and without budgets.
 *
 * @throws {SealroomError} USAGE_OPTION as `resolveRequest`; MANIFEST_* as `parseManifest`; MANIFEST_SIGNATURE if a signature is
 *   invalid; IO_ABORTED if the signal fires.
 */
export async function checkUnderManifest(
  { text, file }: { readonly text: string; readonly file: string },
  request: QueryRequest,
  signal?: AbortSignal,
): Promise<QueryCheck> {
  await using checker = new QueryChecker();
  const manifest = parseManifest(text, { file });
  refuseBrokenSignatures(verifyManifest(manifest), file);
  const { text: sql, context } = resolveRequest(request, manifest);
  return { text: sql, verdict: await checker.check(sql, context, signal), budgets: [] };
}

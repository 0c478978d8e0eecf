import { parseManifest, refuseBrokenSignatures, verifyManifest } from '../../collab/index.ts';
import { checkQuery, QueryParser } from '../../query/index.ts';
import { previewQuery, type QueryCheck, type QueryRequest, resolveRequest } from '../../room/index.ts';
import type { OperatorEnvironment } from './environment.ts';

/**
 * Checks a query to a room, and what it would cost the budgets. It runs and records nothing.
 *
 * @param directory absolute path of the room
 * @throws {SealroomError} as `previewQuery`
 */
export async function checkInRoom(
  { env, now }: OperatorEnvironment,
  directory: string,
  request: QueryRequest,
): Promise<QueryCheck> {
  return previewQuery({ directory, env, now }, request);
}

/**
 * Checks a query under a manifest, without a room and without budgets.
 *
 * @throws {SealroomError} USAGE_OPTION as `resolveRequest`; MANIFEST_* as `parseManifest`; MANIFEST_SIGNATURE if a signature is
 *   invalid.
 */
export async function checkUnderManifest(
  { text, file }: { readonly text: string; readonly file: string },
  request: QueryRequest,
): Promise<QueryCheck> {
  const manifest = parseManifest(text, { file });
  refuseBrokenSignatures(verifyManifest(manifest), file);
  const { text: sql, context } = resolveRequest(request, manifest);
  using parser = await QueryParser.open();
  return { text: sql, verdict: checkQuery(await parser.parse(sql), context), budgets: [] };
}

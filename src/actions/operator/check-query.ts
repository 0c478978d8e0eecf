import {
  comparePinnedKeys,
  type KnownKey,
  listUnsigned,
  type Manifest,
  parseManifest,
  refuseBrokenSignatures,
  requireKnownSigners,
  requirePinnedKeys,
  requireSignatures,
  verifyManifest,
} from '../../collab/index.ts';
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

/** A manifest to check queries under. */
export interface CheckedManifest {
  readonly text: string;
  readonly file: string;
  /** The keys that are known to be its members'. */
  readonly knownKeys: readonly KnownKey[];
  /** Whether signatures may be missing. */
  readonly isUnsigned: boolean;
}

/** The verdict on a query under a manifest. */
export interface ManifestCheck extends QueryCheck {
  readonly manifest: Manifest;
  /** The members that have not signed the manifest: whoever passed it on can have changed it. */
  readonly unsigned: readonly string[];
}

/**
 * Reads a manifest that queries are checked under, and the members that have not signed it.
 *
 * @throws {SealroomError} the codes of {@link checkUnderManifest} that are about the manifest.
 */
export function readCheckedManifest({ text, file, knownKeys, isUnsigned }: CheckedManifest): {
  readonly manifest: Manifest;
  readonly unsigned: readonly string[];
} {
  const manifest = parseManifest(text, { file });
  const keys = comparePinnedKeys(manifest, knownKeys);
  requirePinnedKeys(keys, file);
  const states = verifyManifest(manifest);
  (isUnsigned ? refuseBrokenSignatures : requireSignatures)(states, file);
  requireKnownSigners(manifest, keys, file);
  return { manifest, unsigned: listUnsigned(states) };
}

/**
 * Checks a query under a manifest, without a room and without budgets.
 *
 * @throws {SealroomError} USAGE_OPTION as `resolveRequest`; MANIFEST_* as `parseManifest`; MANIFEST_SIGNATURE if a signature is
 *   invalid, or another key of a member is known; MANIFEST_UNSIGNED if a signature is missing, unless that is allowed; IO_ABORTED if
 *   the signal fires.
 */
export async function checkUnderManifest(
  checked: CheckedManifest,
  request: QueryRequest,
  signal?: AbortSignal,
): Promise<ManifestCheck> {
  await using checker = new QueryChecker();
  const { manifest, unsigned } = readCheckedManifest(checked);
  const { text: sql, context } = resolveRequest(request, manifest);
  return {
    text: sql,
    parameters: context.parameters ?? {},
    verdict: await checker.check(sql, context, signal),
    budgets: [],
    manifest,
    unsigned,
  };
}

import { type Manifest, requireRoleOfPerson } from '../../collab/index.ts';
import { recipientsOf } from '../../package/index.ts';
import {
  type Caller,
  type QueryOutcome,
  type QueryRequest,
  QueryRunner,
  receiversOf,
  refuseSecrets,
  RoomReader,
  type RunnerLimits,
} from '../../room/index.ts';
import type { OperatorEnvironment } from './environment.ts';

/** A query to a room. */
export interface QueryOrder extends Omit<QueryRequest, 'caller'> {
  /** Absolute path of the room. */
  readonly directory: string;
  /** Returns the caller, given the manifest; throws to refuse. Called before anything else. */
  readonly authenticate: (manifest: Manifest) => Promise<Caller>;
  readonly limits?: Partial<RunnerLimits> | undefined;
  /** Whether the result is packed for its receivers. */
  readonly isPacked: boolean;
}

type Outcome<Kind extends QueryOutcome['kind']> = Extract<QueryOutcome, { readonly kind: Kind }>;

/** The outcome of a query, which is in the audit log. */
export type QueryAnswer =
  | Outcome<'refused'>
  | (Outcome<'released'> & {
      /** Only the receivers can open it; `null` unless `isPacked`. */
      readonly package: Uint8Array | null;
    });

/**
 * Runs a query in a room: it authenticates the caller, checks the roles of the manifest, looks up the receivers' keys, runs the query
 * and packs its result. A refusal by the analysis rules is an answer. When this returns, the audit log has the outcome.
 *
 * @throws {SealroomError} SECRET_PRESENT if the environment has the shared secret; what `authenticate` throws; RULE_ROLE if roles
 *   forbid the query to the caller; USAGE_OPTION if a receiver has no key; as `openRoom` and `QueryRunner.run`.
 */
export async function askRoom(
  { env, now, allowClockJump, signal, clock }: OperatorEnvironment,
  { directory, authenticate, limits, isPacked, ...asked }: QueryOrder,
): Promise<QueryAnswer> {
  refuseSecrets(env);
  const reader = new RoomReader(directory);
  const room = await reader.open();
  const { manifest } = room;
  const request = { ...asked, caller: await authenticate(manifest) };
  authoriseCaller(manifest, request.caller);
  const recipients = isPacked ? recipientsOf(manifest, receiversOf(request)) : null;
  await using runner = await QueryRunner.open({ directory, env, now, allowClockJump, limits, reader, clock });
  const outcome = await runner.run(request, { room, signal });
  if (outcome.kind === 'refused') return outcome;
  return { ...outcome, package: recipients === null ? null : await runner.pack(outcome.result, recipients) };
}

/** Checks the role of a caller. The runner refuses callers and receivers that are not members. */
function authoriseCaller({ members }: Manifest, { member: id, person }: Caller): void {
  const member = members.find((each) => each.id === id);
  if (member !== undefined) requireRoleOfPerson(member, person, 'query');
}

import { loadTable, type LoadOptions, type LoadSummary, refuseSecrets, removeTable } from '../../room/index.ts';
import type { OperatorEnvironment } from './environment.ts';

/**
 * Loads a protected table into a room, and replaces the previous one.
 *
 * @throws {SealroomError} SECRET_PRESENT if the environment has the shared secret; as `loadTable`.
 */
export async function loadIntoRoom(
  { env, ...clock }: OperatorEnvironment,
  options: Omit<LoadOptions, keyof OperatorEnvironment>,
): Promise<LoadSummary> {
  refuseSecrets(env);
  return loadTable({ ...options, ...clock });
}

/**
 * Removes the rows of a table from a room.
 *
 * @param directory absolute path of the room
 * @returns SHA-256 of the removed snapshot
 * @throws {SealroomError} SECRET_PRESENT if the environment has the shared secret; as `removeTable`.
 */
export async function removeFromRoom(
  { env, now, allowClockJump }: OperatorEnvironment,
  directory: string,
  table: string,
): Promise<string> {
  refuseSecrets(env);
  return removeTable(directory, table, now, { allowClockJump });
}

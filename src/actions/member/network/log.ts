import { checkedExport } from '../../../audit/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { openCheckpoint, openProof } from '../../../tlog/index.ts';
import type { ProofRequest } from '../audit.ts';
import type { RoomConnection } from './connection.ts';

/** The lines of what a member may see of a room's log, each once its proof was checked. @throws {SealroomError} as `checkedExport` */
export async function* exportFromRoom({ client, environment, verifiers }: RoomConnection): AsyncGenerator<string> {
  yield* checkedExport(client.records({ signal: environment.signal }), verifiers);
}

/** The signed checkpoint of a room's log. @throws {SealroomError} AUDIT_NOTE if no known key signed it */
export async function checkpointOfRoom({ client, environment, verifiers }: RoomConnection): Promise<string> {
  const checkpoint = await client.checkpoint({ signal: environment.signal });
  return openCheckpoint(checkpoint, verifiers).note;
}

/**
 * The proof that a record is in a room's log, or that the log grew from an earlier size.
 *
 * @throws {SealroomError} AUDIT_NOTE if no known key signed its checkpoint; AUDIT_PROOF if it is another proof, or there is none.
 */
export async function proveFromRoom(room: RoomConnection, wanted: ProofRequest): Promise<string> {
  const { client, environment, verifiers } = room;
  const { signal } = environment;
  const number = wanted.kind === 'record' ? wanted.record : wanted.from;
  const proof =
    wanted.kind === 'record'
      ? await client.proveRecord(number, { signal })
      : await client.proveGrowth(number, { signal });
  const opened = openProof(proof, verifiers);
  if (opened.kind === wanted.kind && opened.number === number) return proof;
  throw new SealroomError('AUDIT_PROOF', 'the room answers with another proof than it was asked for');
}

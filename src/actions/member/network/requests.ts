import { forgetRoomRequest, keepRoomRequest, readRoomRequest, type KeptRequest } from '../../../custody/index.ts';
import { type ErrorCode, SealroomError } from '../../../errors/index.ts';
import { sha256Hex } from '../../../platform/index.ts';
import type { RoomConnection } from './connection.ts';

/** Failures after which it is not known whether the room did what it was asked. */
const UNKNOWN: readonly ErrorCode[] = ['IO_ROOM', 'IO_ABORTED', 'SERVER_INTERNAL'];

/** Whether it is not known if the room did what it was asked. */
export function isUnknown(error: unknown): error is SealroomError {
  return error instanceof SealroomError && UNKNOWN.includes(error.code);
}

/** The same error, with how to go on. */
export function withWayOn(error: SealroomError, way: string): SealroomError {
  return error.withHint(error.hint === undefined ? way : `${error.hint}; ${way}`);
}

/** What was asked of a room, in the home, from before it is asked until it has ended. */
export class PendingRequest {
  readonly #room: RoomConnection;
  readonly #name: string;
  /** What was kept of it; `null` if it is new. */
  readonly known: KeptRequest | null;

  private constructor(room: RoomConnection, name: string, known: KeptRequest | null) {
    this.#room = room;
    this.#name = name;
    this.known = known;
  }

  /**
   * Finds out whether something was asked before.
   *
   * @param asked everything that makes it this request and no other; only its hash is kept
   */
  static async find(room: RoomConnection, kind: 'query' | 'load', asked: unknown): Promise<PendingRequest> {
    const name = sha256Hex(JSON.stringify([kind, room.origin, room.publicKey, asked]));
    return new PendingRequest(room, name, await readRoomRequest(room.home, name));
  }

  async keep(request: KeptRequest): Promise<void> {
    await keepRoomRequest(this.#room.home, this.#name, request);
  }

  async forget(): Promise<void> {
    await forgetRoomRequest(this.#room.home, this.#name);
  }
}

import type { Room } from '../room.ts';
import type { ResolvedRequest } from './request.ts';

/** An attempt in progress. */
export interface Attempt {
  readonly id: string;
  /** The salt of the hashes in its record, which only the asking member and the receivers get. */
  readonly salt: string;
  readonly room: Room;
  readonly request: ResolvedRequest;
}

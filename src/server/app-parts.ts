import type { ClockJumps } from '../audit/index.ts';
import type { ErrorCode } from '../errors/index.ts';
import type { Admission } from '../room/index.ts';
import type { RoomView } from '../wire/index.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { Uploads } from './uploads/uploads.ts';

/** What the operator learns of each answer: no names of tables, no text of queries, no headers and no values. */
export interface Answered {
  /** The UUID that the answer names if it is a problem. */
  readonly requestId: string;
  /** Id of the member who asked; `null` if that is not known. */
  readonly member: string | null;
  readonly person: string | null;
  /** The path of the route, with `:name` for values; `null` if there is none. */
  readonly route: string | null;
  readonly method: string;
  readonly status: number;
  /** From the head of the request to the head of the answer. */
  readonly ms: number;
  /** The length of the body that the request announced. */
  readonly bytesIn: number;
  /** Why it failed, also where the member is told less; `null` for a success. */
  readonly code: ErrorCode | null;
}

/** What a room over the network is made of. */
export interface AppParts {
  /** The address of the room, as `parseOrigin` returns it. */
  readonly origin: string;
  /** What checks queries, with the room's reader and its log. */
  readonly admission: Admission;
  /** Runs queries and loads. */
  readonly jobs: Jobs;
  /** Takes the files of tables. */
  readonly uploads: Uploads;
  readonly limits: RoomView['limits'];
  readonly now: () => Date;
  /** Whether a record may come more than a day after the one before it; see `AuditLogOptions`. */
  readonly allowClockJump?: ClockJumps | undefined;
  /** Milliseconds since any instant, which never go back; default: the system's. */
  readonly elapsedMs?: (() => number) | undefined;
  /** Is told of each answer. */
  readonly onAnswer?: ((answered: Answered) => void) | undefined;
}

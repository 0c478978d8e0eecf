import type { ReleaseClock } from '../../room/index.ts';

/** The environment of an operator's action. */
export interface OperatorEnvironment {
  /** Must contain neither the shared secret nor the name of its file. */
  readonly env: NodeJS.ProcessEnv;
  readonly now: () => Date;
  /** Whether a record of a room may come more than a day after the one before it; see `AuditLogOptions`. */
  readonly allowClockJump?: boolean | undefined;
  /** Aborts the action. */
  readonly signal?: AbortSignal | undefined;
  /** The clock by which answers are released. Only tests set it. */
  readonly clock?: ReleaseClock | undefined;
}

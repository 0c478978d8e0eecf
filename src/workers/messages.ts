import { type ErrorCode, type ErrorPlace, SealroomError } from '../errors/index.ts';

/** The `workerData` of a worker. */
export interface WorkerSetup {
  /** URL of the job module. */
  readonly module: string;
  readonly setup: unknown;
}

/** Messages to a worker; jobs are answered in order. */
export type Request<Job> = { readonly kind: 'job'; readonly job: Job } | { readonly kind: 'close' };

/** Messages from a worker: one for each job, and one when it has wiped its keys. */
export type Reply<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'closed' };

/** A SealroomError as it is passed between threads: without its cause, which may not be cloneable. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  readonly where: ErrorPlace;
}

/** Converts an error for another thread. */
export function failureOf({ code, message, hint, where }: SealroomError): Failure {
  return { code, message, hint, where };
}

/** Restores an error from another thread. */
export function errorOf({ code, message, hint, where }: Failure): SealroomError {
  return new SealroomError(code, message, { hint, where });
}

import type { CheckContext, Verdict } from '../../query/index.ts';

/** A query to check. */
export interface CheckRequest {
  readonly text: string;
  readonly context: CheckContext;
}

/** Messages from a check process: first that it can be asked, then a verdict for each request. */
export type CheckReply = { readonly kind: 'ready' } | { readonly kind: 'checked'; readonly verdict: Verdict };

/** The processor time of a check, in ms; then its process ends itself. */
export const MAX_CHECK_CPU_MS = 1000;

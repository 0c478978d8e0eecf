import type { AnswerRequest } from './listen.ts';
import type { Metrics } from './metrics.ts';

/** What {@link opsAnswer} tells. */
export interface OpsOptions {
  readonly metrics: Metrics;
  /** Why the room does not take requests, in a word; `null` if it does. */
  readonly whyNotReady: () => Promise<string | null>;
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Answers the operator's machines: `/healthz` that the process answers, `/readyz` that it takes requests, and `/metrics`. */
export function opsAnswer({ metrics, whyNotReady }: OpsOptions): AnswerRequest {
  return async ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === '/healthz') return answerText(200, 'ok\n');
    if (pathname === '/metrics') return answerText(200, metrics.print(), METRICS_TYPE);
    if (pathname !== '/readyz') return answerText(404, 'not found\n');
    const reason = await whyNotReady();
    return reason === null ? answerText(200, 'ready\n') : answerText(503, `${reason}\n`);
  };
}

function answerText(status: number, text: string, type = 'text/plain; charset=utf-8'): Response {
  return new Response(text, { status, headers: { 'content-type': type, 'cache-control': 'no-store' } });
}

import { countOf } from '../../src/errors/index.ts';
import type { Job } from '../../src/wire/index.ts';

function describeState(job: Job): string {
  switch (job.state) {
    case 'queued':
      return `queued, at place ${String(job.queuePosition)}`;
    case 'released':
      return `released, ${countOf(job.rows, 'row')}`;
    case 'done':
      return `loaded, ${countOf(job.rows, 'row')}`;
    case 'refused':
      return `refused for ${countOf(job.findings.length, 'reason')}`;
    case 'failed':
      return `failed: ${job.failure.detail}`;
    case 'running':
    case 'cancelled':
      return job.state;
  }
}

/** Describes a job of a room in one line. */
export function describeJob(job: Job): string {
  const what = job.kind === 'query' ? `query of ${job.member}` : `load of ${job.table}`;
  return `job ${job.id}, ${what}: ${describeState(job)}`;
}

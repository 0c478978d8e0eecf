import type { TableProgress } from '../../src/actions/member/tables.ts';
import type { CliIo } from '../terminal.ts';
import type { ProgressDisplay } from './progress-bar.ts';

const SILENT: ProgressDisplay = { update: () => undefined, stop: () => undefined };

/** Runs a long action, and shows its rows, rate and remaining time on standard error if that is a terminal. */
export async function withProgress<Result>(
  io: CliIo,
  work: (onProgress: (progress: TableProgress) => void) => Promise<Result>,
): Promise<Result> {
  const display = await showProgress(io);
  try {
    return await work((progress) => {
      display.update(progress);
    });
  } finally {
    display.stop();
  }
}

async function showProgress({ stderr }: CliIo): Promise<ProgressDisplay> {
  if (stderr.isTTY !== true) return SILENT;
  const { drawProgress } = await import('./progress-bar.ts');
  return drawProgress(stderr);
}

import type { TableProgress } from '../../src/actions/member/tables.ts';
import type { CliIo } from '../terminal.ts';

interface ProgressDisplay {
  update(progress: TableProgress): void;
  stop(): void;
}

const SILENT: ProgressDisplay = { update: () => undefined, stop: () => undefined };
const REDRAWS_PER_SECOND = 8;

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

async function showProgress(io: CliIo): Promise<ProgressDisplay> {
  if (io.stderr.isTTY !== true) return SILENT;
  const { SingleBar } = await import('cli-progress');
  const bar = new SingleBar({
    stream: io.stderr,
    format: '{phase} [{bar}] {percentage}% | {rows} rows | {rate} rows/s | {eta_formatted} left',
    hideCursor: true,
    clearOnComplete: true,
    fps: REDRAWS_PER_SECOND,
    etaBuffer: 50,
  });
  let phase = '';
  let started = 0;
  return {
    update(progress) {
      if (progress.phase !== phase) {
        if (phase !== '') bar.stop();
        phase = progress.phase;
        started = performance.now();
        bar.start(progress.totalRows ?? 0, 0, { phase: phase.padEnd(8), rows: '0', rate: '0' });
      }
      const seconds = (performance.now() - started) / 1000;
      bar.update(progress.rows, {
        rows: progress.rows.toLocaleString('en'),
        rate: seconds > 0 ? Math.round(progress.rows / seconds).toLocaleString('en') : '0',
      });
    },
    stop() {
      if (phase !== '') bar.stop();
    },
  };
}

import { SingleBar } from 'cli-progress';
import type { CliIo } from '../terminal.ts';

/** How far a table command has come. */
export interface TableProgress {
  readonly phase: string;
  readonly rows: number;
  readonly totalRows: number | null;
}

/** A progress display; silent unless standard error is a terminal. */
export interface ProgressDisplay {
  update(progress: TableProgress): void;
  stop(): void;
}

const SILENT: ProgressDisplay = { update: () => undefined, stop: () => undefined };
const REDRAWS_PER_SECOND = 8;

/** Shows rows, rate and the time left on standard error, if that is a terminal. */
export function showProgress(io: CliIo): ProgressDisplay {
  if (io.stderr.isTTY !== true) return SILENT;
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

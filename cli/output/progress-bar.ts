import { SingleBar } from 'cli-progress';
import type { TableProgress } from '../../src/actions/member/tables.ts';
import type { OutputStream } from '../terminal.ts';

const REDRAWS_PER_SECOND = 8;

const BYTES_PER_MIB = 1 << 20;

/** Where a user sees how far a long action is. */
export interface ProgressDisplay {
  update(progress: TableProgress): void;
  stop(): void;
}

/** Draws the progress of each phase as a bar on a terminal. */
export function drawProgress(terminal: OutputStream): ProgressDisplay {
  const bar = new SingleBar({
    stream: terminal,
    format: '{phase} [{bar}] {percentage}% | {rows} {unit} | {rate} {unit}/s | {eta_formatted} left',
    hideCursor: true,
    clearOnComplete: true,
    fps: REDRAWS_PER_SECOND,
    etaBuffer: 50,
  });
  let phase = '';
  let started = 0;
  return {
    update(progress: TableProgress) {
      if (progress.phase !== phase) {
        if (phase !== '') bar.stop();
        phase = progress.phase;
        started = performance.now();
        const unit = progress.unit === 'bytes' ? 'MiB' : 'rows';
        bar.start(progress.totalRows ?? 0, 0, { phase: phase.padEnd(8), unit, rows: '0', rate: '0' });
      }
      const seconds = (performance.now() - started) / 1000;
      const count = progress.unit === 'bytes' ? progress.rows / BYTES_PER_MIB : progress.rows;
      bar.update(progress.rows, {
        rows: Math.round(count).toLocaleString('en'),
        rate: seconds > 0 ? Math.round(count / seconds).toLocaleString('en') : '0',
      });
    },
    stop() {
      if (phase !== '') bar.stop();
    },
  };
}

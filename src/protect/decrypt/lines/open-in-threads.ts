import { setImmediate as nextRound } from 'node:timers/promises';
import { shareKeys } from '../../../crypto/index.ts';
import { startHelpers } from '../../../workers/index.ts';
import { createTableMachine } from '../../machine/machine.ts';
import { LineOpener } from './line-opener.ts';
import type { LineRun } from './line-run.ts';
import { countRanges, type LineRanges, RangeOpener } from './range-opener.ts';
import type { LineWorkerSetup } from './worker.ts';

/** How long this thread waits for its turn before it lets others of its events happen, in ms. */
const WAIT_MS = 5;

/**
 * Opens the lines of a file, range by range: this thread, and others beside it. What they find, and whether they declined, is in the turns.
 *
 * @param threads how many, with this one
 * @throws {SealroomError} IO_READ, IO_WRITE, IO_ENGINE; whatever the signal throws.
 */
export async function openInThreads(run: LineRun, ranges: LineRanges, threads: number): Promise<void> {
  const { turns, signal, root } = run;
  const others = Math.min(threads, countRanges(ranges)) - 1;
  const setup: LineWorkerSetup = {
    opening: run.opening,
    ranges,
    root: root === null ? null : shareKeys([root]),
    turns: turns.memory,
  };
  const stop = (): void => {
    turns.stop(null);
  };
  signal?.addEventListener('abort', stop);
  try {
    const module = new URL('./worker.js', import.meta.url);
    const helpers = await startHelpers<null, null>(module, setup, Math.max(0, others));
    const ended = helpers.runOnce(null);
    ended.catch(stop);
    try {
      await openHere(run, ranges);
      await ended;
    } finally {
      stop();
      await helpers.close();
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    setup.root?.fill(0);
  }
  // The file may have become shorter.
  if (turns.done === countRanges(ranges) && turns.end !== ranges.fileBytes) turns.stop('changed');
}

/** Opens ranges in this thread until none are left. */
async function openHere(
  { opening, root, turns, writer, signal, onOpened }: LineRun,
  ranges: LineRanges,
): Promise<void> {
  const opener = new LineOpener(createTableMachine(opening.kernel), opening, root);
  try {
    let noted = turns.written;
    for (const step of new RangeOpener(ranges, opener, turns).openRanges(WAIT_MS)) {
      if (step === 'written') {
        const { written } = turns;
        await writer?.lineFile?.noteWritten(written - noted);
        noted = written;
        onOpened();
      }
      await nextRound();
      signal?.throwIfAborted();
    }
  } finally {
    opener.wipe();
  }
}

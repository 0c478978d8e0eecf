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
 * @param most the most of them, with this one
 * @returns how many there were: no more than ranges
 * @throws {SealroomError} IO_READ, IO_WRITE, IO_ENGINE; whatever the signal throws.
 */
export async function openInThreads(run: LineRun, ranges: LineRanges, most: number): Promise<number> {
  const { turns, signal, root } = run;
  const threads = Math.max(1, Math.min(most, countRanges(ranges)));
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
    const helpers = await startHelpers<null, null>(module, setup, threads - 1);
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
  return threads;
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

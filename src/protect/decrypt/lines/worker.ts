import { sealingRootFromBytes, takeSharedKey } from '../../../crypto/index.ts';
import type { CreateWorker } from '../../../workers/index.ts';
import { createTableMachine } from '../../machine/machine.ts';
import type { DeclinedLines } from './declined.ts';
import { LineOpener, type LineOpening } from './line-opener.ts';
import { countRanges, type LineRanges, RangeOpener } from './range-opener.ts';
import { Turns } from './turns.ts';

// The work of a thread beside the main one: opens ranges of a file until none are left.

/** How long a thread waits for its turn before it looks whether the others have stopped, in ms. */
const WAIT_MS = 50;

/** The setup of a thread. */
export interface LineWorkerSetup {
  readonly opening: LineOpening;
  readonly ranges: LineRanges;
  /** The sealing root, 32 bytes in shared memory, which its owner wipes; `null` if no cell can be opened. */
  readonly root: Uint8Array | null;
  /** The memory of the `Turns`. */
  readonly turns: SharedArrayBuffer;
}

/** Creates the worker of a thread. It has one job, which ends with the file. */
export const createWorker: CreateWorker<LineWorkerSetup, null, null> = (setup) => {
  const turns = new Turns(setup.turns);
  using root = setup.root === null ? null : takeSharedKey(setup.root, 0, sealingRootFromBytes);
  const opener = new LineOpener(createTableMachine(setup.opening.kernel), setup.opening, root);
  const ranges = new RangeOpener(setup.ranges, opener, turns);
  const count = countRanges(setup.ranges);

  /** Opens a range and writes its lines, unless they are declined or another thread has stopped. */
  function openRange(range: number): DeclinedLines | null {
    const opened = ranges.open(range);
    if (opened.kind === 'declined') return opened;
    while (!turns.wait(range, WAIT_MS)) if (turns.isStopped) return null;
    return ranges.write(opened);
  }

  return {
    run() {
      try {
        for (let range = turns.take(); range < count && !turns.isStopped; range = turns.take()) {
          const declined = openRange(range);
          if (declined !== null) turns.stop(declined.reason);
        }
      } catch (error) {
        turns.stop(null);
        throw error;
      }
      return { result: null, transfer: [] };
    },
    close() {
      opener.wipe();
    },
  };
};

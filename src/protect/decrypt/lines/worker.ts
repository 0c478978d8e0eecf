import { sealingRootFromBytes, takeSharedKey } from '../../../crypto/index.ts';
import type { CreateWorker } from '../../../workers/index.ts';
import { createTableMachine } from '../../machine/machine.ts';
import { LineOpener, type LineOpening } from './line-opener.ts';
import { type LineRanges, RangeOpener } from './range-opener.ts';
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

  return {
    run() {
      try {
        const steps = ranges.openRanges(WAIT_MS);
        while (steps.next().done !== true);
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

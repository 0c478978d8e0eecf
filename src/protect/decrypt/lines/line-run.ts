import type { SealingRoot } from '../../../crypto/index.ts';
import type { CsvStart, TableWriter } from '../../../tabular/index.ts';
import type { LineOpening } from './line-opener.ts';
import type { Turns } from './turns.ts';

/** A decryption of lines. */
export interface LineRun {
  readonly start: CsvStart;
  readonly opening: LineOpening;
  readonly root: SealingRoot | null;
  readonly writer: TableWriter | null;
  readonly turns: Turns;
  readonly signal: AbortSignal | undefined;
  /** Called by the main thread again and again; stops the others if what was found is to be refused. */
  readonly onOpened: () => void;
}

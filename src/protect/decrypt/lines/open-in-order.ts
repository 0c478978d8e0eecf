import { dataOfFiles } from '../../../tabular/index.ts';
import { createTableMachine } from '../../machine/machine.ts';
import { type DeclinedLines, declined } from './declined.ts';
import { LineOpener, LINE_TEXT_BYTES } from './line-opener.ts';
import type { LineRun } from './line-run.ts';

/**
 * Opens the lines of a table in this thread, in their order: what is compressed or in memory, and outputs that take lines in their order
 * only. What is found, and whether it was declined, is in the turns.
 *
 * @throws {SealroomError} IO_READ, IO_WRITE; whatever the signal throws.
 */
export async function openInOrder(run: LineRun): Promise<void> {
  const { start, opening, root, turns, signal } = run;
  const opener = new LineOpener(createTableMachine(opening.kernel), opening, root);
  const text = new HeldText(run, opener);
  const open = async (isLast: boolean): Promise<void> => {
    const refusal = await text.open(isLast);
    if (refusal !== null) turns.stop(refusal.reason);
  };
  try {
    for (const chunks of dataOfFiles(start, signal)) {
      for await (const chunk of chunks) {
        for (let at = 0; at < chunk.length && !turns.isStopped;) {
          at += text.add(chunk.subarray(at));
          if (text.isFull) await open(false);
        }
        if (turns.isStopped) return;
      }
      // A record ends where its file does.
      await open(true);
      if (turns.isStopped) return;
    }
  } finally {
    opener.wipe();
  }
}

/** The text in an opener's memory: records that were not opened yet, and the start of one more. */
class HeldText {
  readonly #run: LineRun;
  readonly #opener: LineOpener;
  #bytes = 0;
  /** The place of the text in the file. */
  #place: number;

  constructor(run: LineRun, opener: LineOpener) {
    this.#run = run;
    this.#opener = opener;
    this.#place = run.start.dataStart;
  }

  get isFull(): boolean {
    return this.#bytes === LINE_TEXT_BYTES;
  }

  /** Adds as much of a chunk as there is room for, and returns how much that is. */
  add(chunk: Uint8Array): number {
    const part = chunk.subarray(0, LINE_TEXT_BYTES - this.#bytes);
    this.#opener.text.set(part, this.#bytes);
    this.#bytes += part.length;
    return part.length;
  }

  /** Opens the whole records, or all if the file ends here, and writes their lines. */
  async open(isLast: boolean): Promise<DeclinedLines | null> {
    const { turns, writer, signal, onOpened } = this.#run;
    const { text, counts } = this.#opener;
    counts.fill(0);
    const opened = this.#opener.open({ at: 0, stop: this.#bytes, end: this.#bytes, isLast });
    if (opened.kind === 'declined') return opened;
    const { rows, end, lines } = opened;
    if (end === 0 && this.isFull) return declined('long');
    turns.pass({ start: this.#place, end: this.#place + end, rows, lineBytes: lines.length, counts });
    if (lines.length > 0) await writer?.writeLines(lines);
    text.copyWithin(0, end, this.#bytes);
    this.#bytes -= end;
    this.#place += end;
    signal?.throwIfAborted();
    onOpened();
    return null;
  }
}

import { encodeUtf8 } from '../../../bytes/index.ts';
import { NULL_FLAG } from '../../../crypto/index.ts';
import type { TableMachine } from '../../machine/machine.ts';
import type { ColumnTask } from '../core/protect-batch.ts';
import type { Pads } from '../core/plan.ts';

/** What the machine needs to know of a table's columns. */
export interface LinePlanInput {
  readonly tasks: readonly ColumnTask[];
  readonly pads: Pads;
  /** The stored columns of a row, without its position in the source table. */
  readonly storedColumns: number;
  /** Bytes of a row before its first value. */
  readonly headBytes: number;
  /** The field of a null, and that of an empty text. */
  readonly marks: readonly [nullText: Uint8Array, empty: Uint8Array];
  /** Lends the sealing root. */
  readonly useRoot: <Result>(borrow: (root: Uint8Array) => Result) => Result;
}

/** Kinds of columns in a plan. */
const KINDS = { cleartext: 0, fingerprint: 1, sealed: 2 } as const;
/** Bytes of a key. */
const KEY_BYTES = 32;

/** A plan in the memory of a machine. */
export interface WrittenPlan {
  readonly at: number;
  /** The end of the plan and of all that it points to; a multiple of 16. */
  readonly end: number;
}

/**
 * Writes the plan of a table's columns to `at` in the memory of a machine, as `assembly/plan.ts` describes it. Its keys stay there
 * until the table is wiped.
 */
export function writePlan(machine: TableMachine, at: number, input: LinePlanInput): WrittenPlan {
  const { tasks, pads, storedColumns, headBytes, marks } = input;
  const { planWords, columnWords } = machine.exports;
  const words = new Int32Array(planWords.value + tasks.length * columnWords.value);
  const parts: { readonly at: number; readonly write: (to: Uint8Array) => void; readonly bytes: number }[] = [];
  let end = align(at + words.byteLength);
  /** Where so many bytes go, which `write` writes. */
  const place = (bytes: number, write: (to: Uint8Array) => void): number => {
    const start = end;
    parts.push({ at: start, write, bytes });
    end = align(start + bytes + machine.slackBytes);
    return start;
  };
  const put = (value: Uint8Array): [number, number] => {
    return [place(value.length, (to) => void to.set(value)), value.length];
  };
  const root = place(KEY_BYTES, (to) => void input.useRoot((key) => void to.set(key)));
  const startsAt = place(storedColumns * 4, () => undefined);
  words.set([headBytes, storedColumns, tasks.length, ...put(marks[0]), ...put(marks[1]), root, startsAt]);
  for (const [index, column] of tasks.entries()) {
    const first = planWords.value + index * columnWords.value;
    words.set([KINDS[column.kind], column.stored], first);
    if (column.kind === 'cleartext') {
      words.set([1], first + 2);
    } else if (column.kind === 'fingerprint') {
      const { typeByte, nulls, key } = column.task;
      const keyAt = place(KEY_BYTES, (to) => void key.use((bytes) => void to.set(bytes)));
      words.set([nulls === 'keep' ? 1 : 0, typeByte, typeByte | NULL_FLAG, keyAt], first + 2);
    } else {
      const { prefix, nullEncoding, targetHeader } = column.task;
      const sealed = [...put(prefix), ...put(nullEncoding ?? new Uint8Array()), pads[index] ?? -1];
      words.set([nullEncoding === null ? 1 : 0, ...sealed, ...put(encodeUtf8(targetHeader))], first + 2);
    }
  }
  machine.reserve(end - machine.ioAt);
  new Int32Array(machine.bytes.buffer, at, words.length).set(words);
  for (const part of parts) part.write(machine.bytes.subarray(part.at, part.at + part.bytes));
  return { at, end };
}

/** The next multiple of 16. */
export function align(place: number): number {
  return Math.ceil(place / 16) * 16;
}

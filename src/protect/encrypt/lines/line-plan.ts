import { encodeUtf8 } from '../../../bytes/index.ts';
import { NULL_FLAG } from '../../../crypto/index.ts';
import type { TableMachine } from '../../machine/machine.ts';
import { Places } from '../../machine/places.ts';
import type { ColumnTask } from '../core/protect-batch.ts';
import type { Pads } from '../core/plan.ts';
import type { RowShape } from '../core/row-format.ts';

/** What the machine needs to know of a table's columns. */
export interface LinePlanInput extends RowShape {
  readonly tasks: readonly ColumnTask[];
  readonly pads: Pads;
  /** The field of a null, and that of an empty text. */
  readonly marks: readonly [nullText: Uint8Array, empty: Uint8Array];
  /** Lends the sealing root. */
  readonly useRoot: <Result>(borrow: (root: Uint8Array) => Result) => Result;
}

/** Kinds of columns in a plan. */
const KINDS = { cleartext: 0, fingerprint: 1, sealed: 2 } as const;

/** A plan in the memory of a machine. */
export interface WrittenPlan {
  readonly at: number;
  /** The end of the plan and of all that it points to; a multiple of 16. */
  readonly end: number;
}

/**
 * Writes the plan of a table's columns to `at`, a multiple of 16, in the memory of a machine, as `assembly/plan.ts` describes it. Its
 * keys stay there until the table is wiped.
 */
export function writePlan(machine: TableMachine, at: number, input: LinePlanInput): WrittenPlan {
  const { tasks, pads, storedColumns, headBytes, marks } = input;
  const { planWords, columnWords } = machine.exports;
  const words = new Int32Array(planWords.value + tasks.length * columnWords.value);
  const places = new Places(machine, at);
  places.take(words.byteLength);
  const [rootAt] = input.useRoot((root) => places.put(root));
  const startsAt = places.take(storedColumns * Int32Array.BYTES_PER_ELEMENT);
  words.set([headBytes, storedColumns, tasks.length, ...marks.flatMap((mark) => places.put(mark)), rootAt, startsAt]);
  for (const [index, column] of tasks.entries()) {
    const description = describeColumn(column, pads[index] ?? null, places);
    words.set([KINDS[column.kind], column.stored, ...description], planWords.value + index * columnWords.value);
  }
  new Int32Array(machine.bytes.buffer, at, words.length).set(words);
  return { at, end: places.end };
}

/** What a plan says of a column after its kind and its values. */
function describeColumn(column: ColumnTask, padTargetBytes: number | null, places: Places): readonly number[] {
  switch (column.kind) {
    case 'cleartext':
      return [1];
    case 'fingerprint': {
      const { typeByte, nulls, key } = column.task;
      const [keyAt] = key.use((bytes) => places.put(bytes));
      return [nulls === 'keep' ? 1 : 0, typeByte, typeByte | NULL_FLAG, keyAt];
    }
    case 'sealed': {
      const { prefix, nullEncoding, targetHeader } = column.task;
      const affixes = [...places.put(prefix), ...places.put(nullEncoding ?? new Uint8Array())];
      return [nullEncoding === null ? 1 : 0, ...affixes, padTargetBytes ?? -1, ...places.put(encodeUtf8(targetHeader))];
    }
  }
}

import { rm } from 'node:fs/promises';
import { type Batch, type Field } from '../../columns/index.ts';
import { createTempFolder } from '../../files/index.ts';
import { EngineTask } from '../../engine/index.ts';
import { duplicatesError, fingerprintColumnsOf, NullCheck, type Repeated } from './core/duplicates.ts';
import type { EncryptPlan } from './core/plan.ts';

const FIELDS: readonly Field[] = [
  { name: 'target', type: { kind: 'int' } },
  { name: 'cell', type: { kind: 'string' } },
  { name: 'place', type: { kind: 'bigint' } },
];

const REPEATED = `
  SELECT target, min(first) AS first, arg_min(again, first) AS again
  FROM (SELECT target, min(place) AS first, max(place) AS again FROM $input GROUP BY target, cell HAVING count(*) > 1)
  GROUP BY target ORDER BY target`;

/**
 * Finds repeated values in the fingerprint columns of a collaboration that forbids them. Only fingerprints are kept, in
 * memory or spilled by the engine; values never are.
 */
export class DuplicateCheck {
  readonly #targets: readonly string[];
  /** `null` where nulls are preserved, of which there may be many. */
  readonly #nulls: NullCheck | null;
  readonly #task: EngineTask;
  readonly #directory: string;

  private constructor(plan: EncryptPlan, preserveNulls: boolean, directory: string) {
    const columns = fingerprintColumnsOf(plan);
    this.#targets = columns.map(({ target }) => target);
    this.#nulls = preserveNulls ? null : new NullCheck(columns);
    this.#directory = directory;
    this.#task = new EngineTask({
      sql: REPEATED,
      fields: FIELDS,
      limits: { memoryMiB: 128, threads: 1, spillDirectory: directory },
    });
  }

  static async start(plan: EncryptPlan, preserveNulls: boolean, tempDirectory: string): Promise<DuplicateCheck> {
    return new DuplicateCheck(plan, preserveNulls, await createTempFolder(tempDirectory));
  }

  /**
   * Checks the stored values of a batch for nulls, in the order of the source table.
   *
   * @param firstRow the number of rows before this batch
   * @throws {SealroomError} RULE_DUPLICATES at a second null, unless nulls are preserved.
   */
  checkNulls(batch: Batch, firstRow: number): void {
    this.#nulls?.add(batch, firstRow);
  }

  /** Adds fingerprints: the fingerprint columns, in order, then the rows' positions in the source table. */
  async add({ rows, columns }: Batch): Promise<void> {
    const places = columns.at(-1);
    if (places?.layout !== 'fixed') throw new Error('fingerprints without places');
    for (const [position, column] of columns.slice(0, -1).entries()) {
      if (column.layout !== 'bytes') throw new Error('a fingerprint column that is not text');
      const targets = { rows, width: 4, values: repeatInt(position, rows), validity: column.validity?.slice() ?? null };
      await this.#task.push({
        rows,
        columns: [
          { layout: 'fixed', ...targets },
          column,
          { ...places, values: places.values.slice(), validity: places.validity?.slice() ?? null },
        ],
      });
    }
  }

  /**
   * @param rowAt the row, from 1 on, of a position that was added; positions have the order of the rows
   * @throws {SealroomError} RULE_DUPLICATES naming the columns and two rows of the first.
   */
  async finish(rowAt: (position: number) => number = (position) => position): Promise<void> {
    const found = (await this.#task.finish()).filter((row) => row['target'] !== null);
    const repeated = found.map((row): Repeated => ({
      target: this.#targets[Number(row['target'])] ?? '',
      first: rowAt(Number(row['first'])),
      again: rowAt(Number(row['again'])),
    }));
    const error = duplicatesError(repeated);
    if (error !== null) throw error;
  }

  async close(): Promise<void> {
    await this.#task.abort();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function repeatInt(value: number, rows: number): Uint8Array {
  return new Uint8Array(new Int32Array(rows).fill(value).buffer);
}

import { rm } from 'node:fs/promises';
import { isValid } from '../../bytes/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { type Batch, type Field } from '../../columns/index.ts';
import { createTempFolder } from '../../files/index.ts';
import { EngineTask } from '../../engine/index.ts';
import type { EncryptPlan } from './plan.ts';

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
  readonly #targets: readonly { readonly name: string; readonly stored: number }[];
  readonly #preserveNulls: boolean;
  readonly #task: EngineTask;
  readonly #directory: string;
  /** The row of the first null of each target, or 0. */
  readonly #firstNulls: number[];

  private constructor(plan: EncryptPlan, preserveNulls: boolean, directory: string) {
    this.#targets = plan.columns.flatMap((column) =>
      column.kind === 'fingerprint' ? [{ name: column.target, stored: column.stored }] : [],
    );
    this.#preserveNulls = preserveNulls;
    this.#directory = directory;
    this.#firstNulls = this.#targets.map(() => 0);
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
  //= format F-60
  checkNulls(batch: Batch, firstRow: number): void {
    if (this.#preserveNulls) return;
    for (const [position, target] of this.#targets.entries()) {
      this.#refuseSecondNull(position, batch.columns[target.stored]?.validity ?? null, batch.rows, firstRow);
    }
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

  #refuseSecondNull(position: number, validity: Uint8Array | null, rows: number, firstRow: number): void {
    if (validity === null) return;
    for (let index = 0; index < rows; index++) {
      if (isValid(validity, index)) continue;
      const row = firstRow + index + 1;
      const first = this.#firstNulls[position] ?? 0;
      this.#firstNulls[position] = row;
      if (first === 0) continue;
      throw new SealroomError(
        'RULE_DUPLICATES',
        `rows ${String(first)} and ${String(row)} are null, and the collaboration forbids duplicates and does not preserve nulls`,
        { where: { column: this.#targets[position]?.name, row }, hint: 'remove the rows, or make the column sealed' },
      );
    }
  }

  /** @throws {SealroomError} RULE_DUPLICATES naming the columns and two rows of the first. */
  async finish(): Promise<void> {
    const repeated = (await this.#task.finish()).filter((row) => row['target'] !== null);
    const [first] = repeated;
    if (first === undefined) return;
    const names = repeated.map((row) => this.#targets[Number(row['target'])]?.name ?? '');
    const others = names.slice(1).map((name) => `\`${name}\``);
    throw new SealroomError(
      'RULE_DUPLICATES',
      `rows ${String(first['first'])} and ${String(first['again'])} hold the same value, and the collaboration forbids duplicates`,
      {
        where: { column: names[0] },
        hint:
          others.length > 0 ? `so do rows of ${others.join(', ')}` : 'remove the duplicates, or make the column sealed',
      },
    );
  }

  async close(): Promise<void> {
    await this.#task.abort();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function repeatInt(value: number, rows: number): Uint8Array {
  return new Uint8Array(new Int32Array(rows).fill(value).buffer);
}

import { decodeUtf8, isValid, valueAt } from '../../../bytes/index.ts';
import type { Batch } from '../../../columns/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import type { EncodedIndex } from './column-index.ts';
import type { EncryptPlan } from './plan.ts';

/** Width of the column with the rows' places in the source table, a bigint. */
export const PLACE_BYTES = 8;

/** Stored rows, and behind their columns their places in the source table, from 1 on. */
export function withPlaces({ rows, columns }: Batch, firstRow: number): Batch {
  const places = BigInt64Array.from({ length: rows }, (_, row) => BigInt(firstRow + row + 1));
  const values = new Uint8Array(places.buffer);
  return { rows, columns: [...columns, { layout: 'fixed', rows, width: PLACE_BYTES, values, validity: null }] };
}

/** A fingerprint column; `stored` is the index of its values among the stored columns. */
interface FingerprintColumn {
  readonly target: string;
  readonly stored: EncodedIndex;
}

/** The fingerprint columns of a plan, in its order. */
export function fingerprintColumnsOf(plan: EncryptPlan): readonly FingerprintColumn[] {
  return plan.columns.filter(({ kind }) => kind === 'fingerprint');
}

/** Refuses a second null in a fingerprint column, of a collaboration that forbids duplicates and seals nulls. */
export class NullCheck {
  readonly #columns: readonly FingerprintColumn[];
  /** Per column the row of its first null, or 0. */
  readonly #firstNulls: number[];

  constructor(columns: readonly FingerprintColumn[]) {
    this.#columns = columns;
    this.#firstNulls = columns.map(() => 0);
  }

  /**
   * Looks through the stored values of a batch, in the order of the source table.
   *
   * @param firstRow the number of rows before this batch
   * @throws {SealroomError} RULE_DUPLICATES at a second null.
   */
  //= format F-60
  add(batch: Batch, firstRow: number): void {
    for (const [position, { stored }] of this.#columns.entries()) {
      this.#refuseSecondNull(position, batch.columns[stored]?.validity ?? null, batch.rows, firstRow);
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
        { where: { column: this.#columns[position]?.target, row }, hint: 'remove the rows, or make the column sealed' },
      );
    }
  }
}

/** A value that a column has twice: the places of two of its rows. */
export interface Repeated {
  readonly target: string;
  readonly first: number;
  readonly again: number;
}

/** The error of columns with repeated values, of which the first is told in full; `null` if there are none. */
export function duplicatesError([found, ...others]: readonly Repeated[]): SealroomError | null {
  if (found === undefined) return null;
  const names = others.map(({ target }) => `\`${target}\``);
  return new SealroomError(
    'RULE_DUPLICATES',
    `rows ${String(found.first)} and ${String(found.again)} hold the same value, and the collaboration forbids duplicates`,
    {
      where: { column: found.target },
      hint: names.length > 0 ? `so do rows of ${names.join(', ')}` : 'remove the duplicates, or make the column sealed',
    },
  );
}

/** Finds repeated fingerprints in memory: about 150 bytes a cell. Values are not kept. */
export class FingerprintCheck {
  readonly #columns: readonly {
    readonly target: string;
    readonly places: Map<string, { first: number; again: number }>;
  }[];

  constructor(columns: readonly FingerprintColumn[]) {
    this.#columns = columns.map(({ target }) => ({ target, places: new Map() }));
  }

  /** Takes fingerprints: the fingerprint columns, in their order, and the places of the rows in the source table. */
  add({ rows, columns }: Batch): void {
    const places = columns.at(-1);
    if (places?.layout !== 'fixed') throw new Error('fingerprints without places');
    const view = new DataView(places.values.buffer, places.values.byteOffset, places.values.byteLength);
    for (const [position, { places: known }] of this.#columns.entries()) {
      const column = columns[position];
      if (column?.layout !== 'bytes') throw new Error('a fingerprint column that is not text');
      for (let row = 0; row < rows; row++) {
        const cell = valueAt(column, row);
        if (cell === null) continue;
        const place = Number(view.getBigInt64(row * PLACE_BYTES, true));
        const key = decodeUtf8(cell);
        const found = known.get(key);
        if (found === undefined) {
          known.set(key, { first: place, again: place });
        } else {
          found.first = Math.min(found.first, place);
          found.again = Math.max(found.again, place);
        }
      }
    }
  }

  /** @throws {SealroomError} RULE_DUPLICATES naming the columns and two rows of the first. */
  finish(): void {
    const repeated = this.#columns.flatMap(({ target, places }): Repeated[] => {
      let least: { first: number; again: number } | null = null;
      for (const found of places.values()) {
        if (found.first < found.again && (least === null || found.first < least.first)) least = found;
      }
      return least === null ? [] : [{ target, ...least }];
    });
    const error = duplicatesError(repeated);
    if (error !== null) throw error;
  }
}

import type { Field } from '../columns/index.ts';
import { SealroomError } from '../errors/index.ts';
import type { SigningKey } from '../platform/index.ts';
import type { Protection, TableFormat } from '../tabular/index.ts';
import { SIGNED_NULL } from './checked-table.ts';
import { RowBag } from './row-bag.ts';
import { signedTypeOf } from './stored-bytes.ts';
import { signTable, type TableClaims, type TableStatement } from './table-signature.ts';

/** How to sign a table that is written: what to say of it, and the key of the member that owns it. */
export interface TableSigning extends Omit<TableClaims, 'collaborationId'> {
  /** Ed25519: in Node a `KeyObject`. */
  readonly key: SigningKey;
}

/** An output that is to be signed. */
export interface SignedOutput {
  readonly collaborationId: string;
  readonly kind: 'file' | 'stream' | 'memory';
  readonly format: TableFormat;
  readonly csvOutputNull: string | undefined;
  readonly fields: readonly Field[];
  /** For each field. */
  readonly protections: readonly Protection[];
}

/** Signs one table, once all of its rows are hashed. */
export class TableSigner {
  readonly columns: TableStatement['columns'];
  readonly #rows = new RowBag();
  readonly #signing: TableSigning;
  readonly #collaborationId: string;

  /**
   * @throws {SealroomError} USAGE_OPTION if the output is no file, or a CSV file with a text for nulls; DATA_TYPE for a column whose
   *   values the formats have differently.
   */
  constructor(signing: TableSigning, output: SignedOutput) {
    requireSignable(output);
    this.#signing = signing;
    this.#collaborationId = output.collaborationId;
    this.columns = output.fields.map(({ name, type }, index) => {
      const signed = signedTypeOf(type);
      const protection = output.protections[index] ?? 'cleartext';
      if (signed !== null) return { name, protection, type: signed };
      const engineType = 'engineType' in type ? type.engineType : type.kind;
      throw new SealroomError('DATA_TYPE', `a column of type ${engineType} cannot be signed`, {
        where: { column: name },
        hint: 'leave the column out of the schema, or convert it to text first',
      });
    });
  }

  /** Adds the hashes of rows, as `RowBag.add` does. */
  add(hashes: Uint8Array<ArrayBuffer>): void {
    this.#rows.add(hashes);
  }

  /** The text of the signature, over all rows that were added; once. */
  sign(): string {
    const { key, ...claims } = this.#signing;
    const rows = this.#rows.rows;
    const facts = { columns: this.columns, rows, root: this.#rows.takeRoot() };
    return signTable({ ...claims, collaborationId: this.#collaborationId }, facts, key);
  }
}

//= format F-94
function requireSignable({ kind, format, csvOutputNull }: SignedOutput): void {
  if (kind !== 'file') {
    throw new SealroomError('USAGE_OPTION', 'a table is signed in a file beside it, so its output must be a file', {
      hint: 'write to a file, or leave out `--sign`',
    });
  }
  if (format !== 'csv' || (csvOutputNull ?? SIGNED_NULL) === SIGNED_NULL) return;
  throw new SealroomError('USAGE_OPTION', 'a signed CSV file has nothing for a null, and no text', {
    hint: 'leave out `--csv-output-null-value`, or `--sign`',
  });
}

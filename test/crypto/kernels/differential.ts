import { createHash, createCipheriv } from 'node:crypto';
import {
  type ClientType,
  encodeNull,
  encodePrefix,
  type Kernel,
  type SealingRoot,
  type SealTask,
  fingerprintKeyFromBytes,
  sealingRootFromBytes,
} from 'sealroom/crypto';
import { allValid, type ByteColumn, byteColumnOf, encodeUtf8, setNull, valueAt } from '#src/bytes/index';
import { SealroomError } from '#src/errors/sealroom-error';
import { SeededRandom } from './random.ts';

/** Two kernels gave different results for the same input. */
class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

/** How much was compared. */
export interface DifferentialCounts {
  fingerprints: number;
  seals: number;
  opens: number;
  refusals: number;
}

type Outcome = { readonly column: ByteColumn; readonly kinds: Uint8Array | null } | { readonly refusal: string };

const TYPES: readonly ClientType[] = [
  { kind: 'string' },
  { kind: 'bigint' },
  { kind: 'boolean' },
  { kind: 'char' },
  { kind: 'date' },
  { kind: 'decimal', precision: 38, scale: 9 },
  { kind: 'double' },
  { kind: 'float' },
  { kind: 'int' },
  { kind: 'smallint' },
  { kind: 'timestamp', unit: 'us', utc: true },
  { kind: 'varchar', maxLength: 20_000 },
];
const HEADER_CHARACTERS = ['a', '_', '9', ' ', '-', 'é', '漢', '😀'];
/** The longest value of type STRING that a sealed cell has room for. */
const LONGEST_VALUE_BYTES = 12_219;

function describeError(error: unknown): string {
  if (!(error instanceof SealroomError)) throw error;
  return `${error.code}: ${error.message} (row ${error.where.row ?? '?'})`;
}

function outcomeOf(run: () => ByteColumn | { kinds: Uint8Array; values: ByteColumn }): Outcome {
  try {
    const result = run();
    return 'kinds' in result ? { column: result.values, kinds: result.kinds } : { column: result, kinds: null };
  } catch (error) {
    return { refusal: describeError(error) };
  }
}

function requireSame(what: string, one: Outcome, other: Outcome): void {
  if ('refusal' in one || 'refusal' in other) {
    const first = 'refusal' in one ? one.refusal : 'a result';
    const second = 'refusal' in other ? other.refusal : 'a result';
    if (first !== second) throw new Disagreement(`${what}: ${first} against ${second}`);
    return;
  }
  if (one.column.rows !== other.column.rows) throw new Disagreement(`${what}: numbers of rows`);
  if (one.kinds !== null && other.kinds !== null && Buffer.compare(one.kinds, other.kinds) !== 0) {
    throw new Disagreement(`${what}: kinds of cells`);
  }
  for (let row = 0; row < one.column.rows; row++) {
    const first = valueAt(one.column, row);
    const second = valueAt(other.column, row);
    const isSame = first === null || second === null ? first === second : Buffer.compare(first, second) === 0;
    if (!isSame) throw new Disagreement(`${what}: row ${row} of ${one.column.rows}`);
  }
}

/** Compares a kernel with others, on columns made from a seed. */
export class Differential {
  readonly #random: SeededRandom;
  readonly #kernel: Kernel;
  readonly #others: readonly Kernel[];
  readonly #slow: Kernel | null;
  readonly #root: SealingRoot;
  readonly counts: DifferentialCounts = { fingerprints: 0, seals: 0, opens: 0, refusals: 0 };

  /** `slow` is compared on one table in ten, and not on columns with several faults: it does not plan ahead. */
  constructor(seed: number, kernel: Kernel, others: readonly Kernel[], slow: Kernel | null) {
    this.#random = new SeededRandom(seed);
    this.#kernel = kernel;
    this.#others = others;
    this.#slow = slow;
    this.#root = sealingRootFromBytes(this.#random.bytes(32));
  }

  /** Cells that were compared. */
  get cells(): number {
    return this.counts.fingerprints + this.counts.seals + this.counts.opens;
  }

  /** Compares fingerprinting, sealing and opening on one table. @throws {Disagreement} */
  runTable(): void {
    const random = this.#random;
    const rivals = this.#slow !== null && random.happens(0.1) ? [...this.#others, this.#slow] : this.#others;
    const rows = random.happens(0.02) ? random.within(2000, 4200) : random.within(0, 90);
    const nonces = random.bytes(rows * 32);
    const columns = random.within(1, 3);
    const sealed: ByteColumn[] = [];
    using keys = this.#kernel.deriveRowKeys(this.#root, nonces);
    for (let index = 0; index < columns; index++) {
      const values = this.#values(rows);
      const task = this.#sealTask(values);
      const mine = outcomeOf(() => this.#kernel.sealColumn(task, keys, values));
      for (const rival of rivals) {
        using rivalKeys = rival.deriveRowKeys(this.#root, nonces);
        requireSame(
          `seal, ${rival.name}`,
          mine,
          outcomeOf(() => rival.sealColumn(task, rivalKeys, values)),
        );
      }
      this.counts.seals += rows;
      if ('refusal' in mine) this.counts.refusals++;
      else sealed.push(mine.column);
      if (random.happens(0.7)) this.#compareFingerprints(this.#values(rows), rivals);
    }
    for (const column of sealed) this.#compareOpening(column, rivals);
    for (const column of sealed) this.#compareDamaged(column, rivals);
  }

  #compareFingerprints(values: ByteColumn, rivals: readonly Kernel[]): void {
    const random = this.#random;
    const key = fingerprintKeyFromBytes(random.bytes(32));
    const task = { key, typeByte: random.within(0, 127) * 2, nulls: 'keep' } as const;
    const mine = outcomeOf(() => this.#kernel.fingerprintColumn(task, values));
    for (const rival of rivals) {
      requireSame(
        `fingerprint, ${rival.name}`,
        mine,
        outcomeOf(() => rival.fingerprintColumn(task, values)),
      );
    }
    this.counts.fingerprints += values.rows;
  }

  #compareOpening(cells: ByteColumn, rivals: readonly Kernel[]): Outcome {
    const mine = outcomeOf(() => this.#kernel.openColumn(this.#root, cells));
    for (const rival of rivals) {
      requireSame(
        `open, ${rival.name}`,
        mine,
        outcomeOf(() => rival.openColumn(this.#root, cells)),
      );
    }
    this.counts.opens += cells.rows;
    if ('refusal' in mine) this.counts.refusals++;
    return mine;
  }

  /** Small columns of some of the cells, other text and one damaged cell, or, without the slow kernel, several. */
  #compareDamaged(cells: ByteColumn, rivals: readonly Kernel[]): void {
    const random = this.#random;
    for (let round = 0; round < 12; round++) {
      const several = random.happens(0.2);
      const faults = several ? random.within(2, 4) : 1;
      const column = Array.from({ length: random.within(faults, 12) }, (_, place): Uint8Array | null => {
        if (place < faults) return this.#damaged(cells);
        if (random.happens(0.2)) return null;
        if (random.happens(0.2))
          return encodeUtf8(random.pick(['', 'text', '02:hmac:AAAA', '02:ENC:AAAA', 'enc:', '02:enc']));
        return (cells.rows === 0 ? null : valueAt(cells, random.within(0, cells.rows - 1))) ?? null;
      });
      for (let i = column.length - 1; i > 0; i--) {
        const j = random.within(0, i);
        [column[i], column[j]] = [column[j] ?? null, column[i] ?? null];
      }
      const chosen = several ? rivals.filter(({ name }) => name !== 'noble') : rivals;
      this.#compareOpening(byteColumnOf(column), chosen);
    }
  }

  #damaged(cells: ByteColumn): Uint8Array {
    const random = this.#random;
    const known = cells.rows === 0 ? null : valueAt(cells, random.within(0, cells.rows - 1));
    const cell = known === null || known.length > 2000 ? this.#crafted() : known.slice();
    const at = random.within(0, cell.length - 1);
    switch (random.within(0, 12)) {
      case 0: // truncated
        return cell.subarray(0, at);
      case 1: // extended
        return Buffer.concat([cell, random.bytes(random.within(1, 5))]);
      case 2: // a flipped bit
        cell[at] = (cell[at] ?? 0) ^ (1 << random.within(0, 7));
        return cell;
      case 3: // a foreign character, or another of the alphabet
        cell[at] = random.pick([...encodeUtf8('A/+-_= \n*\u007f'), 0x80, 0xff, 0]);
        return cell;
      case 4: // a character inserted
        return Buffer.concat([cell.subarray(0, at), random.bytes(1), cell.subarray(at)]);
      case 5: {
        // padding left off, in whole or in part
        const text = Buffer.from(cell).toString('latin1');
        return encodeUtf8(random.happens(0.5) ? text.replace(/=+$/u, '') : text.replace(/=$/u, ''));
      }
      case 6: // padding added
        return Buffer.concat([cell, encodeUtf8('='.repeat(random.within(1, 3)))]);
      case 7: {
        // unused bits of the last character
        const end = Buffer.from(cell).toString('latin1').replace(/=+$/u, '').length - 1;
        cell[end] = (cell[end] ?? 0) + 1;
        return cell;
      }
      case 8: // another version or prefix
        return Buffer.concat([
          encodeUtf8(random.pick(['01:enc:', '03:enc:', '99:enc:', '02:enc;', '2:enc:', '02:hmac:'])),
          cell.subarray(7),
        ]);
      case 9: // Base64 of random bytes
        return encodeUtf8(`02:enc:${Buffer.from(random.bytes(random.within(0, 90))).toString('base64')}`);
      case 10: // a prefix and random bytes
        return Buffer.concat([encodeUtf8('02:enc:'), random.bytes(random.within(0, 90))]);
      case 11: // two characters exchanged
        [cell[at], cell[7]] = [cell[7] ?? 0, cell[at] ?? 0];
        return cell;
      default: // authentic, with any payload
        return this.#crafted();
    }
  }

  /** A cell that authenticates, of either version, whose payload may be nonsense. */
  #crafted(): Uint8Array {
    const random = this.#random;
    const payload = Buffer.from(random.bytes(random.within(0, 40)));
    if (payload.length >= 2 && random.happens(0.7))
      payload.writeInt16BE(random.within(-4, payload.length), payload.length - 2);
    const prefix = random.pick(['01:enc:', '02:enc:']);
    const nonce = random.bytes(32);
    const iv = random.bytes(12);
    const key = this.#root.use((bytes) => createHash('sha256').update(bytes).update(nonce).digest());
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(prefix));
    const ciphertext = Buffer.concat([cipher.update(payload), cipher.final()]);
    return encodeUtf8(prefix + Buffer.concat([nonce, iv, ciphertext, cipher.getAuthTag()]).toString('base64'));
  }

  #sealTask(values: ByteColumn): SealTask {
    const random = this.#random;
    const type = random.pick(TYPES);
    const characters = Array.from({ length: random.within(1, random.pick([12, 24, 64, 128])) }, () =>
      random.pick(HEADER_CHARACTERS),
    );
    let longest = 0;
    for (let row = 0; row < values.rows; row++) longest = Math.max(longest, valueAt(values, row)?.length ?? 0);
    const prefix = encodePrefix(type);
    // Mostly with room for all values, sometimes one byte short, sometimes at the limit.
    const room = prefix.length + longest + random.within(-1, random.pick([0, 40, 200]));
    const padTargetBytes = random.happens(0.5)
      ? null
      : random.happens(0.02)
        ? random.within(11_999, 12_001)
        : Math.max(room, 9);
    return {
      targetHeader: `x${characters.join('').slice(1)}`,
      prefix,
      nullEncoding: random.happens(0.5) ? null : encodeNull(type),
      padTargetBytes,
    };
  }

  /** Values of many lengths, nulls among them; in part laid out with gaps and with bytes under the nulls. */
  #values(rows: number): ByteColumn {
    const random = this.#random;
    const nullRate = random.pick([0, 0, 0.1, 0.5, 0.95]);
    const usual = random.pick([0, 8, 40, 40, 40, 300]);
    const isLoose = random.happens(0.3);
    const longAt = rows > 0 && random.happens(0.15) ? random.within(0, rows - 1) : -1;
    const offsets = new Int32Array(rows + 1);
    const validity = allValid(rows);
    offsets[0] = isLoose ? random.within(0, 20) : 0;
    for (let row = 0; row < rows; row++) {
      const isNull = random.happens(nullRate);
      if (isNull) setNull(validity, row);
      let length = isNull && !isLoose ? 0 : random.within(0, usual);
      if (row === longAt)
        length = random.pick([LONGEST_VALUE_BYTES, LONGEST_VALUE_BYTES + 1, 5000, 1000, random.within(0, 12_300)]);
      offsets[row + 1] = (offsets[row] ?? 0) + length;
    }
    const bytes = random.bytes((offsets[rows] ?? 0) + (isLoose ? random.within(0, 20) : 0));
    return { rows, offsets, bytes, validity: nullRate === 0 ? null : validity };
  }
}

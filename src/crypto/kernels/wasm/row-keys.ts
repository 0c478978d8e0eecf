import type { SealingRoot } from '../../keys.ts';
import { SecretBytes } from '../../secret-bytes.ts';
import type { RowKeys } from '../kernel.ts';
import { countNonces } from '../row-keys.ts';
import type { Session } from './session.ts';

/**
 * Row keys that are derived in the machine's slots when a column first needs them, and again if another owner took the
 * slots meanwhile. Only the root is kept outside.
 */
export class SlotKeys implements RowKeys {
  readonly rows: number;
  readonly nonces: Uint8Array;
  readonly #session: Session;
  readonly #root: SecretBytes;

  /** Copies the root; the nonces are kept as they are. */
  constructor(session: Session, root: SealingRoot, nonces: Uint8Array) {
    this.rows = countNonces(nonces);
    this.nonces = nonces;
    this.#session = session;
    this.#root = root.use((bytes) => new SecretBytes(bytes));
  }

  /** Lends the root. @throws {TypeError} if the keys were disposed. */
  useRoot<Result>(borrow: (root: Uint8Array) => Result): Result {
    return this.#root.use(borrow);
  }

  /** Whether the keys belong to this kernel. */
  isOf(session: Session): boolean {
    return this.#session === session;
  }

  /** Wipes the root and, if they are derived, the keys. */
  [Symbol.dispose](): void {
    this.#root[Symbol.dispose]();
    this.#session.releaseSlots(this);
  }
}

/** Checks that row keys fit. @throws {RangeError} if another kernel derived them, or the number of rows differs. */
export function requireSlotKeys(session: Session, keys: RowKeys, rows: number): SlotKeys {
  if (!(keys instanceof SlotKeys) || !keys.isOf(session))
    throw new RangeError('row keys must come from the kernel that uses them');
  if (keys.rows !== rows) throw new RangeError(`row keys: expected ${rows} rows, got ${keys.rows}`);
  return keys;
}

import { equalConstantTime, wipe } from '../bytes/index.ts';

const REDACTED = '[redacted]';

/**
 * Bytes that must not leave the process by accident: a secret or a key.
 *
 * They are only ever lent to a callback. Printing, string conversion and JSON give `[redacted]`; structured cloning, and so
 * posting to a worker, throws. Hold it with `using`: disposing wipes the bytes.
 *
 * What it does not promise: wiping is best effort in JavaScript, and a callback can copy what it was lent.
 */
export class SecretBytes implements Disposable {
  readonly #bytes: Uint8Array;
  #isWiped = false;

  /**
   * Called by `JSON.stringify`.
   *
   * A function in an own property, because that makes `structuredClone` and `postMessage` refuse the object instead of
   * passing on an empty one.
   */
  readonly toJSON = (): string => REDACTED;

  /** Copies `bytes`; the caller still owns the original, and wipes it. */
  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes);
  }

  /** Number of bytes. */
  get byteLength(): number {
    return this.#bytes.length;
  }

  /**
   * Lends the bytes to `borrow` and returns its result. They are valid until the secret is disposed: an asynchronous
   * borrower must finish before that.
   *
   * @throws {TypeError} if the secret was disposed.
   */
  use<Result>(borrow: (bytes: Uint8Array) => Result): Result {
    if (this.#isWiped) throw new TypeError('secret bytes were used after they had been wiped');
    return borrow(this.#bytes);
  }

  /** Whether both hold the same bytes, compared in constant time. */
  equals(other: SecretBytes): boolean {
    return this.use((mine) => other.use((theirs) => equalConstantTime(mine, theirs)));
  }

  /** Wipes the bytes; they cannot be used after that. */
  [Symbol.dispose](): void {
    this.#isWiped = true;
    wipe(this.#bytes);
  }

  /** `[redacted]`. */
  toString(): string {
    return REDACTED;
  }

  /** Called by `util.inspect` and `console.log` in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}

import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { SealroomError } from '../../errors/index.ts';
import { hashBeginning, PartialFile } from '../../files/index.ts';
import { requireDigest } from '../../wire/index.ts';

/** A part of a file, as it arrives. */
export interface SentPart {
  /** Where it begins. */
  readonly offset: number;
  /** How many bytes were announced. */
  readonly bytes: number;
  readonly blocks: AsyncGenerator<Uint8Array>;
  /** SHA-256 that was signed. */
  readonly digest: Uint8Array | null;
}

/** What is done in a turn. */
type InTurn<T> = (receive: (part: SentPart) => Promise<void>, hash: () => Promise<string>) => Promise<T>;

/** A part that is arriving. */
interface Arrival {
  /** Ends it. */
  readonly abort: AbortController;
  /** When its last bytes came, on the clock of `performance.now()`. */
  lastMs: number;
}

/** How long nothing may arrive of a part before another request may take its place: its connection was lost, and nobody has noticed. */
const STALLED_MS = 2000;

/** Writes the parts of one file, one at a time. */
export class PartReceiver {
  readonly #path: string;
  readonly #offset: () => number;
  /** SHA-256 of the first bytes of the file, as far as they are known to be on the disk. */
  #known: { readonly bytes: number; readonly hash: Hash } | null = null;
  /** The turn that is being taken. */
  #turn: Promise<unknown> | null = null;
  #arrival: Arrival | null = null;

  /** @param offset how much of the file counts */
  constructor(path: string, offset: () => number) {
    this.#path = path;
    this.#offset = offset;
  }

  /**
   * Does something while no part arrives. A part of which nothing has come for some time is given up.
   *
   * @throws {SealroomError} SERVER_BUSY while another turn is taken, and what `action` throws.
   */
  async takeTurn<T>(action: InTurn<T>): Promise<T> {
    if (this.#arrival !== null && performance.now() - this.#arrival.lastMs > STALLED_MS) await this.stop();
    if (this.#turn !== null) {
      throw new SealroomError('SERVER_BUSY', 'another part of this file is arriving', { hint: 'wait, and ask again' });
    }
    const turn = action(
      (part) => this.#receive(part),
      async () => (await this.#wholeHash()).copy().digest('hex'),
    );
    this.#turn = turn;
    try {
      return await turn;
    } finally {
      this.#turn = null;
    }
  }

  /** Gives up the part that is arriving, and waits until nothing is written any more. */
  async stop(): Promise<void> {
    this.#arrival?.abort.abort();
    await this.#turn?.catch(() => undefined);
  }

  async #receive({ offset, bytes, blocks, digest }: SentPart): Promise<void> {
    const arrival: Arrival = { abort: new AbortController(), lastMs: performance.now() };
    this.#arrival = arrival;
    const stopped = once(arrival.abort.signal, 'abort');
    try {
      const whole = (await this.#wholeHash()).copy();
      const own = createHash('sha256');
      await using file = await PartialFile.open(this.#path);
      let received = 0;
      for (;;) {
        const next = await Promise.race([blocks.next(), stopped.then(() => null)]);
        if (next === null || next.done === true || received + next.value.length > bytes) break;
        arrival.lastMs = performance.now();
        own.update(next.value);
        whole.update(next.value);
        await file.write(next.value, offset + received);
        received += next.value.length;
      }
      if (received !== bytes) throw new SealroomError('AUTH_DIGEST', 'the part did not arrive whole');
      requireDigest(digest, own.digest());
      await file.flush();
      this.#known = { bytes: offset + bytes, hash: whole };
    } catch (error) {
      throw isDiskFull(error)
        ? new SealroomError('SERVER_TOO_LARGE', 'the disk of the room is full', { cause: error })
        : error;
    } finally {
      this.#arrival = null;
    }
  }

  /** SHA-256 of what counts; after a start it is read from the file once. */
  async #wholeHash(): Promise<Hash> {
    const bytes = this.#offset();
    if (this.#known?.bytes !== bytes) this.#known = { bytes, hash: await hashBeginning(this.#path, bytes) };
    return this.#known.hash;
  }
}

function isDiskFull(error: unknown): boolean {
  const cause = error instanceof SealroomError ? error.cause : null;
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT');
}

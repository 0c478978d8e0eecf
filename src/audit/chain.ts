import { encodeHex } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import type { Line } from './line.ts';
import { type AuditRecord, parseRecord } from './audit-record.ts';

/** A problem of a log. */
export interface AuditProblem {
  /** The record that it concerns, counted from 0; `null` if it concerns the whole log. */
  readonly record: number | null;
  readonly message: string;
  /** The checkpoints that prove a fork; left out for other problems. */
  readonly evidence?: readonly string[];
}

/** The previous line, which the next one must follow and link to. */
interface Before {
  readonly index: number;
  readonly leaf: string | null;
  /** Whether it is a record; if not, it counts as a changed version of the expected one. */
  readonly isRecord: boolean;
}

/**
 * Follows the lines of a log and checks that each is a record, has the next number, and links to the previous one. Reports which
 * record was changed, is missing, was added or is out of place.
 */
export class Chain {
  readonly #problems: AuditProblem[] = [];
  #before: Before = { index: -1, leaf: null, isRecord: true };
  /** A record that does not link to the previous one: the next link shows which of the two was changed. */
  #suspect: number | null = null;
  #lines = 0;

  /** The problems found so far. */
  get problems(): readonly AuditProblem[] {
    return this.#problems;
  }

  /**
   * Takes the next line.
   *
   * @param leaf the leaf hash of the line
   * @returns the record, or `null` if the line is not a record
   */
  add({ bytes, isComplete }: Line, leaf: Uint8Array): AuditRecord | null {
    const line = this.#lines++;
    const record = this.#parse(line, bytes, isComplete);
    const hex = encodeHex(leaf);
    const expected = this.#before.index + 1;
    if (record === null) {
      this.#settle(true);
      this.#before = { index: expected, leaf: hex, isRecord: false };
      return null;
    }
    const { index, previous } = record;
    const isLinked = previous === this.#before.leaf;
    if (index === expected) {
      this.#settle(isLinked);
    } else if (!this.#before.isRecord && index === this.#before.index) {
      // The line that is not a record was inserted before this one and does not replace it.
    } else if (index < expected) {
      this.#report(line, `expected record ${String(expected)} here, got record ${String(index)}`);
      return record;
    } else {
      this.#settle(true);
      this.#report(
        expected,
        index === expected + 1 ? 'it is missing' : `records up to ${String(index - 1)} are missing`,
      );
    }
    this.#before = { index, leaf: hex, isRecord: true };
    return record;
  }

  /** Ends the log. */
  end(): void {
    this.#settle(true);
  }

  /** Checks the link to the previous record. If the link before that was broken, this one shows which of the two records was changed. */
  #settle(isLinked: boolean): void {
    const { index, isRecord } = this.#before;
    const suspect = this.#suspect;
    this.#suspect = null;
    if (suspect !== null) this.#report(isLinked ? suspect - 1 : suspect, 'it was changed');
    else if (!isLinked && isRecord) this.#suspect = index + 1;
  }

  #parse(line: number, bytes: Uint8Array, isComplete: boolean): AuditRecord | null {
    try {
      if (!isComplete) throw new SealroomError('AUDIT_RECORD', 'the line is not complete');
      return parseRecord(bytes);
    } catch (error) {
      if (!(error instanceof SealroomError)) throw error;
      this.#report(line, error.message);
      return null;
    }
  }

  #report(record: number, message: string): void {
    this.#problems.push({ record, message });
  }
}

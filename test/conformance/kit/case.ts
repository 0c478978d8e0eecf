import { RUNNABLE_KERNELS } from '../../support/kernels.ts';
import type { KernelName } from 'sealroom';
import type { DifferenceName } from './differences.ts';

/** The kernels that every case in which keys play a role is run on. */
export const KERNEL_NAMES = RUNNABLE_KERNELS;

/** One statement of the vectors about one behaviour, run on one kernel. */
export interface VectorCase {
  /** The vector's own id, or a name made of its place. */
  readonly id: string;
  readonly what: string;
  /** `null` where kernels play no role. */
  readonly kernel: KernelName | null;
  /** The documented difference that the expectation follows, or `null` where it is what C3R did. */
  readonly difference: DifferenceName | null;
  /** @throws {Mismatch} if the product does not do what is expected. */
  readonly run: () => void | Promise<void>;
}

/** The product did something else. Both texts are one line and hold no key. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`expected ${expected}, got ${got}`);
    this.expected = expected;
    this.got = got;
  }
}

/** Vectors that cannot be read: a missing folder or file, no JSON, or a member that is not what it should be. */
export class VectorsError extends Error {
  override readonly name = 'VectorsError';
}

/**
 * The cases of one vector; where it cannot be understood, one case that fails and says so.
 *
 * @param name what the vector is called if it has no id
 */
export function listSafely(
  vector: Readonly<Record<string, unknown>>,
  name: string,
  list: () => readonly VectorCase[],
): readonly VectorCase[] {
  try {
    return list();
  } catch (error) {
    return [caseOfError(typeof vector['id'] === 'string' ? vector['id'] : name, error)];
  }
}

/** A case that fails because the vector cannot be understood, or made the product fail before it was run. */
export function caseOfError(id: string, error: unknown): VectorCase {
  return {
    id,
    what: 'reading the vector',
    kernel: null,
    difference: null,
    run: () => {
      throw error;
    },
  };
}

const MAX_SHOWN = 120;

/** A text as one short line: quoted, line breaks escaped, cut off where it is long. */
export function show(value: string | null | undefined): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}… (${String(value.length)} characters)`;
}

/** @throws {Mismatch} unless both are equal; `of` says what was compared. */
export function expectEqual(of: string, got: string | null | undefined, expected: string | null | undefined): void {
  if (got !== expected) throw new Mismatch(`${of} ${show(expected)}`, show(got));
}

/** As {@link expectEqual}, for what must not be printed. */
export function expectEqualSecret(of: string, isEqual: boolean): void {
  if (!isEqual) throw new Mismatch(`the listed ${of}`, 'another');
}

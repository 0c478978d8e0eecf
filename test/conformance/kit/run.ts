import { Mismatch, VectorsError } from './case.ts';
import type { VectorCase } from './case.ts';
import { describeError } from './reasons.ts';

/** A case that went wrong, in words. */
export interface Failure {
  readonly vector: VectorCase;
  readonly expected: string;
  readonly got: string;
}

/** How a run went. */
export interface Outcome {
  readonly passed: number;
  readonly failures: readonly Failure[];
}

/** Cases of tables that run at the same time: each uses engine threads of its own. */
const CONCURRENT = 4;

async function runCase(vector: VectorCase): Promise<Failure | null> {
  try {
    await vector.run();
    return null;
  } catch (error) {
    if (error instanceof VectorsError)
      return { vector, expected: 'a vector that can be understood', got: error.message };
    if (error instanceof Mismatch) return { vector, expected: error.expected, got: error.got };
    return { vector, expected: 'success', got: describeError(error) };
  }
}

/** Runs all cases. */
export async function runCases(cases: readonly VectorCase[]): Promise<Outcome> {
  const failures: (Failure | null)[] = cases.map(() => null);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < cases.length; index = next++) {
      const vector = cases[index];
      if (vector !== undefined) failures[index] = await runCase(vector);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, work));
  const found = failures.filter((failure) => failure !== null);
  return { passed: cases.length - found.length, failures: found };
}

/** `rj-020 [node] decrypt_cell: …: expected …, got …`, one line. */
export function describeFailure({ vector, expected, got }: Failure): string {
  const kernel = vector.kernel === null ? '' : ` [${vector.kernel}]`;
  return `${vector.id}${kernel} ${vector.what}: expected ${expected}, got ${got}`.replaceAll(/[\r\n]+/g, ' ');
}

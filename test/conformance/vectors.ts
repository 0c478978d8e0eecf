import { fileURLToPath } from 'node:url';
import type { VectorCase } from './kit/case.ts';
import { loadVectors } from './kit/load.ts';

/** The folder of the vectors that C3R 3.0.5 made. */
export const VECTORS_FOLDER = fileURLToPath(new URL('../vectors/c3r', import.meta.url));

/** Whether a case works on whole tables. */
function isTable({ what }: VectorCase): boolean {
  return /^(encrypt|decrypt)(_csv:.*)?$/s.test(what);
}

/** A case with a title of its own. */
export interface TitledCase {
  readonly title: string;
  readonly vector: VectorCase;
}

/** The cases of tables, or all others. */
export async function listCases(kind: 'tables' | 'cells'): Promise<readonly TitledCase[]> {
  return (await loadVectors(VECTORS_FOLDER))
    .filter((vector) => isTable(vector) === (kind === 'tables'))
    .map((vector) => ({
      title: [vector.id, vector.kernel, vector.what].filter((part) => part !== null).join(' '),
      vector,
    }));
}

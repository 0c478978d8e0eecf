import { join } from 'node:path';
import { expect } from 'vitest';
import type { CaseRun } from '../../../cli/cases.test.ts';
import { readTable } from '../../../tabular/support.ts';

/** The values are the same, in the types that F-89 names. */
export async function check({ directory }: CaseRun): Promise<void> {
  const { fields, columns } = await readTable(join(directory, 'out.parquet'), { opaqueAsText: true });
  const found = fields.map(({ name, typeName }, index) => [name, typeName, columns[index]]);
  const before = await readTable(join(directory, 'in.parquet'), { opaqueAsText: true });
  for (const [name, type] of [
    ['t', 'TIME(MICROS)'],
    ['b', 'BYTE_ARRAY'],
  ]) {
    expect(found).toContainEqual([name, type, before.columns[before.fields.findIndex((field) => field.name === name)]]);
  }
}

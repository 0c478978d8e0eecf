import { join } from 'node:path';
import { expect } from 'vitest';
import type { CaseRun } from '../../../cli/cases.test.ts';
import { readTable } from '../../../tabular/support.ts';

/** The column is carried as binary, byte for byte. */
export async function check({ directory }: CaseRun): Promise<void> {
  const [before, after] = await Promise.all(['in', 'out'].map((name) => readTable(join(directory, `${name}.parquet`))));
  expect(after?.fields).toEqual(before?.fields);
  expect(after?.columns).toEqual(before?.columns);
  expect(after?.fields.map(({ type }) => type)).toContainEqual({ kind: 'binary' });
}

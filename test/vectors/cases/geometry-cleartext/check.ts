import { join } from 'node:path';
import { expect } from 'vitest';
import type { CaseRun } from '../../../cli/cases.test.ts';
import { readTable } from '../../../tabular/support.ts';

/** The shapes are there as the bytes that they are. */
export async function check({ directory }: CaseRun): Promise<void> {
  const [before, after] = await Promise.all(['in', 'out'].map((name) => readTable(join(directory, `${name}.parquet`))));
  const shapesOf = (table: typeof after): unknown[] => [...(table?.columns.at(-1) ?? [])].sort();
  expect(after?.fields.at(-1)?.type).toEqual({ kind: 'binary' });
  expect(shapesOf(after)).toEqual(shapesOf(before));
  expect(shapesOf(after)).toContain(Buffer.from('0101000000000000000000f03f0000000000000040', 'hex').toString('latin1'));
}

import { join } from 'node:path';
import { expect } from 'vitest';
import type { CaseRun } from '../../../cli/cases.test.ts';
import { readTable } from '../../../tabular/support.ts';

/** Texts are carried as texts. */
export async function check({ directory }: CaseRun): Promise<void> {
  const [before, after] = await Promise.all(['in', 'out'].map((name) => readTable(join(directory, `${name}.arrow`))));
  const valuesOf = (table: typeof after, header: string): unknown[] => {
    const index = table?.fields.findIndex(({ name, type }) => name === header && type.kind === 'string') ?? -1;
    return [...(table?.columns[index] ?? [])].sort();
  };
  expect(valuesOf(after, 'c')).toEqual(valuesOf(before, 'name'));
  expect(valuesOf(after, 'c').length).toBeGreaterThan(0);
  expect(valuesOf(after, 'f').every((cell) => String(cell).startsWith('02:hmac:'))).toBe(true);
}

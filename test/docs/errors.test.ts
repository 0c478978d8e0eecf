import { ERROR_CODES } from 'sealroom';
import { expect, test } from 'vitest';
import { readText } from './repository.ts';

const ROWS = readText('docs/errors.md')
  .split('\n')
  .filter((line) => /^\| `[A-Z]+_/.test(line));

test('docs/errors.md has every code once, with its meaning and what to do', () => {
  const codes = ROWS.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, code]) => code));
  expect(codes.toSorted()).toEqual([...ERROR_CODES].sort());
  for (const row of ROWS) expect(row).toMatch(/^\|[^|]+\| *\S[^|]*\| *\S[^|]*\|$/);
});

test('docs/errors.md gives every kind of code an exit code', () => {
  const [table = ''] = readText('docs/errors.md').split('| code ');
  for (const code of ERROR_CODES) expect(table).toContain(`\`${code.split('_')[0] ?? ''}_`);
});

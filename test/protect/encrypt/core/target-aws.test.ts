import { expect, test } from 'vitest';
import { adviceForAws, requireFitForAws } from '#src/protect/encrypt/core/target-aws';
import type { ColumnType } from 'sealroom/tabular';

const check =
  (type: ColumnType, name = 'a') =>
  (): void => {
    requireFitForAws([{ name, type }], 'parquet');
  };

test('F-134 what Athena and Spark read wrong is refused, and the rest is not', () => {
  expect(check({ kind: 'timestamp', unit: 'ns', utc: false })).toThrow('AWS does not read timestamps in nanoseconds');
  expect(check({ kind: 'opaque', engineType: 'UBIGINT', width: 8 })).toThrow('unsigned integers (UBIGINT)');
  for (const type of [
    { kind: 'timestamp', unit: 'us', utc: true },
    { kind: 'decimal', precision: 18, scale: 2 },
    { kind: 'opaque', engineType: 'TINYINT', width: 1 },
    { kind: 'string' },
  ] as const) {
    check(type)();
  }
});

test('F-134 all that is wrong is said at once', () => {
  expect(check({ kind: 'timestamp', unit: 'ns', utc: false }, 'A b')).toThrow('a name has only a to z');
});

test('F-134 the sizes of files are advised in rows', () => {
  const GB = 1_000_000_000;
  expect(adviceForAws(GB, 1000, null)).toEqual([]);
  expect(adviceForAws(1000, 10, null)).toEqual([]);
  expect(adviceForAws(8 * GB, 80_000, null)[0]).toContain('`--rows-per-file 2500` makes files of 250 MB');
  expect(adviceForAws(GB, 1000, 10)[0]).toContain('about 10 MB: `--rows-per-file 250`');
  expect(adviceForAws(GB, 1000, 250)).toEqual([]);
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOfTable, generateBenchTable } from '../../bench/generate.ts';
import { queryTable, tableSource, withDuckDb } from '../../samples/insurers/table-reader.ts';

let workFolder: string;
beforeEach(() => {
  workFolder = mkdtempSync(join(tmpdir(), 'sealroom-test-'));
});
afterEach(() => {
  rmSync(workFolder, { recursive: true, force: true });
});

describe('bench/generate', () => {
  it.each(['csv', 'parquet'] as const)('writes equal bytes for equal seeds: %s', async (format) => {
    const [first, second, other] = ['first', 'second', 'other'].map((name) => join(workFolder, `${name}.${format}`));
    if (first === undefined || second === undefined || other === undefined) throw new Error('three paths expected');
    await generateBenchTable({ rows: 5_000, format, path: first, seed: 7 });
    await generateBenchTable({ rows: 5_000, format, path: second, seed: 7 });
    await generateBenchTable({ rows: 5_000, format, path: other, seed: 8 });
    expect(readFileSync(first).equals(readFileSync(second))).toBe(true);
    expect(readFileSync(first).equals(readFileSync(other))).toBe(false);
  });

  it('writes the same rows in both formats: unique ids of 20, notes of 30 characters, a fifth of them awkward', async () => {
    const csv = join(workFolder, 'bench.csv');
    const parquet = join(workFolder, 'bench.parquet');
    await generateBenchTable({ rows: 20_000, format: 'csv', path: csv });
    await generateBenchTable({ rows: 20_000, format: 'parquet', path: parquet });
    await withDuckDb(async (connection) => {
      const difference = `SELECT count(*) FROM (FROM ${tableSource(csv)} EXCEPT FROM ${tableSource(parquet)})`;
      expect((await queryTable(connection, difference)).rows).toEqual([['0']]);
      const shape = await queryTable(
        connection,
        `SELECT count(*), count(DISTINCT id), min(length(id)), max(length(id)), min(length(note)), max(length(note)),
           avg(regexp_matches(note, '[",\\né]')::INTEGER) BETWEEN 0.18 AND 0.22
         FROM ${tableSource(parquet)}`,
      );
      expect(shape.rows).toEqual([['20000', '20000', '20', '20', '30', '30', 'true']]);
    });
  });

  it('recognises the same rows in both formats, and other rows', async () => {
    const tables = { csv: 7, parquet: 7, 'other.csv': 8 };
    const fingerprints: string[] = [];
    for (const [name, seed] of Object.entries(tables)) {
      const path = join(workFolder, `table.${name}`);
      await generateBenchTable({ rows: 5_000, format: name === 'parquet' ? name : 'csv', path, seed });
      fingerprints.push(await fingerprintOfTable(path, ['id', 'email', 'amount', 'note', 'category']));
    }
    const [csv, parquet, other] = fingerprints;
    expect(parquet).toBe(csv);
    expect(other).not.toBe(csv);
  });

  it.each([-1, 1.5, Number.NaN])('refuses %d rows', async (rows) => {
    await expect(generateBenchTable({ rows, format: 'csv', path: join(workFolder, 'no.csv') })).rejects.toThrow(
      RangeError,
    );
  });
});

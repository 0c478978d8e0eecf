import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SAMPLE_SEED, writeSample } from '../../samples/insurers/generate.ts';
import { makeInsurers } from '../../samples/insurers/model.ts';
import { queryTable, tableSource, withDuckDb } from '../../samples/insurers/table-reader.ts';
import { runScript } from './run-script.ts';

const SAMPLE_FOLDER = fileURLToPath(new URL('../../samples/insurers/', import.meta.url));
const FOLDERS = ['brightfen', 'tannhof', 'expected'];

let workFolder: string;
beforeEach(() => {
  workFolder = mkdtempSync(join(tmpdir(), 'sealroom-test-'));
});
afterEach(() => {
  rmSync(workFolder, { recursive: true, force: true });
});

describe('samples/insurers: the generator', () => {
  it('writes the committed tables again, byte for byte', () => {
    writeSample(workFolder);
    for (const folder of FOLDERS) {
      const tables = readdirSync(join(SAMPLE_FOLDER, folder)).filter((file) => file.endsWith('.csv'));
      expect(readdirSync(join(workFolder, folder))).toEqual(tables);
      for (const table of tables) {
        const made = readFileSync(join(workFolder, folder, table));
        expect(made.equals(readFileSync(join(SAMPLE_FOLDER, folder, table))), `${folder}/${table}`).toBe(true);
      }
    }
  });

  it('makes other data from another seed', () => {
    expect(makeInsurers(SAMPLE_SEED + 1)).not.toEqual(makeInsurers(SAMPLE_SEED));
  });

  it('writes CSV that DuckDB reads strictly, with the same rows', async () => {
    const insurers = makeInsurers(SAMPLE_SEED);
    await withDuckDb(async (connection) => {
      for (const folder of ['brightfen', 'tannhof'] as const) {
        for (const table of ['customers', 'claims'] as const) {
          const source = tableSource(join(SAMPLE_FOLDER, folder, `${table}.csv`));
          const counted = await queryTable(connection, `SELECT count(*) FROM ${source}`);
          expect(counted.rows).toEqual([[String(insurers[folder][table].length)]]);
        }
      }
    });
  });

  it('uses no address and no telephone number that could be somebody’s', () => {
    const { brightfen, tannhof } = makeInsurers(SAMPLE_SEED);
    const reserved = /^\+(49(30|69|89)(23125|90009|99998)\d{3}|33(19900|63998)\d{4}|467017406\d\d|447700900\d{3})$/u;
    for (const { email, phoneE164 } of [...brightfen.customers, ...tannhof.customers]) {
      if (email !== null) expect(email).toMatch(/^[a-z0-9.]+@example\.(com|org|net)$/u);
      if (phoneE164 !== null) expect(phoneE164).toMatch(reserved);
    }
  });
});

describe('samples/insurers: the demo', () => {
  it('runs green, in lines of at most 100 characters without color, and removes its folder', async () => {
    const { exitCode, stdout, stderr } = await runScript('samples/insurers/demo.ts', [], {
      TMPDIR: workFolder,
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.match(/: allowed$/gmu)).toHaveLength(3);
    expect(stdout.match(/: refused$/gmu)).toHaveLength(3);
    expect(stdout).toContain('16 records, each in its place');
    expect(stdout).toContain('decrypted pairs equal the join in cleartext');
    expect(stdout).not.toContain('\u001b');
    expect(stdout.split('\n').filter((line) => [...line].length > 100)).toEqual([]);
    expect(readdirSync(workFolder).filter((name) => name.startsWith('sealroom-'))).toEqual([]);
  }, 60_000);

  it('keeps its files with --keep, and the protected ones contain no customer', async () => {
    const kept = join(workFolder, 'kept');
    const { exitCode } = await runScript('samples/insurers/demo.ts', ['--keep', kept]);
    expect(exitCode).toBe(0);
    const { email } = makeInsurers(SAMPLE_SEED).brightfen.customers.find((customer) => customer.email !== null) ?? {};
    expect(email).toBeTypeOf('string');
    const files = [join(kept, 'protected'), join(kept, 'room')].flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    );
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) expect(readFileSync(file).includes(String(email)), file).toBe(false);
    const result = readFileSync(join(kept, 'receiver', 'filed-with-both.csv'), 'utf8');
    const expected = readFileSync(join(SAMPLE_FOLDER, 'expected', 'filed-with-both.csv'), 'utf8');
    expect(result.split('\n')[0]).toBe(expected.split('\n')[0]);
    // The question was for claims from 1,000 euro on.
    expect(result.split('\n').length).toBeLessThan(expected.split('\n').length);
  }, 60_000);
});

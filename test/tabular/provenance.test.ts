import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Provenance, readProvenance, sidecarPath } from 'sealroom/tabular';
import { parseMetadata, parseSidecar } from '#src/tabular/provenance/text';
import { printMetadata, printSidecar } from '#src/tabular/provenance/place';
import { ID } from '../support/cli.ts';
import { Bench, schemaOf } from '../support/tables.ts';
import { failureOf, SEED } from './support.ts';
import { runs } from '../support/runs.ts';

const ORIGIN = { generation: 3, secretId: 'ab'.repeat(16) };
const SCHEMA = schemaOf('a:sealed', 'b:fingerprint', 'c:cleartext');
const COLUMNS = [
  { name: 'a', protection: 'sealed' },
  { name: 'b', protection: 'fingerprint' },
  { name: 'c', protection: 'cleartext' },
] as const;
const PROVENANCE: Provenance = { collaborationId: ID, ...ORIGIN, columns: COLUMNS };

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function withFile(format: string, action: (bench: Bench, path: string) => Promise<void>): Promise<void> {
  await using bench = await Bench.start();
  await bench.put('in.csv', 'a,b,c\n1,2,3\n4,5,6\n');
  await bench.encrypt('in.csv', `out.${format}`, SCHEMA, { provenance: ORIGIN });
  await action(bench, join(bench.directory, `out.${format}`));
}

describe('where a protected file comes from', () => {
  test.each(['csv', 'arrow'])('is in a sidecar: %s', (format) =>
    withFile(format, async (bench, path) => {
      expect(await bench.names()).toEqual(['in.csv', `out.${format}`, `out.${format}.sealroom.json`, 'tmp']);
      expect((await stat(sidecarPath(path))).mode & 0o777).toBe(0o600);
      const found = await readProvenance(path);
      expect(found).toMatchObject(PROVENANCE);
      expect(found?.table).toMatchObject({ rows: 2, bytes: (await stat(path)).size });
    }),
  );

  test('is in the metadata of a Parquet file, and the cells are those of the format', () =>
    withFile('parquet', async (bench, path) => {
      expect(await bench.names()).toEqual(['in.csv', 'out.parquet', 'tmp']);
      expect(await readProvenance(path)).toMatchObject({ ...PROVENANCE, table: null });
      const columns = await bench.columns('out.parquet');
      expect(Object.keys(columns)).toEqual(['a', 'b', 'c']);
      expect(columns['a']?.[0]).toMatch(/^02:enc:/);
    }));

  test('is not known without a sidecar or metadata', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'a,b,c\n1,2,3\n');
    for (const name of ['out.csv', 'out.parquet']) {
      await bench.encrypt('in.csv', name, SCHEMA);
      expect(await readProvenance(join(bench.directory, name))).toBeNull();
    }
    expect(await bench.names()).toEqual(['in.csv', 'out.csv', 'out.parquet', 'tmp']);
  });

  test('of a file that was changed, or replaced, is refused', () =>
    withFile('csv', async (_bench, path) => {
      const text = await readFile(path, 'utf8');
      await writeFile(path, text.replace('3', '4'));
      const error = await failureOf(readProvenance(path));
      expect(error).toMatchObject({ code: 'FORMAT_SIDECAR', where: { file: path } });
      expect(error.message).toBe('the file is not the one that its sidecar describes, or was changed');
    }));

  test('goes when the file is replaced by one of which it is not known', () =>
    withFile('csv', async (bench, path) => {
      await bench.encrypt('in.csv', 'out.csv', SCHEMA, { overwrite: true });
      expect(await readProvenance(path)).toBeNull();
      await expect(stat(sidecarPath(path))).rejects.toThrow('ENOENT');
    }));

  test('is not written for standard output, nor for a dry run', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'a,b,c\n1,2,3\n');
    await bench.encrypt('in.csv', 'out.csv', SCHEMA, { provenance: ORIGIN, dryRun: true });
    expect(await bench.names()).toEqual(['in.csv', 'tmp']);
  });

  test('a place where the sidecar cannot be leaves no table', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'a,b,c\n1,2,3\n');
    await mkdir(bench.path('out.csv.sealroom.json'));
    const error = await failureOf(bench.encrypt('in.csv', 'out.csv', SCHEMA, { provenance: ORIGIN }));
    expect(error.code).toBe('IO_WRITE');
    expect(await bench.names()).toEqual(['in.csv', 'out.csv.sealroom.json', 'tmp']);
  });

  test('what is called when the output is complete can still forbid it', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'a,b,c\n1,2,3\n');
    for (const name of ['out.csv', 'out.parquet', 'out.arrow']) {
      const seen: unknown[] = [];
      const beforeCommit = async (facts: {
        readonly rows: number;
        readonly inputSha256: () => Promise<string>;
        readonly outputSha256: () => Promise<string | null>;
      }): Promise<void> => {
        expect(facts.rows).toBe(1);
        expect(await facts.inputSha256()).toBe(sha256('a,b,c\n1,2,3\n'));
        seen.push(await facts.outputSha256());
        expect(await bench.names()).not.toContain(name);
        throw new Error('no');
      };
      await expect(bench.encrypt('in.csv', name, SCHEMA, { provenance: ORIGIN, beforeCommit })).rejects.toThrow('no');
      expect(seen).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
      expect(await bench.names()).toEqual(['in.csv', 'tmp']);
    }
  });
});

describe('texts of it', () => {
  const facts = { sha256: 'cd'.repeat(32), bytes: 10, rows: 2 };

  test('read as they were written', () => {
    expect(parseMetadata(printMetadata(PROVENANCE), 'x')).toEqual({ version: 1, ...PROVENANCE });
    expect(parseSidecar(printSidecar(PROVENANCE, facts), 'x')).toEqual({ version: 1, ...PROVENANCE, ...facts });
  });

  test.each([
    ['of another version', { version: 2 }, /an unknown version/],
    ['with another member', { key: 'x' }, /is malformed/],
    ['of generation 0', { generation: 0 }, /is malformed/],
    ['of an id in upper case', { collaborationId: 'A7D4B0E8-6A3C-4B3E-9C5E-2B1D8E7F6A59' }, /is malformed/],
    ['with another protection', { columns: [{ name: 'a', protection: 'open' }] }, /is malformed/],
  ])('%s are refused', (_what, changes, message) => {
    const text = JSON.stringify({ version: 1, ...PROVENANCE, ...facts, ...changes });
    expect(() => parseSidecar(text, 'x')).toThrow(message);
    expect(() => parseSidecar(text, 'x')).toThrow(expect.objectContaining({ code: 'FORMAT_SIDECAR' }));
  });

  test('of any other kind are refused, and not repeated', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => parseSidecar(text, 'x')).toThrow(
          /^the origin of a protected file (is malformed|has an unknown version)$/,
        );
      }),
      { seed: SEED, numRuns: runs(200) },
    );
  });
});

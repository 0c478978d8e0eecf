import { createReadStream } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { defaultKernel, type EncryptOptions, type EncryptSummary, type TableSchema } from 'sealroom';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { TableMachine } from '#src/protect/machine/machine';
import { runs } from '../../../support/runs.ts';
import { Bench, schemaOf, settingsOf } from '../../../support/tables.ts';
import { regularCsvText } from '../../../tabular/csv/csv-texts.ts';
import { failureOf, SEED } from '../../../tabular/support.ts';

// The fast path beside the ordinary one, which is taken with another kernel.

afterEach(() => {
  vi.restoreAllMocks();
});

const KEEPS_NULLS = { settings: settingsOf({ preserveNulls: true }) };

/** The rows of a protected table, opened and in some order that does not depend on that of the file. */
async function rowsOf(bench: Bench, name: string): Promise<string[]> {
  await bench.decrypt(name, 'opened.csv', { overwrite: true });
  const { columns } = await bench.read('opened.csv');
  return Array.from({ length: columns[0]?.length ?? 0 }, (_, row) =>
    JSON.stringify(columns.map((column) => column[row])),
  ).sort();
}

/** Encrypts a table on both paths and expects the same of them. Returns the summary of the fast one. */
async function encryptTwice(
  bench: Bench,
  input: string,
  schema: TableSchema,
  options: Partial<EncryptOptions> = KEEPS_NULLS,
): Promise<EncryptSummary> {
  const fast = await bench.encrypt(input, 'fast.csv', schema, { overwrite: true, ...options });
  const ordinary = await bench.encrypt(input, 'ordinary.csv', schema, { overwrite: true, kernel: 'node', ...options });
  const { rows, nulls, columns, normalised, inputBytes, outputBytes, warnings } = ordinary;
  expect(fast).toMatchObject({ rows, nulls, columns, normalised, inputBytes, outputBytes, kernel: defaultKernel() });
  expect(fast.warnings.filter((warning) => !warning.includes('exact'))).toEqual(
    warnings.filter((warning) => !warning.includes('exact')),
  );
  expect(await rowsOf(bench, 'fast.csv')).toEqual(await rowsOf(bench, 'ordinary.csv'));
  return fast;
}

function isTaken({ notes }: EncryptSummary): boolean {
  return !notes.some((note) => note.includes('not on the fast path'));
}

/** A table of many rows, with nulls, empty texts and what needs quotes. */
function manyRows(rows: number): string {
  const notes = ['', '""', 'plain', '"a, b"', '"say ""so"""', 'é', ' edge ', '"two\nlines"'];
  const lines = Array.from({ length: rows }, (_, row) => {
    return `id${String(row)},${notes[row % notes.length] ?? ''},${String(row % 7)}`;
  });
  return ['id,note,group', ...lines, ''].join('\n');
}

const MANY = schemaOf('id:fingerprint', 'note:sealed max 3', 'note>plain:cleartext', 'group:sealed fixed 8');

describe('both paths give the same rows', () => {
  test('of any regular text', async () => {
    await using bench = await Bench.start();
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(regularCsvText, fc.boolean(), async ([text, csvDelimiter], preserveNulls) => {
        await bench.put('in.csv', text);
        const [head = ''] = text.split(/\r?\n/);
        const fields = head.split(csvDelimiter).length;
        const columns = Array.from({ length: fields }, (_, index) => [
          `_c${String(index)}>c${String(index)}:cleartext`,
          `_c${String(index)}>s${String(index)}:sealed max 2`,
          ...(preserveNulls ? [`_c${String(index)}>f${String(index)}:fingerprint`] : []),
        ]).flat();
        const named = schemaOf(...columns);
        const schema = { ...named, headerRow: false, sourceCount: fields };
        const positions = named.columns.map((column) => ({
          ...column,
          sourceIndex: Number(column.sourceHeader.slice('_c'.length)),
        }));
        const options = { settings: settingsOf({ preserveNulls, allowDuplicates: true }), csvDelimiter };
        const running = encryptTwice(bench, 'in.csv', { ...schema, columns: positions }, options);
        const summary = await running.catch((error: unknown) => {
          if (error instanceof Error && error.name === 'AssertionError') throw error;
          return null;
        });
        if (summary !== null && isTaken(summary)) taken++;
      }),
      { seed: SEED, numRuns: runs(200) },
    );
    expect(taken).toBeGreaterThan(runs(200) / 4);
  });

  test.each([1, 2, 3])('of many rows, with %s threads', async (threads) => {
    await using bench = await Bench.start();
    await bench.put('in.csv', manyRows(9000));
    const summary = await encryptTwice(bench, 'in.csv', MANY, { ...KEEPS_NULLS, threads });
    expect(summary.threads).toBe(threads);
    expect(isTaken(summary)).toBe(true);
  });

  test('of a compressed file, and of a table in memory', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', manyRows(9000));
    await bench.put('in.csv.gz', gzipSync(manyRows(9000)));
    const bytes = new TextEncoder().encode(manyRows(9000));
    expect(isTaken(await encryptTwice(bench, 'in.csv.gz', MANY))).toBe(true);
    const expected = await rowsOf(bench, 'fast.csv');
    const input = { kind: 'memory', bytes, format: 'csv' } as const;
    expect(isTaken(await bench.encrypt('', 'out.csv', MANY, { ...KEEPS_NULLS, input }))).toBe(true);
    expect(await rowsOf(bench, 'out.csv')).toEqual(expected);
  });

  test('of a file that is dealt in several ranges', async () => {
    await using bench = await Bench.start();
    const rows = Array.from(
      { length: 60_000 },
      (_, row) => `id${String(row)},"${'quoted, '.repeat(15)}\n${String(row)}"`,
    );
    await bench.put('in.csv', ['id,note', ...rows, ''].join('\n'));
    const schema = schemaOf('id:fingerprint', 'note:sealed');
    const summary = await encryptTwice(bench, 'in.csv', schema, { ...KEEPS_NULLS, threads: 2 });
    expect(isTaken(summary)).toBe(true);
  });
});

describe('the lines reach every kind of output', () => {
  test('compressed, in files of some rows each, in memory, or nowhere', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', manyRows(3000));
    await bench.encrypt('in.csv', 'plain.csv', MANY, KEEPS_NULLS);
    const expected = await rowsOf(bench, 'plain.csv');

    await bench.encrypt('in.csv', 'out.csv.gz', MANY, KEEPS_NULLS);
    expect(gunzipSync(Buffer.from(await bytesOf(bench.path('out.csv.gz')))).length).toBeGreaterThan(0);
    expect(await rowsOf(bench, 'out.csv.gz')).toEqual(expected);

    const output = { kind: 'file', path: bench.path('parts'), format: 'csv', rowsPerFile: 700 } as const;
    await bench.encrypt('in.csv', '', MANY, { ...KEEPS_NULLS, output });
    expect((await bench.names()).filter((name) => name.startsWith('parts/part-')).length).toBe(5);
    expect(await rowsOf(bench, 'parts')).toEqual(expected);

    let received = new Uint8Array();
    const memory = {
      kind: 'memory' as const,
      format: 'csv' as const,
      receive: (bytes: Uint8Array): void => void (received = Uint8Array.from(bytes)),
    };
    await bench.encrypt('in.csv', '', MANY, { ...KEEPS_NULLS, output: memory });
    await bench.put('memory.csv', received);
    expect(await rowsOf(bench, 'memory.csv')).toEqual(expected);

    const names = await bench.names();
    const dry = await bench.encrypt('in.csv', 'dry.csv', MANY, { ...KEEPS_NULLS, dryRun: true, threads: 2 });
    expect(dry).toMatchObject({ rows: 3000, outputBytes: 0 });
    expect(await bench.names()).toEqual(names);
  });
});

describe('what is refused', () => {
  test('is refused with the rows of the table, wherever they were dealt', async () => {
    await using bench = await Bench.start();
    const rows = Array.from(
      { length: 60_000 },
      (_, row) => `id${String(row)},${'some text, '.replace(',', '').repeat(12)}`,
    );
    rows[59_998] = rows[10] ?? '';
    await bench.put('in.csv', ['id,note', ...rows, ''].join('\n'));
    const schema = schemaOf('id:fingerprint', 'note:sealed');
    const settings = settingsOf({ allowDuplicates: false });
    for (const kernel of ['wasm', 'node'] as const) {
      const error = await failureOf(bench.encrypt('in.csv', 'out.csv', schema, { settings, kernel, threads: 2 }));
      expect(error).toMatchObject({
        code: 'RULE_DUPLICATES',
        where: { file: bench.path('in.csv'), column: 'id' },
      });
      expect(error.message).toContain('rows 11 and 59999');
    }
    expect(await bench.names()).toEqual(['in.csv', 'tmp']);
  });

  test('is refused as on the ordinary path', async () => {
    await using bench = await Bench.start();
    const schema = schemaOf('id:fingerprint', 'note:sealed fixed 9');
    const bad = ['a,b,c', 'a,a text that is too long', '"', '#,b'];
    for (const line of bad) {
      await bench.put('in.csv', `id,note\n1,one\n${line}\n`);
      const [fast, ordinary] = await Promise.all(
        (['wasm', 'node'] as const).map((kernel) =>
          bench.encrypt('in.csv', `${kernel}.csv`, schema, { ...KEEPS_NULLS, kernel }).then(
            ({ warnings, rows }) => ({ warnings, rows }),
            (error: unknown) => error,
          ),
        ),
      );
      expect(fast).toEqual(ordinary);
    }
  });
});

describe('a run that ends early', () => {
  test.each(['read', 'encrypt'] as const)('leaves nothing when it is stopped at `%s`', async (phase) => {
    await using bench = await Bench.start();
    await bench.put('in.csv', manyRows(9000));
    for (const threads of [1, 3]) {
      const controller = new AbortController();
      const running = bench.encrypt('in.csv', 'out.csv', MANY, {
        ...KEEPS_NULLS,
        threads,
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.phase === phase) controller.abort();
        },
      });
      expect((await failureOf(running)).code).toBe('IO_ABORTED');
      expect(await bench.names()).toEqual(['in.csv', 'tmp']);
    }
  });

  test('wipes its memory, and so does one that succeeds', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', manyRows(500));
    const wiped = vi.spyOn(TableMachine.prototype, 'wipe');
    await bench.encrypt('in.csv', 'out.csv', MANY, KEEPS_NULLS);
    expect(wiped).toHaveBeenCalledTimes(1);
    const beforeCommit = (): Promise<void> => Promise.reject(new Error('not now'));
    await expect(bench.encrypt('in.csv', 'again.csv', MANY, { ...KEEPS_NULLS, beforeCommit })).rejects.toThrow(
      'not now',
    );
    expect(wiped).toHaveBeenCalledTimes(2);
    expect(await bench.names()).toEqual(['in.csv', 'out.csv', 'tmp']);
  });
});

describe('a file that is left to the ordinary path', () => {
  test('is named in the notes, with the reason', async () => {
    await using bench = await Bench.start();
    const schema = schemaOf('id:fingerprint', 'note:sealed');
    await bench.put('in.csv', 'id,note\n1,stray " quote\n');
    const irregular = await bench.encrypt('in.csv', 'out.csv', schema);
    expect(irregular.notes).toContain('in.csv: not on the fast path: lines that are not regular');
    const stream = createReadStream(bench.path('in.csv'));
    const input = { kind: 'stream' as const, stream, format: 'csv' as const };
    const streamed = await bench.encrypt('', 'streamed.csv', schema, { input });
    expect(streamed.notes).toContain('-: not on the fast path: not a regular file');
  });

  test('is not named where the fast path is for other tables', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', manyRows(10));
    for (const [output, kernel] of [
      ['out.parquet', undefined],
      ['out.csv', 'node'],
    ] as const) {
      expect((await bench.encrypt('in.csv', output, MANY, { kernel })).notes).toEqual([]);
    }
  });
});

async function bytesOf(path: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of createReadStream(path)) parts.push(part as Uint8Array);
  return Buffer.concat(parts);
}

import { createReadStream, mkdirSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { defaultKernel, type EncryptOptions, type EncryptSummary, parseTableSchema, type TableSchema } from 'sealroom';
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
  expect(fast.warnings).toEqual(warnings);
  expect(await rowsOf(bench, 'fast.csv')).toEqual(await rowsOf(bench, 'ordinary.csv'));
  return fast;
}

function isTaken({ slowReason }: EncryptSummary): boolean {
  return slowReason === null;
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
    await bench.put('in.csv', manyRows(60_000));
    const summary = await encryptTwice(bench, 'in.csv', MANY, { ...KEEPS_NULLS, threads });
    // There are as many parts at least.
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

  test('of several files, each with a header, and with or without a line break at its end', async () => {
    await using bench = await Bench.start();
    mkdirSync(bench.path('in/below'), { recursive: true });
    await bench.put('in/a.csv', 'id,note,group\n1,"two\nlines",a\n2,é,b');
    await bench.put('in/b.csv.gz', gzipSync(manyRows(5000)));
    await bench.put('in/below/c.csv', '\ufeffid,note,group\n');
    await bench.put('in/below/d.csv', 'id,note,group\n3,,c\n');
    const summary = await encryptTwice(bench, 'in', MANY);
    expect(isTaken(summary)).toBe(true);
    expect(summary.rows).toBe(5003);
    const noDuplicates = { ...KEEPS_NULLS.settings, allowDuplicates: false };
    await bench.put('in/e.csv', 'id,note,group\n9,,c\n2,,c\n');
    const errors = [];
    for (const kernel of [undefined, 'node'] as const) {
      const failed = bench.encrypt('in', 'out.csv', MANY, { settings: noDuplicates, kernel });
      const { code, message, where } = await failureOf(failed);
      errors.push({ code, message, where });
    }
    expect(errors[0]?.code).toBe('RULE_DUPLICATES');
    expect(errors[0]).toEqual(errors[1]);
  });

  test.each([
    ['a quote that is open at the end', '1,a,"x\n', 'lines that are not regular', 'id,note,group\n'],
    ['another delimiter', '1,x,a\n', 'files that differ', 'id;note;group\n'],
    ['other line ends', '1,x,a\r\n', 'files that differ', 'id,note,group\r\n'],
  ])('not of several files of which one has %s', async (_, row, reason, header) => {
    await using bench = await Bench.start();
    mkdirSync(bench.path('in'));
    await bench.put('in/a.csv', `${header}${header.includes(';') ? row.replaceAll(',', ';') : row}`);
    await bench.put('in/b.csv', 'id,note,group\n2,y",b\n');
    await bench.put('in/c.csv', 'id,note,group\n2,y,b\n');
    const { slowReason } = await encryptTwice(bench, 'in', MANY);
    expect([reason, expect.stringMatching(/^a quote/)]).toContainEqual(slowReason);
  });

  test('not of folders that add columns', async () => {
    await using bench = await Bench.start();
    mkdirSync(bench.path('in/day=1'), { recursive: true });
    await bench.put('in/day=1/a.csv', 'id,note,group\n1,x,a\n');
    expect((await encryptTwice(bench, 'in', MANY)).slowReason).toBe('folders named `key=value`');
  });

  test('of a stream, which is read once whichever path it takes', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', manyRows(9000));
    await bench.encrypt('in.csv', 'out.csv', MANY, KEEPS_NULLS);
    const expected = await rowsOf(bench, 'out.csv');
    const inputOf = (name: string): EncryptOptions['input'] => {
      return { kind: 'stream', stream: createReadStream(bench.path(name)), format: 'csv' };
    };
    const summary = await bench.encrypt('', 'streamed.csv', MANY, { ...KEEPS_NULLS, input: inputOf('in.csv') });
    expect(summary).toMatchObject({ rows: 9000, inputBytes: Buffer.byteLength(manyRows(9000)) });
    expect(isTaken(summary)).toBe(true);
    expect(await rowsOf(bench, 'streamed.csv')).toEqual(expected);
    await bench.put('stray.csv', `${manyRows(9000)}last,a"b,1\n`);
    const left = await bench.encrypt('', 'left.csv', MANY, { ...KEEPS_NULLS, input: inputOf('stray.csv') });
    expect(left.slowReason).toMatch(/^a quote inside a field on line \d+$/);
    expect(await rowsOf(bench, 'left.csv')).toHaveLength(9001);
    expect(await bench.names()).not.toContainEqual(expect.stringContaining('tmp/'));
  });

  test('of a table with blank lines, which may be many', async () => {
    await using bench = await Bench.start();
    const rows = Array.from({ length: 300 }, (_, row) => `id${String(row)},note`);
    const blank = ['\n', ' \n', '\n'.repeat(99_999)];
    await bench.put(
      'in.csv',
      ['id,note', ...rows.map((line, row) => line + (blank[row] ?? '')), '', '', '  '].join('\n'),
    );
    const schema = schemaOf('id:fingerprint', 'note:sealed');
    const summary = await encryptTwice(bench, 'in.csv', schema, { settings: settingsOf({ allowDuplicates: false }) });
    expect(summary.rows).toBe(300);
    expect(isTaken(summary)).toBe(true);
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
  const schema = schemaOf('id:fingerprint', 'note:sealed');
  const named = parseTableSchema(
    JSON.stringify({
      headerRow: true,
      columns: [{ sourceHeader: { name: 'id', normalise: ['name'] }, targetHeader: 'id', type: 'fingerprint' }],
    }),
  );

  test('says why in the summary, and in a note only where it costs', async () => {
    await using bench = await Bench.start();
    await bench.put('small.csv', 'id,note\n1,stray " quote\n');
    const small = await bench.encrypt('small.csv', 'small.out.csv', schema, { threads: 3 });
    expect(small).toMatchObject({
      slowReason: 'a quote inside a field on line 2',
      notes: [],
      warnings: [],
      threads: 1,
    });
    await bench.put('large.csv', `id,note\n${`1,${'x'.repeat(8000)}\n`.repeat(2200)}`);
    const { slowReason, notes } = await bench.encrypt('large.csv', 'large.out.csv', named);
    expect(slowReason).toBe('normalising by `name`');
    expect(notes).toEqual(['large.csv: not on the fast path: normalising by `name`']);
  });

  test('says it once if its reader is slow too', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', `id,note\n${`1,${'x'.repeat(8000)}\n`.repeat(2200)}2,stray " quote\n`);
    const { notes, warnings } = await bench.encrypt('in.csv', 'out.csv', schema);
    expect(notes).toEqual(['in.csv: read by the exact, slower reader: a quote inside a field on line 2202']);
    expect(warnings).toEqual([]);
  });

  test('is not named where the fast path is for other tables', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', manyRows(10));
    for (const [output, kernel] of [
      ['out.parquet', undefined],
      ['out.csv', 'node'],
    ] as const) {
      const summary = await bench.encrypt('in.csv', output, MANY, { kernel });
      expect(summary).toMatchObject({ slowReason: null, notes: [] });
    }
  });
});

async function bytesOf(path: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of createReadStream(path)) parts.push(part as Uint8Array);
  return Buffer.concat(parts);
}

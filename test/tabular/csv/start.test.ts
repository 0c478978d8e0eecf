import { readFileSync, writeSync } from 'node:fs';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CsvStart, type NoCsvStart, openCsvStart } from '#src/tabular/index';
import { createTable, openTable, type OpenOptions } from 'sealroom/tabular';
import { batchOf, Folder, SEED, textColumn } from '../support.ts';

const folder = new Folder();

async function startOf(text: string, options: OpenOptions = {}): Promise<CsvStart | NoCsvStart | null> {
  const start = await openCsvStart(folder.write('.csv', text), options);
  if (start?.kind === 'start') await start.source.close();
  return start;
}

describe('the start of a CSV file', () => {
  test('says what separates its fields and records, and where its data begins', async () => {
    expect(await startOf('\ufeff"a;1";b\r\n1;2\r\n')).toMatchObject({
      kind: 'start',
      fields: [{ name: 'a;1' }, { name: 'b' }],
      delimiter: 0x3b,
      separator: '\r\n',
      dataStart: 12,
      notes: [expect.stringContaining('semicolons')],
    });
    expect(await startOf('a,b\n1,2\n', { headerRow: false })).toMatchObject({
      fields: [{ name: '_c0' }, { name: '_c1' }],
      dataStart: 0,
    });
  });

  test('has the headers that a reader of the whole file finds', async () => {
    const header = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '"', '\n', '\r\n', ',', ';', '#'), maxLength: 5 });
    const quoted = header.map((text) => `"${text.replaceAll('"', '""')}"`);
    const records = fc.array(fc.oneof(header, quoted), { minLength: 1, maxLength: 4 });
    let starts = 0;
    await fc.assert(
      fc.asyncProperty(records, fc.constantFrom('\n', '\r\n'), async (headers, lineBreak) => {
        const path = folder.write('.csv', `${headers.join(',')}${lineBreak}`);
        const start = await openCsvStart(path);
        if (start?.kind !== 'start') return;
        starts++;
        await start.source.close();
        const table = await openTable(path).catch(() => null);
        if (table === null) return;
        expect(start.fields).toEqual(table.fields);
        await table.close();
      }),
      { seed: SEED, numRuns: 100 },
    );
    expect(starts).toBeGreaterThan(30);
  });

  test.each([
    ['lines that end with CR', 'a,b\r1,2\r'],
    ['a start without a line break', 'a,b'],
    ['an unusual first record', '# a,b\n1,2\n'],
    ['an unusual first record', '\na,b\n1,2\n'],
    ['an unusual first record', '"a,b\n1,2\n'],
    ['more than 1024 columns', `${','.repeat(1024)}\n`],
  ])('is not enough for a file with %s', async (reason, text) => {
    expect(await startOf(text)).toEqual({ kind: 'none', reason });
  });

  test('is not read of other encodings, of other formats, and of what can be read only once', async () => {
    expect(await startOf('a,b\n', { csvEncoding: 'latin1' })).toEqual({
      kind: 'none',
      reason: 'text that is not UTF-8',
    });
    const stream = Readable.from(['a,b\n1,2\n']);
    expect(await openCsvStart({ kind: 'stream', stream, format: 'csv' })).toMatchObject({ kind: 'none' });
    expect(await openCsvStart({ kind: 'stream', stream, format: 'arrow' })).toBeNull();
    const rows: unknown[] = [];
    for await (const part of stream) rows.push(part);
    expect(rows).toEqual(['a,b\n1,2\n']);
  });
});

describe('the file behind a table', () => {
  const fields = [{ name: 'a', type: { kind: 'string' } }] as const;

  test('takes lines at any place behind the header', async () => {
    const path = folder.newPath('.csv');
    const table = await createTable(path, fields);
    const { descriptor = -1, start = -1 } = table.lineFile ?? {};
    writeSync(descriptor, 'second\n', start + 6);
    writeSync(descriptor, 'first\n', start);
    await table.lineFile?.noteWritten(13);
    expect(await table.close()).toBe(15);
    expect(readFileSync(path, 'utf8')).toBe('a\nfirst\nsecond\n');
  });

  test('is there for an uncompressed CSV file only', async () => {
    const outputs = [
      folder.newPath('.csv.gz'),
      folder.newPath('.arrow'),
      { kind: 'file', path: folder.newPath('.csv'), rowsPerFile: 2 },
      { kind: 'memory', format: 'csv', receive: () => undefined },
    ] as const;
    for (const output of outputs) {
      const table = await createTable(output, fields);
      await table.write(batchOf(textColumn(['x'])));
      expect(table.lineFile).toBeUndefined();
      await table.abort();
    }
  });
});

import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { openCsv } from '#src/tabular/csv/read';
import { openFile } from '#src/tabular/byte-source';
import { CsvScanner } from '#src/tabular/csv/scan';
import { columnsOf, Folder, memorySource, SEED } from '../support.ts';
import { oracleValue, readOracle } from './oracle.ts';
import { SealroomError } from '#src/errors';

const folder = new Folder();

// Two kinds of texts: such as programs and people write them, and such as nobody does.

const content = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('', 'a', 'b c', 'é', '"', '""', 'NULL', '#', '1', 'x"y', 'long enough to be no inline text') },
  { weight: 1, arbitrary: fc.constantFrom('\n', '\r\n', '\r', ',', ' lead', 'trail ', '\t', '\0', 'a\nb', 'a\r\nb', 'a\rb', ' ', '\u00a0') },
);
const quoted = content.map((text) => `"${text.replaceAll('"', '""')}"`);
const plain = content.filter((text) => !/[,\n\r"]/.test(text) || text === 'x"y');
const blank = fc.constantFrom('', '', '', '', '', '', ' ', '\t', '  ');
const field = fc.oneof(
  { weight: 5, arbitrary: quoted },
  { weight: 5, arbitrary: plain },
  { weight: 1, arbitrary: fc.tuple(blank, fc.oneof(quoted, plain), blank).map((parts) => parts.join('')) },
);
const written = fc
  .record({
    fields: fc.integer({ min: 1, max: 4 }),
    rows: fc.integer({ min: 0, max: 6 }),
    separator: fc.constantFrom('\n', '\n', '\r\n', '\r'),
    mark: fc.constantFrom('', '', '', '\ufeff'),
    end: fc.boolean(),
  })
  .chain(({ fields, rows, separator, mark, end }) =>
    fc
      .tuple(
        fc.array(fc.array(field, { minLength: fields, maxLength: fields }), { minLength: rows + 1, maxLength: rows + 1 }),
        fc.array(fc.constantFrom('', '', '', '', '', '', '\n', ' \n', separator), { minLength: rows + 1, maxLength: rows + 1 }),
      )
      .map(
        ([records, between]) =>
          mark + records.map((record, row) => record.join(',') + (end || row < rows ? separator : '') + (between[row] ?? '')).join(''),
      ),
  );
const soup = fc
  .array(fc.constantFrom('"', '"', ',', ',', '\n', '\n', '\r', ' ', '#', 'a', 'b', 'é', 'a,b\n', '"a"', '\r\n', '\t', '\0'), { maxLength: 24 })
  .map((parts) => parts.join(''));
const text = fc.oneof(written, soup);
const nullText = fc.constantFrom(undefined, '', ' ', '""', 'NULL', 'a');

const FALLBACK_REFUSAL = /white space around a quoted field/;

describe('a CSV text', () => {
  test('is read by the exact reader as the dialect says, whatever it is', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(text, nullText, async (csv, nulls) => {
        const bytes = new Uint8Array(Buffer.from(csv));
        const expected = readOracle(Buffer.from(csv).toString('latin1'));
        let reader;
        try {
          reader = await openCsv(memorySource(bytes), { headerRow: false, nullText: nulls });
        } catch (error) {
          if (!(error instanceof SealroomError)) throw error;
          if (error.code === 'DATA_HEADER') { expect(expected.records).toEqual([]); return; }
          expect(error.code).toBe('DATA_FIELDS');
          if (!/\r(?!\n)/.test(csv)) expect(error.where.line).toBe(expected.wrongLines[0]);
          else expect(expected.wrongLines.length).toBeGreaterThan(0);
          return;
        }
        expect(expected.wrongLines).toEqual([]);
        expect(reader.rows).toBe(expected.records.length);
        let columns;
        try { columns = await columnsOf(reader); } catch (error) {
          if (!(error instanceof SealroomError) || !FALLBACK_REFUSAL.test(error.message)) throw error;
          refused++;
          return;
        }
        const want = (expected.records[0] ?? []).map((_, index) =>
          expected.records.map((record) => record[index] === undefined ? 'missing' : oracleValue(record[index], nulls)),
        );
        expect(columns).toEqual(want);
      }),
      { seed: SEED, numRuns: Number(process.env['RUNS'] ?? 1500) },
    );
    console.log('refused', refused);
  });

  test('is read by the fast reader as the dialect says, wherever the scan allows it', async () => {
    let fast = 0;
    await fc.assert(
      fc.asyncProperty(text, nullText, async (csv, nulls) => {
        const bytes = new Uint8Array(Buffer.from(csv));
        try { const s = new CsvScanner(''); s.push(bytes); s.end(); } catch { return; }
        const expected = readOracle(Buffer.from(csv).toString('latin1'));
        const path = folder.write('.csv', bytes);
        const reader = await openCsv(await openFile(path), { headerRow: false, nullText: nulls });
        try {
          if (reader.warnings.some((w) => w.includes('exact'))) return;
          fast++;
          const columns = await columnsOf(reader);
          const want = (expected.records[0] ?? []).map((_, index) =>
            expected.records.map((record) => record[index] === undefined ? 'missing' : oracleValue(record[index], nulls)),
          );
          expect(columns).toEqual(want);
        } finally { await reader.close(); }
      }),
      { seed: SEED, numRuns: Number(process.env['RUNS'] ?? 600) },
    );
    console.log('fast', fast);
  });
});

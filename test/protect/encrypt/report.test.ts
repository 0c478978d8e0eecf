import { stat } from 'node:fs/promises';
import type { EncryptSummary } from 'sealroom';
import { parseTableSchema } from 'sealroom/schema';
import { describe, expect, test } from 'vitest';
import { Bench, schemaOf, settingsOf } from '../../support/tables.ts';

type Report = NonNullable<EncryptSummary['report']>;

function reportOf({ report }: EncryptSummary): Report {
  return report ?? expect.fail('expected a report, got none');
}

/** Rows of a table with nulls, empty text, quotes and values of many lengths. */
function csv(rows: number): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const mail = i % 4 === 0 ? `Ann${String(i)}@x.de` : `ann${String(i)}@x.de`;
    return [mail, i % 7 === 0 ? '' : 'é'.repeat(i % 9), i % 5 === 0 ? '"a,""b"' : `n${String(i)}`, String(i % 3)].join(
      ',',
    );
  });
  return ['mail,text,note,kind', ...lines, ''].join('\n');
}

const SCHEMA = schemaOf(
  'mail>mail_fingerprint:fingerprint',
  'mail>mail_sealed:sealed max 0',
  'text>text_none:sealed none',
  'text>text_fixed:sealed fixed 40',
  'text>text_fingerprint:fingerprint',
  'note:cleartext',
  'kind:fingerprint',
);

describe('sizes', () => {
  test.each([true, false])(
    'of a dry run are those of the file, to the byte (nulls are kept: %s)',
    async (preserveNulls) => {
      await using bench = await Bench.start();
      await bench.put('in.csv', csv(500));
      const settings = settingsOf({ preserveNulls });
      const foretold = reportOf(
        await bench.encrypt('in.csv', 'out.csv', SCHEMA, { settings, dryRun: true, report: 'whole' }),
      );
      expect(await bench.names()).toEqual(['in.csv', 'tmp']);
      await bench.encrypt('in.csv', 'out.csv', SCHEMA, { settings });
      expect(foretold).toMatchObject({
        rows: 500,
        isWhole: true,
        outputUnit: 'csv',
        outputBytes: (await stat(bench.path('out.csv'))).size,
      });
      const columns = await bench.columns('out.csv');
      for (const { header, cellBytes } of foretold.columns.flatMap(({ targets }) => targets)) {
        const cells = columns[header]?.map((cell) => Buffer.byteLength(cell ?? '')) ?? [];
        expect([header, cellBytes]).toEqual([header, cells.reduce((sum, bytes) => sum + bytes, 0)]);
      }
    },
  );

  test('of a Parquet file are those of its cells, without compression', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', csv(50));
    const { columns, outputBytes, outputUnit } = reportOf(
      await bench.encrypt('in.csv', 'out.parquet', SCHEMA, { dryRun: true, report: 'whole' }),
    );
    const sum = columns.flatMap(({ targets }) => targets).reduce((total, { cellBytes }) => total + (cellBytes ?? 0), 0);
    expect([outputUnit, outputBytes]).toEqual(['cells', sum]);
  });
});

describe('match keys', () => {
  test('are described by counts and shares, and alarms are for fingerprints only', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', csv(500));
    const report = reportOf(await bench.encrypt('in.csv', 'out.csv', SCHEMA, { report: 'whole' }));
    const [mail, , note, kind] = report.columns;
    expect(mail).toMatchObject({ column: 'mail', before: { rows: 500, capitals: 125, distinct: 500 }, after: null });
    expect(mail?.alarms).toEqual(['25 % have capitals: values that differ in them do not match']);
    expect(note?.alarms).toEqual([]);
    expect(kind?.alarms.join()).toContain('the most frequent value is 33 % of rows: frequency analysis finds it');
    expect(JSON.stringify(report)).not.toMatch(/@x\.de|é|a,/);
  });

  test('are described before and after they are normalised, and what steps mend is no alarm', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', csv(500).replaceAll('ann1@x.de', 'n/a'));
    const sourceHeader = { name: 'mail', normalise: ['email'], nulls: ['n/a'] };
    const schema = parseTableSchema(
      JSON.stringify({ headerRow: true, columns: [{ sourceHeader, targetHeader: 'mail', type: 'fingerprint' }] }),
    );
    const [mail] = reportOf(await bench.encrypt('in.csv', 'out.csv', schema, { report: 'whole' })).columns;
    expect(mail).toMatchObject({
      normalise: ['email'],
      nullTexts: 1,
      before: { capitals: 125, placeholders: 1, nulls: 0 },
      after: { capitals: 0, placeholders: 0, nulls: 1 },
      alarms: [],
    });
  });

  test('of a sample look at the first 4,096 rows, then at one of 256, and measure the cells of all', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', csv(4096 + 2560));
    const report = reportOf(await bench.encrypt('in.csv', 'out.csv', SCHEMA, { report: 'sample' }));
    expect(report).toMatchObject({ rows: 4096 + 10, isWhole: false, outputBytes: null });
    const whole = reportOf(await bench.encrypt('in.csv', 'whole.csv', SCHEMA, { dryRun: true, report: 'whole' }));
    expect(report.columns.map(({ targets }) => targets)).toEqual(whole.columns.map(({ targets }) => targets));
    await bench.put('in.csv', csv(4096));
    expect(reportOf(await bench.encrypt('in.csv', 'out2.csv', SCHEMA, { report: 'sample' })).isWhole).toBe(true);
  });

  test('are not looked at unless somebody asks', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', csv(5));
    expect((await bench.encrypt('in.csv', 'out.csv', SCHEMA)).report).toBeNull();
  });
});

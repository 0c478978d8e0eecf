import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SealroomError } from '#src/errors/sealroom-error';
import { openFile } from '#src/files/byte-source';
import type { ByteSource } from '#src/files/byte-source';
import { openCsv } from '#src/tabular/csv/read';
import { columnsOf, Folder, latin, memorySource, SEED } from '../support.ts';
import { csvText } from './csv-texts.ts';
import { oracleValue, readOracle } from './oracle.ts';
import { runs } from '../../support/runs.ts';

const folder = new Folder();

const nullText = fc.constantFrom(undefined, '', ' ', '""', 'NULL', 'a');

interface Reading {
  readonly isFast: boolean;
  readonly rows: number | null;
  readonly columns: (string | null)[][];
}

async function read(source: ByteSource, delimiter: string, nulls: string | undefined): Promise<Reading> {
  const reader = await openCsv(source, { headerRow: false, delimiter, nullText: nulls });
  try {
    const isFast = reader.slowReason === null;
    return { isFast, rows: reader.rows, columns: await columnsOf(reader) };
  } finally {
    await reader.close();
  }
}

/** What the dialect says of a text: its columns, or how it is refused. */
function expectedOf(csv: string, delimiter: string, nulls: string | undefined): object {
  const { records, wrongLines } = readOracle(latin(csv), delimiter);
  if (records.length === 0) return { code: 'DATA_HEADER' };
  // Where single CRs end lines, what a line is depends on who counts.
  if (wrongLines.length > 0)
    return /\r(?!\n)/.test(csv) ? { code: 'DATA_FIELDS' } : { code: 'DATA_FIELDS', line: wrongLines[0] };
  const columns = (records[0] ?? []).map((_, index) =>
    records.map((record) => {
      const found = record[index];
      return found === undefined ? 'missing' : oracleValue(found, nulls);
    }),
  );
  return { rows: records.length, columns };
}

async function foundIn(reading: Promise<Reading>, csv: string): Promise<unknown> {
  try {
    const { rows, columns } = await reading;
    return { rows, columns };
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    const { code, where } = error;
    return code === 'DATA_FIELDS' && !/\r(?!\n)/.test(csv) ? { code, line: where.line } : { code };
  }
}

describe('any text', () => {
  test('is read by the exact reader as the dialect says, wherever its bytes are cut', async () => {
    const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 6 }).map((ends) => ends.sort((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(csvText, nullText, cuts, async ([csv, delimiter], nulls, ends) => {
        const bytes = new Uint8Array(Buffer.from(csv));
        const source = memorySource(
          bytes,
          ends.map((end) => Math.min(end, bytes.length)),
        );
        expect(await foundIn(read(source, delimiter, nulls), csv)).toEqual(expectedOf(csv, delimiter, nulls));
      }),
      { seed: SEED, numRuns: runs(1500) },
    );
  });

  test('is read by the fast reader as the dialect says, wherever the scan allows it', async () => {
    let fast = 0;
    await fc.assert(
      fc.asyncProperty(csvText, nullText, async ([csv, delimiter], nulls) => {
        const expected = expectedOf(csv, delimiter, nulls);
        if (!('columns' in expected)) return;
        const reading = read(await openFile(folder.write('.csv', csv)), delimiter, nulls);
        expect(await foundIn(reading, csv)).toEqual(expected);
        if ((await reading).isFast) fast++;
      }),
      { seed: SEED, numRuns: runs(350) },
    );
    // Texts that the fast reader may take are rare at the beginning of this seed.
    expect(fast).toBeGreaterThan(runs(350) === 350 ? 40 : 2);
  });
});

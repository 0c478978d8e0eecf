import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openFile } from '#src/files/byte-source';
import { scanSql } from '#src/tabular/csv/engine-scan';
import { CsvScanner } from '#src/tabular/csv/scan';
import { Engine } from '#src/engine/engine';
import { Folder, SEED } from '../support.ts';
import { runs } from '../../support/runs.ts';

// The engine reads a file in buffers. Here they are as small as they can be, so that every byte of a record lies at the
// border of one in some file. Files that `borderHazard` names are left out: they are read as one buffer.

const folder = new Folder();

const atoms = ['a', 'b', '1', 'é', '漢', '😀', ' ', '', 'some plain text', '#'];
const structure = ['"', '""', ',', ';', '\t', '|', '\n', 'x\n', '","', '"\n"', '",'];
const textOf = (pieces: readonly string[]): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(''));
const quoted = textOf([...atoms, ...structure]).map((text) => [text, `"${text.replaceAll('"', '""')}"`] as const);
const plain = textOf(atoms).map((text) => [text.trim() || 'x', text.trim() || 'x'] as const);

interface File {
  readonly delimiter: string;
  readonly rows: readonly (readonly string[])[];
  readonly csv: string;
}

function fileOf(
  field: fc.Arbitrary<readonly [string, string]>,
  separator: string,
  mark: string,
  delimiter = ',',
): fc.Arbitrary<File> {
  return fc
    .integer({ min: 2, max: 4 })
    .chain((fields) =>
      fc.array(fc.array(field, { minLength: fields, maxLength: fields }), { minLength: 1, maxLength: 60 }),
    )
    .map((records) => ({
      delimiter,
      rows: records.map((record) => record.map(([value]) => value)),
      csv: mark + records.map((record) => record.map(([, text]) => text).join(delimiter) + separator).join(''),
    }));
}

test.each([
  ['quoted fields, LF', fileOf(fc.oneof(quoted, plain), '\n', '')],
  ['plain fields, LF', fileOf(plain, '\n', '')],
  ['plain fields, LF, a byte order mark', fileOf(plain, '\n', '\ufeff')],
  ['quoted fields, LF, semicolons', fileOf(fc.oneof(quoted, plain), '\n', '', ';')],
  ['quoted fields, LF, tabs', fileOf(fc.oneof(quoted, plain), '\n', '', '\t')],
  ['plain fields, CRLF, pipes', fileOf(plain, '\r\n', '', '|')],
  ['plain fields, CRLF', fileOf(plain, '\r\n', '')],
  ['plain fields, CRLF, a byte order mark', fileOf(plain, '\r\n', '\ufeff')],
])('the engine reads the same at the borders of its buffers: %s', async (_, files) => {
  const engine = await Engine.open();
  try {
    await fc.assert(
      fc.asyncProperty(files, fc.integer({ min: 2, max: 60 }), async ({ rows, csv, delimiter }, more) => {
        const source = await openFile(folder.write('.csv', csv));
        const scanner = new CsvScanner(source.name, { delimiter: delimiter.charCodeAt(0), sepBytes: 0 });
        for await (const chunk of source.chunks()) scanner.push(chunk);
        const facts = scanner.end();
        const sql = scanSql(source, facts, facts.longestRecordBytes + more);
        const read = await engine.rows(`SELECT * FROM ${sql}`);
        expect(read.map((row) => Object.values(row).map((value) => value ?? ''))).toEqual(rows);
      }),
      { seed: SEED, numRuns: runs(60) },
    );
  } finally {
    engine.close();
  }
});

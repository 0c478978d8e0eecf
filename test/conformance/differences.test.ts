import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTable } from 'sealroom/tabular';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from './kit/case.ts';
import { DIFFERENCES } from './kit/differences.ts';
import type { DifferenceName } from './kit/differences.ts';
import { loadVectors } from './kit/load.ts';
import { describeFailure, runCases } from './kit/run.ts';
import { makeCell, payloadOf, SALT, SECRET } from './made-cell.ts';
import { VECTORS_FOLDER } from './vectors.ts';

type Vector = Readonly<Record<string, unknown>>;

const SCHEMA =
  '{"headerRow":true,"columns":[{"sourceHeader":"a","type":"cleartext"},{"sourceHeader":"b","type":"cleartext"}]}';
const ONE_COLUMN = '{"headerRow":true,"columns":[{"sourceHeader":"a","targetHeader":"a","type":"cleartext"}]}';
const SETTINGS = { allow_cleartext: true, allow_duplicates: true, allow_joins: true, preserve_nulls: true };
const UNMARSHALLING =
  'Failed while unmarshalling data for column `a` on row 1. Error message received: Ciphertext version mismatch.';

function base(op: string, rest: Vector): Vector {
  return { id: 'made', op, what: 'made', secret: SECRET, salt: SALT, ...rest };
}

function encryptCsv(csv: string, schema: string, outcome: Vector): Vector {
  return base('encrypt_csv', { csv, schema, ...SETTINGS, csv_input_null: null, ...outcome });
}

/** A case as the vectors could have it, and the difference that it must fall under. */
interface MadeCase {
  readonly name: DifferenceName | null;
  readonly what: string;
  readonly rejected?: Vector;
  readonly accepted?: Vector;
}

/** What C3R would do with a CSV file that only sealroom treats otherwise, and the difference that says so. */
const MADE: readonly MadeCase[] = [
  {
    name: 'lookalikes',
    what: 'a version without Base64 behind it',
    rejected: base('decrypt_cell', { cell: '03:enc:losure', message: 'Ciphertext version mismatch.' }),
  },
  {
    name: 'lookalikes',
    what: 'two bytes of one character',
    rejected: base('decrypt_cell', { cell: 'é:enc:x', message: 'Ciphertext version mismatch.' }),
  },
  {
    name: null,
    what: 'another version with a sealed body',
    rejected: base('decrypt_cell', {
      cell: makeCell('07:enc:', payloadOf('0261')),
      message: 'Ciphertext version mismatch.',
    }),
  },
  {
    name: 'legacyCells',
    what: 'an authentic cell of version 01',
    rejected: base('decrypt_cell', {
      cell: makeCell('01:enc:', payloadOf('026f6c64', 5)),
      message: 'Ciphertext version mismatch.',
    }),
  },
  {
    name: null,
    what: 'a cell of version 02 that says 01',
    rejected: base('decrypt_cell', {
      cell: makeCell('02:enc:', payloadOf('0261')).replace('02:', '01:'),
      message: 'Ciphertext version mismatch.',
    }),
  },
  {
    name: 'legacyCells',
    what: 'a table with such a cell',
    rejected: base('decrypt_csv', {
      csv: `a\n${makeCell('01:enc:', payloadOf('026f6c64'))}\n`,
      fail_on_fingerprint: false,
      message: UNMARSHALLING,
    }),
  },
  {
    name: 'lookalikes',
    what: 'a table with such a text',
    rejected: base('decrypt_csv', {
      csv: 'a,b\nmy enc:losure,1\n',
      fail_on_fingerprint: false,
      message: UNMARSHALLING,
    }),
  },
  {
    name: null,
    what: 'a table with such a text and a bad cell',
    rejected: base('decrypt_csv', {
      csv: 'a,b\nmy enc:losure,02:enc:AAAA\n',
      fail_on_fingerprint: false,
      message: UNMARSHALLING,
    }),
  },
  {
    name: 'strictPads',
    what: 'a pad of nothing',
    accepted: base('pad', { pad_type: null, pad_length: null, result: 'valid' }),
  },
  {
    name: 'schemaDialect',
    what: 'Gson’s own separators',
    accepted: base('schema', { schema: SCHEMA.replace('"headerRow":', '"headerRow"='), result: '' }),
  },
  {
    name: 'repeatedSourceHeaders',
    what: 'headers that are equal in lower case',
    accepted: encryptCsv('a,b,A\n1,2,3\n', SCHEMA, { result: '2 lines' }),
  },
  {
    name: 'unusedHeaders',
    what: 'an unused blank header',
    rejected: encryptCsv('a,b,\n1,2,\n', SCHEMA, { message: 'Column header names must not be blank' }),
  },
  {
    name: null,
    what: 'a bad header where the schema expects another',
    rejected: encryptCsv('a,b-\n1,2\n', SCHEMA, { message: 'Column header name `b-` does not match pattern.' }),
  },
  {
    name: 'hashLines',
    what: 'a comment before the header',
    accepted: encryptCsv('#c\na,b\n1,2\n', SCHEMA, { result: '2 lines' }),
  },
  {
    name: 'hashLines',
    what: 'a comment with fewer fields',
    accepted: encryptCsv('a,b\n#c\n1,2\n', SCHEMA, { result: '2 lines' }),
  },
  {
    name: 'hashLines',
    what: 'two comments with as many fields',
    accepted: encryptCsv('a,b\n#c,d\n#e,f\n1,2\n', SCHEMA, { result: '2 lines' }),
  },
  {
    name: 'hashLines',
    what: 'a comment in a file to decrypt',
    accepted: base('decrypt_csv', { csv: 'a,b\n#c,"d "\n1,2\n', fail_on_fingerprint: false, result: 'a,b\n1,2\n' }),
  },
  {
    name: null,
    what: 'a quoted # and one after a blank',
    accepted: encryptCsv('a,b\n"#c",d\n #e,f\n', SCHEMA, { result: '3 lines' }),
  },
  {
    name: 'loneNulls',
    what: 'nulls alone in their rows',
    accepted: encryptCsv('a,b\n,1\nx,2\n"",3\n', ONE_COLUMN, { result: '2 lines' }),
  },
  {
    name: null,
    what: 'a null token alone in its row',
    accepted: encryptCsv('a,b\n,1\nx,2\n', ONE_COLUMN, { csv_output_null: 'NULL', result: '3 lines' }),
  },
  {
    name: 'loneNulls',
    what: 'a sealed null alone in its row',
    accepted: base('decrypt_csv', {
      csv: `a\n${makeCell('02:enc:', payloadOf('03'))}\n${makeCell('02:enc:', payloadOf('0278'))}\n`,
      fail_on_fingerprint: false,
      result: 'a\nx\n',
    }),
  },
  {
    name: 'repeatedHeaders',
    what: 'a sealed cell under a repeated header',
    accepted: base('decrypt_csv', {
      csv: `a,a\n${makeCell('02:enc:', payloadOf('0231'))},2\n`,
      fail_on_fingerprint: false,
      result: 'a,a\n2,2\n',
    }),
  },
  {
    name: 'trueMaximum',
    what: 'a null where nothing else is',
    rejected: base('seal', {
      column: 'a',
      type: 'STRING',
      value: null,
      pad_type: 'max',
      pad_length: 0,
      max_value_length: 0,
      message: 'Error padding values: No room for padding!',
    }),
  },
  {
    name: null,
    what: 'more digits than are needed',
    accepted: base('decrypt_cell', {
      cell: makeCell('02:enc:', payloadOf('0e44c52d02c7e14af6')),
      result: '1.9999999999999998E23',
    }),
  },
  {
    name: null,
    what: 'a decimal with all its digits',
    accepted: base('decrypt_cell', {
      cell: makeCell('02:enc:', payloadOf('0c0000000900000002312e3530')),
      result: '1.50',
    }),
  },
];

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealroom-differences-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Runs one made case, and returns the differences it falls under and what went wrong. */
async function runMade(part: object): Promise<{ differences: unknown[]; failures: string[] }> {
  const copy = await mkdtemp(join(folder, 'made-'));
  await writeFile(join(copy, 'reject.json'), JSON.stringify(part));
  const cases = await loadVectors(copy);
  const { failures } = await runCases(cases);
  return {
    differences: [...new Set(cases.map(({ difference }) => difference))],
    failures: failures.map(describeFailure),
  };
}

describe('expectations that are not what C3R did', () => {
  test.each(MADE)('$what: $name', async ({ name, rejected, accepted }) => {
    const part = {
      rejected: rejected === undefined ? [] : [rejected],
      accepted: accepted === undefined ? [] : [accepted],
    };
    expect(await runMade(part)).toEqual({ differences: [name], failures: [] });
  });

  test('each difference decides a case of the vectors or of this file', async () => {
    const used = new Set(
      [...(await loadVectors(VECTORS_FOLDER)), ...MADE.map(({ name }) => ({ difference: name }))].map(
        ({ difference }) => difference,
      ),
    );
    const elsewhere: (DifferenceName | null)[] = ['unreadColumns', 'zonedNanoseconds', 'fewestDigits', null];
    expect(new Set([...used, ...elsewhere])).toEqual(new Set([...Object.keys(DIFFERENCES), null]));
  });

  test('in the vectors they decide these cases and no others', async () => {
    const found = (await loadVectors(VECTORS_FOLDER))
      .filter(({ kernel, difference }) => difference !== null && (kernel === null || kernel === 'node'))
      .map(({ id, what, difference }) => `${String(difference)}: ${id} ${what}`.replace(/ \w+: .*$/, ''));
    expect(found.toSorted()).toMatchInlineSnapshot(`
      [
        "hashLines: ok-060",
        "loneNulls: csv-one-column-nulls encrypt",
        "loneNulls: ok-055",
        "lookalikes: csv-cleartext-looks-sealed decrypt",
        "lookalikes: rj-019",
        "lookalikes: rj-020",
        "nativeTypes: parquet-decimal-null-inside decrypt",
        "nativeTypes: parquet-sample-binary decrypt",
        "nativeTypes: parquet-sample-row-groups decrypt",
        "nativeTypes: parquet-types decrypt",
        "nativeTypes: parquet-types-nulls-inside decrypt",
        "nativeTypes: se-241 sealed DECIMAL, pad none",
        "repeatedHeaders: ok-074",
        "repeatedSourceHeaders: ok-058",
        "strictPads: ok-050",
        "strictPads: ok-053",
        "trueMaximum: csv-sample-nulls encrypt",
        "trueMaximum: rj-144",
        "trueMaximum: rj-145",
        "unusedHeaders: rj-137",
      ]
    `);
  });
});

describe('expectations of files that are not what C3R did', () => {
  /** A folder with one Parquet case whose input and encrypted file are the same, which C3R cannot decrypt. */
  async function makeParquetCase(logical: string, error: string): Promise<string> {
    const copy = await mkdtemp(join(folder, 'parquet-'));
    const files = join(copy, 'files/made');
    await mkdir(files, { recursive: true });
    for (const name of ['input', 'encrypted']) {
      const path = join(files, `${name}.parquet`);
      const writer = await createTable(path, [{ name: 'v', type: { kind: 'bigint' } }]);
      const values = new Uint8Array(new BigInt64Array([435643693568n, 5n]).buffer);
      await writer.write({ rows: 2, columns: [{ layout: 'fixed', rows: 2, width: 8, values, validity: null }] });
      await writer.close();
      const columns = [{ name: 'v', physical: 'INT64', length: null, logical, optional: true }];
      await writeFile(`${path}.json`, JSON.stringify({ columns, row_groups: 1, rows: [[435643693568], [5]] }));
    }
    await writeFile(
      join(files, 'schema.json'),
      '{"headerRow":true,"columns":[{"sourceHeader":"v","type":"cleartext"}]}',
    );
    const made = {
      name: 'made',
      format: 'parquet',
      input: 'input.parquet',
      schema: 'schema.json',
      secret: SECRET,
      id: SALT,
      settings: SETTINGS,
      encrypt_args: [],
      decrypt_args: [],
      encrypt_exit: 0,
      encrypted: 'encrypted.parquet',
      decrypt_exit: 1,
      decrypt_error: error,
    };
    await writeFile(join(copy, 'files/manifest.json'), JSON.stringify({ cases: [made] }));
    return copy;
  }

  test('F-51 an integer that C3R takes for a sealed cell is copied: unreadColumns', async () => {
    const cases = await loadVectors(await makeParquetCase('None', UNMARSHALLING));
    // On each kernel.
    expect(cases.map(({ what, difference }) => `${what} ${String(difference)}`)).toEqual(
      KERNEL_NAMES.flatMap(() => ['encrypt null', 'decrypt unreadColumns']),
    );
    expect((await runCases(cases)).failures.map(describeFailure)).toEqual([]);
  });

  test('F-87 a column of zoned nanoseconds is refused: zonedNanoseconds', async () => {
    const logical = 'Timestamp(isAdjustedToUTC=true, timeUnit=nanoseconds, is_from_converted_type=false)';
    const copy = await makeParquetCase(logical, UNMARSHALLING);
    const cases = await loadVectors(copy);
    expect(new Set(cases.map(({ difference }) => difference))).toEqual(new Set(['zonedNanoseconds']));
  });
});

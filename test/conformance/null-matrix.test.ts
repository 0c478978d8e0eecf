// Nulls through both directions, as the reference client 3.0.5 treats them (F-28, F-35, F-80, F-81): five rows, three
// targets, every pair of flags.
import { expect, describe, test } from 'vitest';
import { KERNEL_NAMES } from './kit/case.ts';
import { decryptText, encryptText, linesOf } from './text-tables.ts';

const INPUT = 'k,v\n1,\n2,""\n3," "\n4,x\n5,NULL\n';
const SCHEMA = [
  { sourceHeader: 'k', type: 'cleartext' },
  { sourceHeader: 'v', targetHeader: 'vc', type: 'cleartext' },
  { sourceHeader: 'v', targetHeader: 'vs', type: 'sealed', pad: { type: 'max', length: 2 } },
  { sourceHeader: 'v', targetHeader: 'vf', type: 'fingerprint' },
];

interface MatrixRow {
  readonly preserveNulls: boolean;
  readonly inputNull: string | undefined;
  readonly outputNull: string | undefined;
  /** By row: vc, vs, vf of the encrypted file, `E` and `H` for cells. */
  readonly encrypted: readonly string[];
  /** By row: vc, vs of the decrypted file, decrypted without flags. */
  readonly decrypted: readonly string[];
  /** Whether nulls of the sealed column were written as text that decryption without flags does not read as null. */
  readonly isMixed?: true;
}

const KEPT = ['" ",E,H', 'x,E,H', 'NULL,E,H'];
const READ = ['" "," "', 'x,x', 'NULL,NULL'];

const MATRIX: readonly MatrixRow[] = [
  {
    preserveNulls: false,
    inputNull: undefined,
    outputNull: undefined,
    encrypted: [',E,H', ',E,H', ...KEPT],
    decrypted: [',', ',', ...READ],
  },
  {
    preserveNulls: false,
    inputNull: undefined,
    outputNull: 'NULL',
    encrypted: ['NULL,E,H', 'NULL,E,H', ...KEPT],
    decrypted: ['NULL,', 'NULL,', ...READ],
  },
  {
    preserveNulls: false,
    inputNull: '',
    outputNull: undefined,
    encrypted: [',E,H', '"",E,H', ...KEPT],
    decrypted: [',', ',""', ...READ],
  },
  {
    preserveNulls: false,
    inputNull: 'NULL',
    outputNull: undefined,
    encrypted: ['"",E,H', '"",E,H', '" ",E,H', 'x,E,H', ',E,H'],
    decrypted: [',""', ',""', '" "," "', 'x,x', ','],
  },
  {
    preserveNulls: false,
    inputNull: 'NULL',
    outputNull: 'NULL',
    encrypted: [',E,H', ',E,H', '" ",E,H', 'x,E,H', 'NULL,E,H'],
    decrypted: [',""', ',""', '" "," "', 'x,x', 'NULL,'],
  },
  {
    preserveNulls: false,
    inputNull: '""',
    outputNull: undefined,
    encrypted: ['"",E,H', ',E,H', ...KEPT],
    decrypted: [',""', ',', ...READ],
  },
  {
    preserveNulls: true,
    inputNull: undefined,
    outputNull: undefined,
    encrypted: [',,', ',,', ...KEPT],
    decrypted: [',', ',', ...READ],
  },
  {
    preserveNulls: true,
    inputNull: undefined,
    outputNull: 'NULL',
    encrypted: ['NULL,NULL,NULL', 'NULL,NULL,NULL', ...KEPT],
    decrypted: ['NULL,NULL', 'NULL,NULL', ...READ],
    isMixed: true,
  },
  {
    preserveNulls: true,
    inputNull: 'NULL',
    outputNull: 'NULL',
    encrypted: [',E,H', ',E,H', '" ",E,H', 'x,E,H', 'NULL,NULL,NULL'],
    decrypted: [',""', ',""', '" "," "', 'x,x', 'NULL,NULL'],
    isMixed: true,
  },
];

/** The data lines in the order of their first field, without it, cells as letters. */
function shapeOf(csv: string): string[] {
  return linesOf(csv)
    .toSorted()
    .map((line) =>
      line
        .slice(2)
        .replaceAll(/02:enc:[^,]+/g, 'E')
        .replaceAll(/02:hmac:[^,]+/g, 'H'),
    );
}

describe('the null matrix', () => {
  // On each kernel in turn: what is null is decided before one is asked.
  test.each(MATRIX.map((row, index) => ({ ...row, kernel: KERNEL_NAMES[index % KERNEL_NAMES.length] ?? 'noble' })))(
    'F-80, F-81 preserve nulls $preserveNulls, null text in $inputNull, out $outputNull, on kernel $kernel',
    async ({ preserveNulls, inputNull, outputNull, encrypted, decrypted, isMixed, kernel }) => {
      const text = await encryptText(INPUT, {
        schema: SCHEMA,
        settings: { preserveNulls },
        inputNull,
        outputNull,
        kernel,
      });
      expect(shapeOf(text)).toEqual(encrypted);
      if (isMixed === true) {
        await expect(decryptText(text, { kernel })).rejects.toMatchObject({
          code: 'FORMAT_CELL',
          where: { column: 'vs' },
        });
      }
      const opened = shapeOf(await decryptText(text, { kernel, allowMixedColumns: isMixed }));
      expect(opened.map((line) => line.replace(/,[^,]*$/, ''))).toEqual(decrypted);
    },
  );
});

test('F-28 hidden nulls of a fingerprint column are all different', async () => {
  const text = await encryptText('v\n""\n""\n""\n', {
    schema: [{ sourceHeader: 'v', targetHeader: 'vf', type: 'fingerprint' }],
    settings: { preserveNulls: false },
  });
  expect(new Set(linesOf(text)).size).toBe(3);
});

test.each(['', ' ', '\t '])('F-80 under the input null text %j only unquoted blanks are null', async (inputNull) => {
  const text = await encryptText('k,v\n1,\n2,"  "\n3,""\n', {
    schema: [
      { sourceHeader: 'k', type: 'cleartext' },
      { sourceHeader: 'v', type: 'cleartext' },
    ],
    inputNull,
  });
  expect(linesOf(text).toSorted()).toEqual(['1,', '2,"  "', '3,""']);
});

test('F-80 a null text with blanks at its ends matches only quoted fields', async () => {
  const text = await encryptText('k,v\n1, foo \n2," foo "\n3,foo\n', {
    schema: [
      { sourceHeader: 'k', type: 'cleartext' },
      { sourceHeader: 'v', type: 'cleartext' },
    ],
    inputNull: ' foo ',
  });
  expect(linesOf(text).toSorted()).toEqual(['1,foo', '2,', '3,foo']);
});

test('F-81 a blank null text is written in quotes', async () => {
  const schema = [
    { sourceHeader: 'k', type: 'cleartext' },
    { sourceHeader: 'v', type: 'cleartext' },
  ];
  const text = await encryptText('k,v\n1,\n2,""\n', { schema, inputNull: '', outputNull: ' ' });
  expect(linesOf(text).toSorted()).toEqual(['1," "', '2,""']);
});

test('F-81 a null text in quotes is written as it is', async () => {
  const schema = [
    { sourceHeader: 'k', type: 'cleartext' },
    { sourceHeader: 'v', type: 'cleartext' },
  ];
  const text = await encryptText('k,v\n1,\n', { schema, outputNull: '"n a"' });
  expect(linesOf(text)).toEqual(['1,"n a"']);
});

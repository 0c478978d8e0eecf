// Values of a Parquet file come back bit for bit, as cleartext and out of sealed cells.
import { join } from 'node:path';
import { decryptTable, encryptTable, LOW_ASSURANCE, parseSharedSecret, parseTableSchema } from 'sealroom';
import { createTable, openTable } from 'sealroom/tabular';
import type { ColumnData, ColumnType, Field } from 'sealroom/tabular';
import { expect, test } from 'vitest';
import { bytesOfHex, hexOf } from './kit/bytes.ts';
import { withTempFolder } from './kit/temp-folder.ts';
import { SALT, SECRET } from './made-cell.ts';

/** Bits, big-endian: zeros of both signs in turn, NaNs of several kinds, the least and the greatest. */
const DOUBLES = [
  '8000000000000000',
  '0000000000000000',
  '7ff8000000000000',
  'fff8000000000000',
  '7ff8000000000001',
  '0000000000000001',
  '7fefffffffffffff',
  'fff0000000000000',
  '8000000000000000',
  '0000000000000000',
];
const FLOATS = [
  '80000000',
  '00000000',
  '7fc00000',
  'ffc00000',
  '7fc00001',
  '00000001',
  '7f7fffff',
  'ff800000',
  '80000000',
  '00000000',
];

function columnOfBits(bits: readonly string[]): ColumnData {
  const values = bytesOfHex(bits.map((one) => hexOf(bytesOfHex(one).toReversed())).join(''));
  return { layout: 'fixed', rows: bits.length, width: (bits[0] ?? '').length / 2, values, validity: null };
}

/** A table's columns by name, each value in hexadecimal, the rows in the order of column `k`. */
async function readBits(path: string): Promise<Map<string, string[]>> {
  const reader = await openTable(path);
  const rows: Map<string, string>[] = [];
  for await (const batch of reader.batches({ columns: reader.fields.map((_, index) => index) })) {
    for (let row = 0; row < batch.rows; row++) {
      const cells = batch.columns.map((column, index): [string, string] => {
        const bytes =
          column.layout === 'fixed'
            ? column.values.subarray(row * column.width, (row + 1) * column.width).toReversed()
            : column.bytes.subarray(column.offsets[row], column.offsets[row + 1]);
        return [reader.fields[index]?.name ?? '', hexOf(bytes)];
      });
      rows.push(new Map(cells));
    }
  }
  await reader.close();
  rows.sort((one, other) => ((one.get('k') ?? '') < (other.get('k') ?? '') ? -1 : 1));
  return new Map(reader.fields.map(({ name }) => [name, rows.map((row) => row.get(name) ?? '')]));
}

test.each<[ColumnType & { kind: 'double' | 'float' }, readonly string[]]>([
  [{ kind: 'double' }, DOUBLES],
  [{ kind: 'float' }, FLOATS],
])('F-89, F-90 zeros of both signs and all NaNs of a $kind column stay what they are', async (type, someBits) => {
  // Often enough that the engine would make a dictionary of them, in which they were equal.
  const bits = Array.from({ length: 50 }, () => someBits).flat();
  const keys = bits.map((_, index) => index.toString(16).padStart(8, '0'));
  const fields: Field[] = [
    { name: 'k', type: { kind: 'int' } },
    { name: 'v', type },
  ];
  await withTempFolder(async (folder) => {
    const [input = '', encrypted = '', decrypted = ''] = ['in', 'enc', 'dec'].map((name) =>
      join(folder, `${name}.parquet`),
    );
    const writer = await createTable(input, fields);
    await writer.write({ rows: bits.length, columns: [columnOfBits(keys), columnOfBits(bits)] });
    await writer.close();
    expect((await readBits(input)).get('v')).toEqual(bits);
    const columns = [
      { sourceHeader: 'k', type: 'cleartext' },
      { sourceHeader: 'v', targetHeader: 'clear', type: 'cleartext' },
      { sourceHeader: 'v', targetHeader: 'sealed', type: 'sealed', pad: { type: 'none' } },
    ];
    await encryptTable({
      input,
      output: encrypted,
      schema: parseTableSchema(JSON.stringify({ headerRow: true, columns })),
      secret: parseSharedSecret(SECRET),
      collaborationId: SALT,
      settings: LOW_ASSURANCE,
    });
    expect((await readBits(encrypted)).get('clear')).toEqual(bits);
    await decryptTable({
      input: encrypted,
      output: decrypted,
      secret: parseSharedSecret(SECRET),
      collaborationId: SALT,
    });
    const found = await readBits(decrypted);
    expect(found.get('clear')).toEqual(bits);
    expect(found.get('sealed')).toEqual(bits);
  });
});

// The sealed cells of the vectors once more, as columns of tables: decryption of a table must give what opening a cell gives.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decryptTable, parseSharedSecret } from 'sealroom';
import { expect, test } from 'vitest';
import { KERNEL_NAMES } from './kit/case.ts';
import { fieldKey, parseCsv } from './kit/csv-text.ts';
import { optionalText, readJsonFile, readTextFile, recordsOf, requireRecord, textOf } from './kit/json.ts';
import type { Members } from './kit/json.ts';
import { isAsShort } from './kit/number-rules.ts';
import { readTypedGrid } from './kit/parquet-table.ts';
import { withTempFolder } from './kit/temp-folder.ts';
import { cellOfRawJson, NULL_CELL } from './kit/typed-cell.ts';
import { kindOf } from './kit/values.ts';
import { VECTORS_FOLDER } from './vectors.ts';

const file = join(VECTORS_FOLDER, 'sealed.json');
const sealed = recordsOf(requireRecord(await readJsonFile(file), file), 'cells').filter(
  (vector) => optionalText(vector, 'expected') !== null,
);

/** The vectors in groups that are one table each. */
function groupBy(keyOf: (vector: Members) => string): readonly (readonly [string, readonly Members[]])[] {
  const groups = new Map<string, Members[]>();
  for (const vector of sealed) groups.set(keyOf(vector), [...(groups.get(keyOf(vector)) ?? []), vector]);
  return [...groups];
}

/** Decrypts a table with a row per vector into a file and hands over its path. */
async function decryptCells(
  vectors: readonly Members[],
  name: string,
  kernel: (typeof KERNEL_NAMES)[number],
  read: (path: string) => Promise<void>,
): Promise<void> {
  const [first = {}] = vectors;
  await withTempFolder(async (folder) => {
    const input = join(folder, 'in.csv');
    const output = join(folder, name);
    const rows = vectors.map((vector, row) => `${String(row)},${textOf(vector, 'expected')}\n`);
    await writeFile(input, `row,cell\n${rows.join('')}`);
    const secret = parseSharedSecret(textOf(first, 'secret'));
    await decryptTable({ input, output, secret, collaborationId: textOf(first, 'salt'), kernel });
    await read(output);
  });
}

/** Types without parameters that are numbers of Parquet. */
const PLAIN = ['BIGINT', 'INT', 'SMALLINT', 'BOOLEAN', 'DATE', 'DOUBLE', 'FLOAT'];

/** The cells of each collaboration on one kernel, in turn: that all kernels open them is shown cell by cell. */
const inTurn = groupBy((vector) => textOf(vector, 'salt')).map(
  ([salt, group], index) => [salt, KERNEL_NAMES[index % KERNEL_NAMES.length] ?? 'noble', group] as const,
);

test('F-83 there are collaborations for each kernel', () => {
  expect(new Set(inTurn.map(([, kernel]) => kernel))).toEqual(new Set(KERNEL_NAMES));
});

test.each(inTurn)('F-83 into CSV: all cells of collaboration %s, on kernel %s', async (_, kernel, group) => {
  await decryptCells(group, 'out.csv', kernel, async (path) => {
    const [, ...records] = parseCsv(await readTextFile(path));
    expect(records).toHaveLength(group.length);
    records.forEach(({ fields }, row) => {
      const vector = group[row] ?? {};
      const csv = optionalText(vector, 'decrypts_to_csv');
      const [, field = { text: '', isQuoted: false }] = fields;
      if (isAsShort(kindOf(vector) ?? 'string', field.text, csv)) return;
      const expected = csv === null ? 'nothing' : csv === '' ? 'empty' : `=${csv}`;
      expect(`${textOf(vector, 'id')} ${fieldKey(field)}`).toBe(`${textOf(vector, 'id')} ${expected}`);
    });
  });
});

const typed = groupBy((vector) => `${textOf(vector, 'type')} of ${textOf(vector, 'salt')}`).filter(([key]) =>
  PLAIN.includes(key.split(' ')[0] ?? ''),
);

test.each(typed)('F-90 into Parquet: all cells of type %s', async (_, group) => {
  await decryptCells(group, 'out.parquet', 'node', async (path) => {
    const { types, columns } = await readTypedGrid(path);
    const kind = kindOf(group[0] ?? {});
    const isUntold = columns[1]?.every((cell) => cell === NULL_CELL) === true;
    const type = types[1] ?? { kind: 'string' };
    if (!isUntold) expect(type.kind).toBe(kind);
    const expected = group.map((vector) => {
      const hex = optionalText(vector, 'decrypts_to_parquet_hex');
      return cellOfRawJson(type, hex === null ? null : { hex });
    });
    expect(columns[1]).toEqual(expected);
  });
});

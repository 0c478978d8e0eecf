import { expect, test } from 'vitest';
import { decryptColumns, encryptColumns, parseSharedSecret, tableOfTexts, textsOfTable } from 'sealroom';
import { ID, SECRET } from '../../../support/cli.ts';
import { cellOf, schemaOf, settingsOf, textCell } from '../../../support/tables.ts';
import { failureOf } from '../../../tabular/support.ts';

const TERMS = { secret: parseSharedSecret(SECRET), collaborationId: ID };

/** The sealed 32-bit integer 1: type byte and value. */
const ONE = cellOf('1200000001');

test('passes fingerprints and other text on, or refuses fingerprints if asked', async () => {
  const sealed = await encryptColumns(tableOfTexts(['id', 'note'], [['a', 'b']]), {
    ...TERMS,
    settings: settingsOf({}),
    schema: schemaOf('id:fingerprint', 'note:sealed', 'note>plain:cleartext'),
  });
  const [row = []] = textsOfTable(sealed);
  const opened = await decryptColumns(sealed, TERMS);
  expect(textsOfTable(opened)).toEqual([[row[0], 'b', 'b']]);
  expect(opened.columns).toEqual({ sealed: 1, fingerprint: 1, cleartext: 1 });
  const error = await failureOf(decryptColumns(sealed, { ...TERMS, failOnFingerprintColumns: true, name: 'result' }));
  expect(error).toMatchObject({ code: 'RULE_FINGERPRINT', where: { file: 'result', column: 'id', row: 1 } });
});

test('tells column and row of a cell that does not open', async () => {
  const table = tableOfTexts(
    ['a', 'b'],
    [
      ['x', textCell('1')],
      ['x', textCell('2').replace(/.{6}$/, 'AAAAA=')],
    ],
  );
  expect(await failureOf(decryptColumns(table, { ...TERMS, name: 'result' }))).toMatchObject({
    where: { file: 'result', column: 'b', row: 2 },
  });
  const other = parseSharedSecret(Buffer.alloc(32, 1).toString('base64'));
  const one = tableOfTexts(['b'], [[textCell('1')]]);
  expect(await failureOf(decryptColumns(one, { ...TERMS, secret: other }))).toMatchObject({
    code: 'FORMAT_TAG',
    where: { column: 'b', row: 1 },
  });
});

test('cells of several types become text, and it is said', async () => {
  const rows = [
    [ONE, ONE],
    [textCell('two'), ONE],
    [null, ONE],
  ];
  const opened = await decryptColumns(tableOfTexts(['mixed', 'one'], rows), TERMS);
  expect(opened.fields.map(({ type }) => type.kind)).toEqual(['string', 'int']);
  expect(opened.warnings).toEqual(['column `mixed` holds cells of several types and was written as text']);
  expect(opened.openedCells).toBe(5);
  const asText = await decryptColumns(tableOfTexts(['mixed', 'one'], rows), { ...TERMS, asText: true });
  expect(textsOfTable(asText)).toEqual([
    ['1', '1'],
    ['two', '1'],
    [null, '1'],
  ]);
  expect(asText.warnings).toEqual([]);
});

test('without a secret, passes a table on that has no sealed cells, and refuses one that has', async () => {
  const options = { ...TERMS, secret: null };
  expect(textsOfTable(await decryptColumns(tableOfTexts(['n'], [['12'], [null]]), options))).toEqual([['12'], [null]]);
  const sealed = tableOfTexts(['n'], [['12'], [textCell('13')]]);
  expect(await failureOf(decryptColumns(sealed, options))).toMatchObject({
    code: 'SECRET_MISSING',
    where: { column: 'n', row: 2 },
  });
});

test('refuses a blank header, and a bad id', async () => {
  expect(await failureOf(decryptColumns(tableOfTexts([' '], [['a']]), TERMS))).toMatchObject({ code: 'DATA_HEADER' });
  const options = { ...TERMS, collaborationId: 'x' };
  expect(await failureOf(decryptColumns(tableOfTexts(['a'], [['a']]), options))).toMatchObject({
    code: 'USAGE_OPTION',
  });
});

import { describe, expect, test } from 'vitest';
import type { SourceField } from 'sealroom/schema';
import { COLUMN_KINDS, describeTableSchema, parseTableSchema, readSourceTable, templateSchema } from 'sealroom/schema';
import { catchError } from './support.ts';

function field(name: string, part: Partial<SourceField> = {}): SourceField {
  return { name, content: 'text', kinds: COLUMN_KINDS, ...part };
}

const OPAQUE = { content: 'other', kinds: ['cleartext'] } as const;
const NO_FINGERPRINT = ['sealed', 'cleartext'] as const;

describe('source columns', () => {
  test('F-67 are known by their normalised headers', () => {
    const { columns } = readSourceTable([field(' Email'), field('B')], true);
    expect(columns.map(({ header, index }) => [header, index])).toEqual([
      ['email', 0],
      ['b', 1],
    ]);
  });

  test('F-66 are known by their place without a header row, whatever they are called', () => {
    const { columns } = readSourceTable([field('x.y'), field('x.y')], false);
    expect(columns.map(({ header }) => header)).toEqual(['_c0', '_c1']);
  });

  test('F-67 two of one header are refused', () => {
    expect(catchError(() => readSourceTable([field('A'), field('b'), field('a ')], true))).toMatchObject({
      code: 'DATA_HEADER',
      message: 'columns 1 and 3 have the same header `a`',
    });
  });

  test('F-67 one without a header is set aside, any other can be used', () => {
    const table = readSourceTable([field(' '), field('E-Mail Address')], true);
    expect(table.columns.map(({ header }) => header)).toEqual(['e-mail address']);
    expect(table.unusable).toEqual([{ index: 0, name: ' ', reason: 'it has no header' }]);
  });

  test('one of a type that cannot be carried is set aside', () => {
    const table = readSourceTable([field('list', { content: 'other', kinds: [] }), field('c')], true);
    expect(table.unusable).toMatchObject([{ index: 0, reason: expect.stringContaining('carried') }]);
  });

  test.each([[[]], [[field('')]]])('a table without a usable column is refused', (fields) => {
    expect(catchError(() => readSourceTable(fields, true)).code).toBe('DATA_HEADER');
  });
});

describe('templates', () => {
  const fields = [field('A'), field('B', { content: 'number', kinds: NO_FINGERPRINT }), field('C', OPAQUE)];
  const pad = {
    COMMENT: expect.any(String),
    type: '[none|fixed|max]',
    length: expect.stringContaining('from 0 to 10000'),
  };

  test('offer every kind that is possible, and force the others to cleartext', () => {
    const { text, notes } = templateSchema(readSourceTable(fields, true), { allowCleartext: true });
    expect(JSON.parse(text)).toEqual({
      headerRow: true,
      columns: [
        { sourceHeader: 'a', targetHeader: 'a', type: '[sealed|fingerprint|cleartext]', pad },
        { sourceHeader: 'b', targetHeader: 'b', type: '[sealed|cleartext]', pad },
        { sourceHeader: 'c', targetHeader: 'c', type: 'cleartext' },
      ],
    });
    expect(notes).toMatchObject([{ kind: 'cleartext-only', column: { header: 'c' } }]);
    expect(text).toMatch(/^\{\n {2}"headerRow": true,\n {2}"columns": \[\n {4}\{\n {6}"sourceHeader": "a",\n/);
  });

  test('leave out what cannot be protected where cleartext is forbidden', () => {
    const { text, notes } = templateSchema(readSourceTable(fields, true), { allowCleartext: false });
    expect(JSON.parse(text)).toMatchObject({ columns: [{ type: '[sealed|fingerprint]' }, { type: '[sealed]' }] });
    expect(notes).toMatchObject([{ kind: 'left-out', column: { header: 'c' } }]);
  });

  test('without a header row they have a place for every column', () => {
    const table = readSourceTable(fields, false);
    expect(JSON.parse(templateSchema(table, { allowCleartext: false }).text)).toEqual({
      headerRow: false,
      columns: [
        [{ targetHeader: '_c0', type: '[sealed|fingerprint]', pad }],
        [{ targetHeader: '_c1', type: '[sealed]', pad }],
        [],
      ],
    });
  });

  test('do not parse before a person has chosen', () => {
    const { text } = templateSchema(readSourceTable([field('a')], true), { allowCleartext: true });
    expect(catchError(() => parseTableSchema(text)).hint).toContain("choose one of the template's options");
  });

  test('parse after that', () => {
    const { text } = templateSchema(readSourceTable([field('a')], true), { allowCleartext: true });
    const edited = text
      .replace(/"type": "\[sealed[^"]*"/, '"type": "sealed"')
      .replace('[none|fixed|max]', 'max')
      .replace(/"length": "[^"]*"/, '"length": 0');
    expect(describeTableSchema(parseTableSchema(edited))).toBe('a -> a sealed');
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '#src/bytes/index';
import type { ColumnAdvice, SchemaDraft, SourceField } from 'sealroom/schema';
import {
  COLUMN_KINDS,
  describeTableSchema,
  parseTableSchema,
  printDraft,
  profileColumn,
  readSourceTable,
  suggestSchema,
  templateSchema,
} from 'sealroom/schema';
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

function repeat(length: number, value: (index: number) => string | null): readonly (string | null)[] {
  return Array.from({ length }, (_, index) => value(index));
}

function suggest(
  columns: readonly (readonly [SourceField, readonly (string | null)[]])[],
  options: { allowCleartext?: boolean; headerRow?: boolean } = {},
): SchemaDraft {
  const { allowCleartext = true, headerRow = true } = options;
  const table = readSourceTable(
    columns.map(([source]) => source),
    headerRow,
  );
  const profiles = table.columns.map((column) => {
    const profiler = profileColumn(column);
    for (const value of columns[column.index]?.[1] ?? []) profiler.add(value === null ? null : encodeUtf8(value));
    return profiler.finish();
  });
  return suggestSchema(table, profiles, { allowCleartext });
}

function adviseOn(source: SourceField, values: readonly (string | null)[], allowCleartext = true): ColumnAdvice {
  const [advice] = suggest([[source, values]], { allowCleartext }).advice;
  return advice ?? expect.fail('expected advice, got none');
}

describe('profiles', () => {
  test('count rows, nulls, different values, bytes and shapes, and keep no value', () => {
    const table = readSourceTable([field('a')], true);
    const profilers = table.columns.map(profileColumn);
    const values = [
      'x@example.org',
      'x@example.org',
      null,
      '',
      '42',
      '-1.5',
      '2024-02-29',
      '+49 30 901820',
      'AB-12',
      'é',
      'two words',
    ];
    for (const value of values) profilers[0]?.add(value === null ? null : encodeUtf8(value));
    const profile = profilers[0]?.finish();
    expect(profile).toMatchObject({ rows: 11, nulls: 1, distinct: 9, longestBytes: 13 });
    expect(profile?.shapes).toEqual({
      empty: 1,
      email: 2,
      date: 1,
      integer: 1,
      number: 1,
      phone: 1,
      code: 1,
      word: 1,
      phrase: 1,
    });
    expect(JSON.stringify(profile)).not.toContain('example.org');
  });

  test('count different values exactly', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3 }), { maxLength: 200 }), (values) => {
        const [column] = readSourceTable([field('a')], true).columns;
        if (column === undefined) return;
        const profiler = profileColumn(column);
        for (const value of values) profiler.add(value);
        expect(profiler.finish().distinct).toBe(new Set(values.map((value) => value.join())).size);
      }),
    );
  });

  test('classify long text without looking closer', () => {
    const [column] = readSourceTable([field('a')], true).columns;
    if (column === undefined) return;
    const profiler = profileColumn(column);
    profiler.add(encodeUtf8('1'.repeat(400)));
    expect(profiler.finish().shapes.phrase).toBe(1);
  });
});

describe('suggestions', () => {
  test('e-mail addresses that differ become a fingerprint column', () => {
    const advice = adviseOn(
      field('contact'),
      repeat(50, (i) => `p${String(i)}@example.org`),
    );
    expect(advice).toMatchObject({
      kind: 'fingerprint',
      reason: 'e-mail addresses, nearly all different: members can join on it',
      warning: null,
    });
  });

  test('e-mail addresses that repeat become one too, with a warning', () => {
    const advice = adviseOn(
      field('contact'),
      repeat(50, (i) => `p${String(i % 10)}@example.org`),
    );
    expect(advice.kind).toBe('fingerprint');
    expect(advice.warning).toBe('50 values, 10 different: equal fingerprints show how often each occurs');
  });

  test.each([
    ['phone numbers', (i: number) => `+49 30 ${String(900_000 + i)}`],
    ['codes', (i: number) => `AB-${String(i)}`],
    ['whole numbers', (i: number) => String(1000 + i)],
  ])('%s that differ become a fingerprint column', (what, value) => {
    expect(adviseOn(field('key'), repeat(60, value))).toMatchObject({
      kind: 'fingerprint',
      reason: expect.stringContaining(what),
    });
  });

  test('few different values stay cleartext, and a fingerprint of them is warned of', () => {
    const advice = adviseOn(
      field('region'),
      repeat(100, (i) => ['north', 'south'][i % 2] ?? ''),
    );
    expect(advice.kind).toBe('cleartext');
    expect(advice.warning).toContain('frequency analysis breaks a fingerprint of it (2 different values)');
  });

  test('few different values are sealed where cleartext is forbidden, and the warning stays', () => {
    const advice = adviseOn(
      field('region'),
      repeat(100, () => 'north'),
      false,
    );
    expect(advice).toMatchObject({
      kind: 'sealed',
      warning: expect.stringContaining('a fingerprint of it (1 different value)'),
    });
  });

  test('too few values are no category', () => {
    expect(
      adviseOn(
        field('region'),
        repeat(5, () => 'north'),
      ).kind,
    ).toBe('sealed');
  });

  test('a measure stays cleartext because sums need it', () => {
    const advice = adviseOn(
      field('amount'),
      repeat(200, (i) => `${String(i * 7)}.50`),
    );
    expect(advice).toMatchObject({
      kind: 'cleartext',
      reason: expect.stringContaining('sums and averages need cleartext'),
    });
  });

  test('a whole number that is called a measure is one, even if all differ', () => {
    expect(adviseOn(field('total_spend', { content: 'integer' }), repeat(200, String)).kind).toBe('cleartext');
  });

  test.each(['account', 'message_id', 'summary'])('%j is not taken for a measure by a part of a word', (name) => {
    expect(
      adviseOn(
        field(name),
        repeat(200, (i) => String(1000 + i)),
      ).kind,
    ).toBe('fingerprint');
  });

  test.each(['customer_id', 'Account', 'user key'])(
    'numbers that repeat under the header %j are an identifier',
    (name) => {
      expect(
        adviseOn(
          field(name),
          repeat(900, (i) => String(1000 + (i % 300))),
        ),
      ).toMatchObject({
        kind: 'fingerprint',
        warning: expect.stringContaining('300 different'),
      });
    },
  );

  test('personal numbers are sealed unless all differ', () => {
    expect(
      adviseOn(
        field('zip', { content: 'integer' }),
        repeat(200, (i) => String(i % 2)),
      ).kind,
    ).toBe('sealed');
    expect(adviseOn(field('mobile', { content: 'integer' }), repeat(200, String)).kind).toBe('fingerprint');
  });

  test('a measure is sealed where cleartext is forbidden', () => {
    expect(
      adviseOn(
        field('amount'),
        repeat(200, (i) => `${String(i)}.5`),
        false,
      ).kind,
    ).toBe('sealed');
  });

  test('free text is sealed at one length', () => {
    const { schema } = suggest([[field('remark'), repeat(40, (i) => `this is remark ${String(i)}`)]]);
    expect(schema?.columns).toMatchObject([{ kind: 'sealed', pad: { kind: 'max', lengthBytes: 0 } }]);
  });

  test.each(['first_name', 'Home Address', 'zip'])('a column called %j is sealed', (name) => {
    expect(
      adviseOn(
        field(name),
        repeat(40, (i) => `v${String(i % 2)}`),
      ).kind,
    ).toBe('sealed');
  });

  test('dates of birth are sealed', () => {
    expect(
      adviseOn(
        field('birth date'),
        repeat(40, (i) => `19${String(10 + i)}-01-01`),
      ).kind,
    ).toBe('sealed');
  });

  test('dates stay cleartext', () => {
    expect(
      adviseOn(
        field('seen'),
        repeat(40, (i) => `2024-01-${String(1 + (i % 28))}`),
      ).kind,
    ).toBe('cleartext');
    expect(adviseOn(field('seen', { content: 'date' }), repeat(40, String)).kind).toBe('cleartext');
  });

  test('truth values are a category', () => {
    expect(adviseOn(field('flag', { content: 'boolean' }), ['\u0000', '\u0001']).kind).toBe('cleartext');
  });

  test('a column without values is sealed', () => {
    expect(adviseOn(field('a'), [null, null])).toMatchObject({
      kind: 'sealed',
      reason: expect.stringContaining('no value'),
    });
  });

  test('an identifier that cannot be fingerprinted is sealed', () => {
    const numbers = field('key', { content: 'integer', kinds: NO_FINGERPRINT });
    expect(adviseOn(numbers, repeat(40, String)).kind).toBe('sealed');
  });

  test('a type that cannot be protected is left out, whatever the collaboration allows', () => {
    expect(adviseOn(field('blob', OPAQUE), ['x'])).toMatchObject({ kind: 'left-out', warning: expect.any(String) });
    const draft = suggest([[field('blob', OPAQUE), ['x']]], { allowCleartext: false });
    expect(draft).toMatchObject({ schema: null, advice: [{ kind: 'left-out', warning: null }] });
  });

  test('two columns never get the same target header', () => {
    const emails = repeat(30, (i) => `p${String(i)}@example.org`);
    const regions = repeat(30, () => 'north');
    const { schema } = suggest([
      [field('email'), emails],
      [field('email_fingerprint'), regions],
      [field('x'.repeat(128)), emails],
    ]);
    expect(schema?.columns.map(({ targetHeader }) => targetHeader)).toEqual([
      'email_fingerprint',
      'email_fingerprint_2',
      'x'.repeat(128),
    ]);
  });

  test('without a header row they name places', () => {
    const { schema } = suggest(
      [
        [field('blob', OPAQUE), []],
        [field('x'), ['a b c']],
      ],
      { headerRow: false },
    );
    expect(schema).toMatchObject({ headerRow: false, sourceCount: 2 });
    expect(schema === null ? '' : describeTableSchema(schema)).toBe('_c1 -> _c1_sealed sealed');
  });

  test('always parse, and never fall back to cleartext where it is forbidden', () => {
    const columns = fc.uniqueArray(
      fc.tuple(
        fc
          .record({
            name: fc.oneof(
              fc.string({ unit: fc.constantFrom('a', 'b', '_', '2'), minLength: 1, maxLength: 4 }),
              fc.constantFrom('a_sealed', 'a_fingerprint', 'a'.repeat(128), 'a.b'),
            ),
            content: fc.constantFrom('text', 'integer', 'number', 'date', 'boolean', 'other'),
            kinds: fc.subarray([...COLUMN_KINDS], { minLength: 1 }),
          })
          .map((source): SourceField => source),
        fc.array(
          fc.oneof(fc.constant(null), fc.string({ maxLength: 8 }), fc.constantFrom('a@b.c', '1', '2024-01-01')),
          { maxLength: 30 },
        ),
      ),
      { minLength: 1, selector: ([source]) => source.name },
    );
    fc.assert(
      fc.property(columns, fc.boolean(), fc.boolean(), (sources, allowCleartext, headerRow) => {
        fc.pre(!headerRow || sources.some(([source]) => source.name !== 'a.b'));
        const { schema, advice } = suggest(sources, { allowCleartext, headerRow });
        for (const { reason, warning } of advice) expect(`${reason} ${warning ?? ''}`).toMatch(/^[^\n]+$/);
        if (schema === null) return;
        expect(parseTableSchema(printDraft(schema, advice))).toEqual(schema);
        if (!allowCleartext) expect(schema.columns.every(({ kind }) => kind !== 'cleartext')).toBe(true);
      }),
    );
  });
});

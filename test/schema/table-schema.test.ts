import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ColumnSchema, TableSchema } from 'sealroom/schema';
import {
  createTableSchema,
  describeTableSchema,
  listProblems,
  normaliseHeader,
  parseHeader,
  parseTableSchema,
  NO_NORMALISATION,
  parseSourceHeader,
  parseStep,
  positionalHeader,
  printTableSchema,
  sourceHeadersOf,
} from 'sealroom/schema';
import { catchError, mapped, positional } from './support.ts';

const CLEAR = { sourceHeader: 'a', type: 'cleartext' };

describe('reading', () => {
  test('F-70 a schema with a header row names its sources', () => {
    const schema = parseTableSchema(
      mapped(
        { sourceHeader: 'Email', targetHeader: 'email_fp', type: 'fingerprint' },
        { sourceHeader: 'Email', type: 'sealed', pad: { type: 'max', length: 16 } },
        { sourceHeader: ' Region ', type: 'cleartext' },
      ),
    );
    expect(schema).toEqual({
      headerRow: true,
      sourceCount: null,
      columns: [
        {
          kind: 'fingerprint',
          sourceHeader: 'email',
          sourceIndex: null,
          targetHeader: 'email_fp',
          ...NO_NORMALISATION,
        },
        {
          kind: 'sealed',
          sourceHeader: 'email',
          sourceIndex: null,
          targetHeader: 'email_sealed',
          ...NO_NORMALISATION,
          pad: { kind: 'max', lengthBytes: 16 },
        },
        { kind: 'cleartext', sourceHeader: 'region', sourceIndex: null, targetHeader: 'region', ...NO_NORMALISATION },
      ],
    });
    expect(sourceHeadersOf(schema)).toEqual(['email', 'region']);
  });

  test('F-71 a schema without a header row finds its sources by place and skips empty ones', () => {
    const schema = parseTableSchema(
      positional([{ targetHeader: 'Name', type: 'cleartext' }], [], null, [
        { targetHeader: 'tel_s', type: 'sealed', pad: { type: 'none' } },
        { targetHeader: 'tel_f', type: 'fingerprint' },
      ]),
    );
    expect(schema.sourceCount).toBe(4);
    expect(describeTableSchema(schema)).toBe('_c0 -> name cleartext, _c3 -> tel_s sealed, _c3 -> tel_f fingerprint');
    expect(schema.columns.map((column) => column.sourceIndex)).toEqual([0, 3, 3]);
    expect(sourceHeadersOf(schema)).toEqual(['_c0', '_c3']);
  });

  test('F-65 without a target header a column is named after its source', () => {
    const kinds = ['fingerprint', 'cleartext'].map((type) => ({ sourceHeader: 'A', type, targetHeader: null }));
    expect(describeTableSchema(parseTableSchema(mapped(...kinds)))).toBe(
      'a -> a_fingerprint fingerprint, a -> a cleartext',
    );
  });

  test('F-69 ignores members it does not know, at every level', () => {
    const text = `{"headerRow": true, "COMMENT": 1, "columns": [
      {"sourceHeader": "a", "type": "sealed", "COMMENT": [], "pad": {"COMMENT": {}, "type": "none"}}]}`;
    expect(describeTableSchema(parseTableSchema(text))).toBe('a -> a_sealed sealed');
  });

  test('F-69 reads comments, single quotes, names without quotes and a byte order mark', () => {
    const text = `\uFEFF# one
      { /* two, with "quotes' */ headerRow: true, // three
        'columns': [{'sourceHeader': 'a', "targetHeader": "b", type: 'cleartext'}] } # four`;
    expect(describeTableSchema(parseTableSchema(text))).toBe('a -> b cleartext');
  });

  test('F-69 what looks like a comment inside a text is none', () => {
    const error = catchError(() => parseTableSchema(mapped({ ...CLEAR, targetHeader: 'x#y // z /* */' })));
    expect(error.message).toContain('target header `x#y // z /* */`: only a-z');
  });

  test('F-69 of a repeated key the last one counts', () => {
    const text =
      '{"headerRow": false, "headerRow": true, "columns": [{"sourceHeader": "a", "type": "x", "type": "cleartext"}]}';
    expect(describeTableSchema(parseTableSchema(text))).toBe('a -> a cleartext');
  });

  test('F-69 a whole number as a header stands for its digits', () => {
    expect(describeTableSchema(parseTableSchema(mapped({ ...CLEAR, sourceHeader: 7 })))).toBe('7 -> 7 cleartext');
  });

  test.each(['SEALED', ' Sealed\t'])('F-72 reads the type %j', (type) => {
    const schema = parseTableSchema(mapped({ sourceHeader: 'a', type, pad: { type: 'NONE' } }));
    expect(schema.columns[0]?.kind).toBe('sealed');
  });

  test.each([
    [1, 1],
    ['1.0', 1],
    ['1e2', 100],
    ['"12"', 12],
  ])('F-73 reads the pad length %s as %i', (length, bytes) => {
    const text = `{"headerRow": true, "columns": [{"sourceHeader": "a", "type": "sealed", "pad": {"type": "max", "length": ${String(length)}}}]}`;
    expect(parseTableSchema(text).columns[0]).toMatchObject({ pad: { kind: 'max', lengthBytes: bytes } });
  });

  test('is frozen in all its parts', () => {
    const schema = parseTableSchema(mapped({ sourceHeader: 'a', type: 'sealed', pad: { type: 'none' } }));
    const [column] = schema.columns;
    for (const part of [schema, schema.columns, column]) expect(Object.isFrozen(part)).toBe(true);
    if (column?.kind === 'sealed') expect(Object.isFrozen(column.pad)).toBe(true);
  });
});

/** What C3R refuses (and, where said, what it should): JSON text, code, and part of the message. */
const REFUSED: readonly (readonly [string, string, string, string])[] = [
  ['an empty file', '', 'SCHEMA_SYNTAX', 'the table schema file is empty'],
  ['blanks only', ' \n\t', 'SCHEMA_SYNTAX', 'the table schema file is empty'],
  ['a comment only', '// nothing', 'SCHEMA_SYNTAX', 'the table schema file is empty'],
  ['a literal null', 'null', 'SCHEMA_SYNTAX', 'the table schema file is empty'],
  ['no JSON', 'headerRow: true', 'SCHEMA_SYNTAX', "is not valid JSON: invalid character 'h' at character 1"],
  ['half a file', '{"headerRow": true,', 'SCHEMA_SYNTAX', 'is not valid JSON: invalid end of input'],
  ['an array', '[]', 'SCHEMA_SYNTAX', 'expected an object, got an array'],
  ['a text', '"x"', 'SCHEMA_SYNTAX', 'expected an object, got `x`'],
  ['something after the object', `${mapped(CLEAR)} {}`, 'SCHEMA_SYNTAX', "is not valid JSON: invalid character '{'"],
  [
    'a comma at the end of an array',
    '{"headerRow": true, "columns": [{},]}',
    'SCHEMA_SYNTAX',
    'after a comma, got `]`',
  ],
  ['a comma at the end of an object', '{"headerRow": true, "columns": [],}', 'SCHEMA_SYNTAX', 'after a comma, got `}`'],
  [
    'no headerRow',
    '{"columns": [{"sourceHeader": "a", "type": "cleartext"}]}',
    'SCHEMA_INVALID',
    '`headerRow`: expected true or false, got nothing',
  ],
  [
    'headerRow null',
    '{"headerRow": null, "columns": []}',
    'SCHEMA_INVALID',
    '`headerRow`: expected true or false, got null',
  ],
  [
    'headerRow as text',
    '{"headerRow": "true", "columns": []}',
    'SCHEMA_INVALID',
    '`headerRow`: expected true or false, got `true`',
  ],
  ['no columns', '{"headerRow": true}', 'SCHEMA_INVALID', '`columns`: expected an array, got nothing'],
  ['columns null', '{"headerRow": false, "columns": null}', 'SCHEMA_INVALID', '`columns`: expected an array, got null'],
  ['empty columns', mapped(), 'SCHEMA_INVALID', '`columns` has no target column'],
  ['no targets at all', positional([], null), 'SCHEMA_INVALID', '`columns` has no target column'],
  ['a null column', mapped(null), 'SCHEMA_INVALID', 'column 1: expected an object, got null'],
  ['a null target', positional([], [null]), 'SCHEMA_INVALID', 'column 2: expected an object, got null'],
  ['arrays under a header row', mapped([CLEAR]), 'SCHEMA_INVALID', 'column 1: expected an object, got an array'],
  [
    'objects without a header row',
    positional(CLEAR),
    'SCHEMA_INVALID',
    'column 1: expected an array of target columns, got an object',
  ],
  [
    'no type',
    mapped({ sourceHeader: 'a' }),
    'SCHEMA_INVALID',
    'column 1 (`a`): `type`: expected `sealed`, `fingerprint` or `cleartext`, got nothing',
  ],
  ['type null', mapped({ sourceHeader: 'a', type: null }), 'SCHEMA_INVALID', 'got null'],
  ['an unknown type', mapped({ sourceHeader: 'a', type: 'hashed' }), 'SCHEMA_INVALID', 'got `hashed`'],
  [
    'sealed without pad',
    mapped({ sourceHeader: 'a', type: 'sealed' }),
    'SCHEMA_INVALID',
    'column 1 (`a`): `pad`: expected an object, got nothing',
  ],
  [
    'sealed with pad null',
    mapped({ sourceHeader: 'a', type: 'sealed', pad: null }),
    'SCHEMA_INVALID',
    '`pad`: expected an object, got nothing',
  ],
  [
    'sealed with an empty pad (C3R takes it and fails later)',
    mapped({ sourceHeader: 'a', type: 'sealed', pad: {} }),
    'SCHEMA_INVALID',
    '`pad.type`: expected',
  ],
  [
    'a pad on a fingerprint column',
    mapped({ sourceHeader: 'a', type: 'fingerprint', pad: { type: 'none' } }),
    'SCHEMA_INVALID',
    '`pad` cannot be used with type `fingerprint`',
  ],
  [
    'a pad on a cleartext column',
    mapped({ ...CLEAR, pad: {} }),
    'SCHEMA_INVALID',
    '`pad` cannot be used with type `cleartext`',
  ],
  [
    'no sourceHeader',
    mapped({ type: 'cleartext' }),
    'SCHEMA_INVALID',
    'column 1: `sourceHeader`: expected a string, got nothing',
  ],
  [
    'a sourceHeader of another kind',
    mapped({ ...CLEAR, sourceHeader: true }),
    'SCHEMA_INVALID',
    '`sourceHeader`: expected a string, got `true`',
  ],
  [
    'a header with a fraction',
    mapped({ ...CLEAR, sourceHeader: 1.5 }),
    'SCHEMA_INVALID',
    '`sourceHeader`: expected a string, got `1.5`',
  ],
  [
    'a sourceHeader without a header row',
    positional([{ ...CLEAR, targetHeader: 'b' }]),
    'SCHEMA_INVALID',
    'column 1 (`b`): `sourceHeader` cannot name a column where `headerRow` is false',
  ],
  [
    'no targetHeader without a header row',
    positional([], [{ type: 'cleartext' }]),
    'SCHEMA_INVALID',
    'column 2: `targetHeader`: expected a string, got nothing',
  ],
  [
    'an empty source header',
    mapped({ ...CLEAR, sourceHeader: ' ' }),
    'SCHEMA_HEADER',
    'column 1 (` `): source header: must not be empty',
  ],
  [
    'a source header that is no target header, without a target header',
    mapped({ ...CLEAR, sourceHeader: 'e.mail' }),
    'SCHEMA_HEADER',
    'column 1 (`e.mail`): target header `e.mail`: only a-z',
  ],
  [
    'a bad target header',
    mapped({ ...CLEAR, targetHeader: 'a-b' }),
    'SCHEMA_HEADER',
    'column 1 (`a`): target header `a-b`: must not have a hyphen',
  ],
  [
    'a blank target header',
    mapped({ ...CLEAR, targetHeader: ' ' }),
    'SCHEMA_HEADER',
    'target header ``: must not be empty',
  ],
  [
    'a suffix too many',
    mapped({ sourceHeader: 'a'.repeat(128), type: 'fingerprint' }),
    'SCHEMA_HEADER',
    '`: at most 128 characters, got 140',
  ],
];

describe('refusing', () => {
  test.each(REFUSED)('F-69 refuses %s', (_, text, code, message) => {
    const error = catchError(() => parseTableSchema(text, { file: 'schema.json' }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.where.file).toBe('schema.json');
  });

  test('F-64 refuses a target header that is used twice, and names it', () => {
    const error = catchError(() =>
      parseTableSchema(mapped({ ...CLEAR, targetHeader: 'T' }, { ...CLEAR, targetHeader: ' t ' })),
    );
    expect(error).toMatchObject({
      code: 'SCHEMA_INVALID',
      message: 'column 1 and column 2 have the same target header `t`',
    });
  });

  test('F-64 refuses a default target header that another column has', () => {
    const text = mapped({ ...CLEAR, targetHeader: 'a_fingerprint' }, { sourceHeader: 'a', type: 'fingerprint' });
    expect(catchError(() => parseTableSchema(text)).message).toContain('have the same target header `a_fingerprint`');
  });

  test('F-64 names the targets of one source column apart', () => {
    const twin = { targetHeader: 'x', type: 'cleartext' };
    expect(catchError(() => parseTableSchema(positional([twin, twin]))).message).toBe(
      'column 1, target 1 and column 1, target 2 have the same target header `x`',
    );
  });

  test('F-54 a schema has at most 1600 target columns', () => {
    const columns = Array.from({ length: 1601 }, (_, index) => ({ ...CLEAR, targetHeader: `t${String(index)}` }));
    expect(parseTableSchema(mapped(...columns.slice(1))).columns).toHaveLength(1600);
    const { message } = catchError(() => parseTableSchema(mapped(...columns)));
    expect(message).toBe('`columns`: expected at most 1600 target columns, got 1601');
  });

  test('says on which line the text stops being JSON', () => {
    const error = catchError(() => parseTableSchema('{\n  "headerRow": true\n  "columns": []\n}', { file: 'x.json' }));
    expect(error.where).toEqual({ file: 'x.json', line: 3 });
    expect(catchError(() => parseTableSchema('{\n"columns": [\n1,\n]}')).where.line).toBe(3);
  });

  test('an unedited template is refused with a word about it', () => {
    const error = catchError(() => parseTableSchema(mapped({ sourceHeader: 'a', type: '[sealed|fingerprint]' })));
    expect(error.hint).toBe("choose one of the template's options");
  });

  test('points at a key in the wrong capitals', () => {
    expect(catchError(() => parseTableSchema(mapped({ sourceHeader: 'a', Type: 'cleartext' }))).hint).toBe(
      'keys are case-sensitive: write `type`, not `Type`',
    );
    expect(catchError(() => parseTableSchema('{"headerrow": true, "columns": [1]}')).hint).toContain(
      'write `headerRow`',
    );
  });
});

describe('several problems', () => {
  const text = mapped(
    { sourceHeader: 'a-b', targetHeader: 'a-b', type: 'sealed' },
    { ...CLEAR, targetHeader: 'x' },
    { ...CLEAR, targetHeader: 'X' },
    null,
  );

  test('reports all of them: the first as the message, the others in the hint', () => {
    const error = catchError(() => parseTableSchema(text));
    expect(error.message).toBe('column 1 (`a-b`): `pad`: expected an object, got nothing');
    expect(error.hint?.split('\n')).toEqual([
      '3 more problems:',
      '  column 1 (`a-b`): target header `a-b`: must not have a hyphen among its first two characters, got one at character 2',
      '  column 4: expected an object, got null',
      '  column 2 and column 3 have the same target header `x`',
    ]);
  });

  test('lists them as errors of their own', () => {
    const error = catchError(() => parseTableSchema(text));
    expect(listProblems(error).map((problem) => problem.code)).toEqual([
      'SCHEMA_INVALID',
      'SCHEMA_HEADER',
      'SCHEMA_INVALID',
      'SCHEMA_INVALID',
    ]);
    expect(listProblems(error)[0]?.message).toBe(error.message);
  });

  test('one problem is listed as itself', () => {
    const error = catchError(() => parseTableSchema(mapped(null)));
    expect(listProblems(error)).toEqual([error]);
  });

  test('goes on after a bad headerRow', () => {
    const error = catchError(() =>
      parseTableSchema('{"headerRow": 1, "columns": [[{"type": "x", "targetHeader": "a"}]]}'),
    );
    expect(listProblems(error)).toHaveLength(2);
    expect(error.hint).toContain('column 1 (`a`): `type`: expected');
  });

  test('a long list ends with a count', () => {
    const error = catchError(() => parseTableSchema(mapped(...Array.from({ length: 100 }, () => null))));
    const lines = error.hint?.split('\n') ?? [];
    expect(lines[0]).toBe('99 more problems:');
    expect(lines.at(-1)).toBe('  and 79 more');
    expect(listProblems(error)).toHaveLength(100);
  });
});

const header = fc
  .string({ unit: fc.constantFrom('a', 'b', 'Z', '0', '_', ' ', '-'), minLength: 1, maxLength: 20 })
  .filter((text) => /^[a-z0-9_](([a-z0-9_ ]+-)*([a-z0-9_ ]+))?$/.test(normaliseHeader(text)))
  .map((text) => parseHeader(text));
const lengthBytes = fc.integer({ min: 0, max: 10_000 });
const pad = fc.oneof(
  fc.constant({ kind: 'none' as const }),
  fc.record({ kind: fc.constantFrom('fixed' as const, 'max' as const), lengthBytes }),
);

function schemas(headerRow: boolean): fc.Arbitrary<TableSchema> {
  const sourceCount = 6;
  const column = fc
    .record({
      kind: fc.constantFrom('sealed' as const, 'fingerprint' as const, 'cleartext' as const),
      index: fc.nat({ max: sourceCount - 1 }),
      source: fc
        .string({ unit: 'binary', minLength: 1, maxLength: 8 })
        .filter((text) => normaliseHeader(text) !== '')
        .map(parseSourceHeader),
      targetHeader: header,
      pad,
      normalise: fc.uniqueArray(fc.constantFrom('trim', 'email', 'phone:DE', 'date:DD.MM.YYYY').map(parseStep)),
      nulls: fc.uniqueArray(fc.constantFrom('', 'NULL', 'n/a', 'ohne Angabe')),
    })
    .map(({ kind, index, source, targetHeader, pad: lengths, normalise, nulls }): ColumnSchema => {
      const names = headerRow
        ? { sourceHeader: source, sourceIndex: null, targetHeader, normalise, nulls }
        : { sourceHeader: positionalHeader(index), sourceIndex: index, targetHeader, normalise, nulls };
      return kind === 'sealed' ? { kind, ...names, pad: lengths } : { kind, ...names };
    });
  return fc
    .uniqueArray(column, { minLength: 1, maxLength: 10, selector: ({ targetHeader }) => targetHeader })
    .map((columns) => createTableSchema({ headerRow, sourceCount, columns }));
}

describe('writing', () => {
  test('looks as C3R writes it', () => {
    const schema = parseTableSchema(
      mapped(
        { sourceHeader: 'A', type: 'sealed', pad: { type: 'max', length: 1 } },
        { sourceHeader: 'b', type: 'sealed', pad: { type: 'none' } },
        { ...CLEAR, sourceHeader: 'c' },
      ),
    );
    expect(printTableSchema(schema)).toBe(`{
  "columns": [
    {
      "type": "sealed",
      "pad": {
        "type": "MAX",
        "length": 1
      },
      "sourceHeader": "a",
      "targetHeader": "a_sealed"
    },
    {
      "type": "sealed",
      "pad": {
        "type": "NONE"
      },
      "sourceHeader": "b",
      "targetHeader": "b_sealed"
    },
    {
      "type": "cleartext",
      "sourceHeader": "c",
      "targetHeader": "c"
    }
  ],
  "headerRow": true
}`);
  });

  test('without a header row it keeps the places of skipped columns', () => {
    const text = positional([], [{ targetHeader: 'x', type: 'cleartext' }], []);
    expect(JSON.parse(printTableSchema(parseTableSchema(text)))).toEqual({
      columns: [[], [{ type: 'cleartext', targetHeader: 'x' }], []],
      headerRow: false,
    });
  });

  test('puts a comment beside a column, which reading ignores', () => {
    const schema = parseTableSchema(mapped(CLEAR));
    const text = printTableSchema(schema, () => 'because');
    expect(text).toContain('"COMMENT": "because"');
    expect(parseTableSchema(text)).toEqual(schema);
  });

  test.each([true, false])('reads back what it wrote (header row: %s)', (headerRow) => {
    fc.assert(
      fc.property(schemas(headerRow), (schema) => {
        expect(parseTableSchema(printTableSchema(schema))).toEqual(schema);
      }),
    );
  });

  test('F-69 any JSON text gives a schema or a SealroomError', () => {
    const member = fc.oneof({ depthSize: 'small' }, fc.jsonValue(), fc.constantFrom('sealed', 'cleartext', 'a', null));
    const target = fc.record(
      {
        type: member,
        sourceHeader: member,
        targetHeader: member,
        pad: fc.oneof(member, fc.record({ type: member, length: member })),
      },
      { requiredKeys: [] },
    );
    const columns = fc.oneof(fc.array(fc.oneof(target, fc.array(target))), member);
    fc.assert(
      fc.property(fc.record({ headerRow: fc.oneof(fc.boolean(), member), columns }), (json) => {
        const text = JSON.stringify(json);
        let schema: TableSchema;
        try {
          schema = parseTableSchema(text);
        } catch (error) {
          expect(error).toHaveProperty('name', 'SealroomError');
          expect(error).toHaveProperty('message', expect.stringMatching(/^[^\n]+$/));
          return;
        }
        expect(parseTableSchema(printTableSchema(schema))).toEqual(schema);
      }),
      { numRuns: 500 },
    );
  });
});

describe('building', () => {
  const column = {
    kind: 'cleartext',
    sourceHeader: parseHeader('a'),
    sourceIndex: null,
    targetHeader: parseHeader('a'),
    ...NO_NORMALISATION,
  } as const;

  test('F-64 refuses two columns of one target header', () => {
    const build = () => createTableSchema({ headerRow: true, sourceCount: 1, columns: [column, column] });
    expect(catchError(build).message).toContain('have the same target header `a`');
  });

  test('refuses a schema without columns', () => {
    expect(catchError(() => createTableSchema({ headerRow: true, sourceCount: 1, columns: [] })).code).toBe(
      'SCHEMA_INVALID',
    );
  });

  test.each([
    [false, null],
    [false, 3],
    [false, -1],
    [true, 0],
  ])('refuses a source index that does not fit (header row: %s, index: %s)', (headerRow, sourceIndex) => {
    const build = () => createTableSchema({ headerRow, sourceCount: 3, columns: [{ ...column, sourceIndex }] });
    expect(catchError(build).message).toContain('source index');
  });

  test('puts columns without header row in source order', () => {
    const columns = [1, 0].map((sourceIndex) => ({
      ...column,
      sourceHeader: positionalHeader(sourceIndex),
      sourceIndex,
      targetHeader: parseHeader(`t${String(sourceIndex)}`),
    }));
    const schema = createTableSchema({ headerRow: false, sourceCount: 2, columns });
    expect(describeTableSchema(schema)).toBe('_c0 -> t0 cleartext, _c1 -> t1 cleartext');
  });
});

describe('columns that are normalised', () => {
  const EMAIL = {
    type: 'fingerprint',
    sourceHeader: { name: 'E-Mail Address', normalise: ['trim', 'email'], nulls: ['NULL', 'n/a'] },
    targetHeader: 'email',
  };

  test('F-101 the source is an object with its header, steps and null texts', () => {
    const schema = parseTableSchema(mapped(EMAIL));
    expect(schema.columns).toEqual([
      {
        kind: 'fingerprint',
        sourceHeader: 'e-mail address',
        sourceIndex: null,
        targetHeader: 'email',
        normalise: ['trim', 'email'],
        nulls: ['NULL', 'n/a'],
      },
    ]);
    expect(JSON.parse(printTableSchema(schema))).toEqual({
      columns: [{ ...EMAIL, sourceHeader: { ...EMAIL.sourceHeader, name: 'e-mail address' } }],
      headerRow: true,
    });
    expect(describeTableSchema(schema)).toBe('e-mail address (trim, email, nulls) -> email fingerprint');
  });

  test('F-101 without a header row the object has no name', () => {
    const text = positional([{ type: 'fingerprint', targetHeader: 'tel', sourceHeader: { normalise: ['phone:DE'] } }]);
    const schema = parseTableSchema(text);
    expect(schema.columns).toMatchObject([{ sourceHeader: '_c0', sourceIndex: 0, normalise: ['phone:DE'], nulls: [] }]);
    expect(parseTableSchema(printTableSchema(schema))).toEqual(schema);
    expect(printTableSchema(schema)).not.toContain('name');
  });

  test('F-101 an object that does nothing is written as a text, which C3R reads', () => {
    const schema = parseTableSchema(mapped({ ...CLEAR, sourceHeader: { name: 'A', normalise: [], nulls: [] } }));
    expect(schema).toEqual(parseTableSchema(mapped(CLEAR)));
    expect(printTableSchema(schema)).toContain('"sourceHeader": "a"');
  });

  test.each([
    [
      'an unknown step',
      { normalise: ['e-mail'] },
      'expected a normalising step, got `e-mail`',
      'did you mean `email`?',
    ],
    ['a country that has no such code', { normalise: ['phone:UK'] }, 'got `phone:UK`', 'did you mean `phone:GB`?'],
    ['a country in lower case', { normalise: ['phone:de'] }, 'got `phone:de`', 'ISO code'],
    ['a date without format', { normalise: ['date'] }, 'got `date`', '`date:DD.MM.YYYY`'],
    ['a two-digit year', { normalise: ['date:DD.MM.YY'] }, 'got `date:DD.MM.YY`', '`date:DD.MM.YYYY`'],
    ['a step twice', { normalise: ['trim', 'trim'] }, '`normalise`: `trim` is there twice', undefined],
    [
      'a step that is no list',
      { normalise: 'email' },
      '`normalise`: expected an array of texts, got `email`',
      undefined,
    ],
    ['a null text that is no text', { nulls: [0] }, '`nulls`: expected a text, got `0`', undefined],
    ['a null text with blanks', { nulls: [' n/a'] }, '`nulls`: ` n/a` has blanks', 'leave them out'],
    ['a member of another name', { normalize: ['email'] }, 'got `normalize`', 'did you mean `normalise`?'],
  ])('F-101 refuses %s', (_, members, message, hint) => {
    const error = catchError(() => parseTableSchema(mapped({ ...CLEAR, sourceHeader: { name: 'a', ...members } })));
    expect(error.code).toBe('SCHEMA_INVALID');
    expect(error.message).toContain(message);
    if (hint !== undefined) expect(error.hint).toContain(hint);
  });

  test.each(['normalise', 'normalize', 'nulls'])('F-101 refuses `%s` beside the source header', (name) => {
    const beside = catchError(() => parseTableSchema(mapped({ ...CLEAR, sourceHeader: 'a', [name]: ['email'] })));
    expect(beside.message).toBe(`column 1 (\`a\`): \`${name}\` must be in \`sourceHeader\`, not beside it`);
    expect(beside.hint).toContain('"sourceHeader": { "name": "email", "normalise": ["email"] }');
  });

  test('F-101 a source object needs a name where there is a header row, and has none elsewhere', () => {
    const nameless = catchError(() => parseTableSchema(mapped({ ...CLEAR, sourceHeader: { normalise: ['email'] } })));
    expect(nameless.message).toBe('column 1: `name`: expected a string, got nothing');
    const named = catchError(() =>
      parseTableSchema(positional([{ type: 'cleartext', targetHeader: 'b', sourceHeader: { name: 'a' } }])),
    );
    expect(named.message).toContain('cannot name a column where `headerRow` is false');
  });
});

describe('headers as people have them', () => {
  test.each([
    ['E-Mail Address', 'fingerprint', 'e_mail_address_fingerprint'],
    ['Straße', 'cleartext', 'strasse'],
    ['x'.repeat(200), 'sealed', `${'x'.repeat(121)}_sealed`],
  ])('F-65 %s cannot name its target column, and another name is proposed', (sourceHeader, type, proposed) => {
    const pad = type === 'sealed' ? { pad: { type: 'none' } } : {};
    const error = catchError(() => parseTableSchema(mapped({ sourceHeader, type, ...pad })));
    expect(error.code).toBe('SCHEMA_HEADER');
    expect(error.hint).toContain(`\`"targetHeader": "${proposed}"\``);
    const named = parseTableSchema(mapped({ sourceHeader, type, ...pad, targetHeader: proposed }));
    expect(named.columns).toMatchObject([{ sourceHeader: normaliseHeader(sourceHeader), targetHeader: proposed }]);
  });
});

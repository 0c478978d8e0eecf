import { describe, expect, test } from 'vitest';
import {
  compareNormalisation,
  diffManifests,
  type Manifest,
  parseManifest,
  pinOf,
  requireOwnPin,
  requireSameNormalisation,
} from 'sealroom/collab';
import { parseTableSchema, PHONES_VERSION, UNICODE_VERSION } from 'sealroom/schema';
import { type Json, manifestOfContext, withValue } from '../support/manifests.ts';
import { errorOf } from '../tabular/support.ts';

const PLAIN = manifestOfContext('agg');
const COLUMN = ['tables', 0, 'columns', 0];
const PIN = { unicode: UNICODE_VERSION, phones: PHONES_VERSION };

/** The manifest of the context, with a first column that is normalised. */
function manifestWith(column: Json, pin: unknown = PIN): Json {
  const withColumn = Object.entries(column).reduce(
    (all, [key, value]) => withValue(all, [...COLUMN, key], value),
    PLAIN,
  );
  return pin === null ? withColumn : withValue(withColumn, ['normalisation'], pin);
}

const parse = (json: Json): Manifest => parseManifest(JSON.stringify(json));
const NORMALISED = parse(manifestWith({ normalise: ['phone:DE'], nulls: ['NULL', '-'] }));
const TABLE = NORMALISED.tables[0];
if (TABLE === undefined) throw new Error('a table');
const NAME = TABLE.columns[0]?.name ?? '';

describe('reading', () => {
  test('F-115 a column has steps and null texts, and the manifest their versions', () => {
    expect(TABLE.columns[0]).toMatchObject({ normalise: ['phone:DE'], nulls: ['NULL', '-'] });
    expect(NORMALISED.normalisation).toEqual(PIN);
  });

  test('without them nothing changes, the hash included', () => {
    const plain = parse(PLAIN);
    expect(plain.normalisation).toBeNull();
    expect(plain.tables[0]?.columns[0]).toMatchObject({ normalise: [], nulls: [] });
    expect(plain.sha256).toBe('798312fc4327034c6d4eab549cf8826192f69a21f5171116250718878f15cc98');
  });

  test.each<[string, Json, unknown, string]>([
    ['an unknown step', { normalise: ['mail'] }, PIN, 'expected a normalising step, got `mail`'],
    ['a step twice', { normalise: ['trim', 'trim'] }, PIN, '`trim` is listed twice'],
    ['steps that are no list', { normalise: 'trim' }, PIN, 'expected an array, got text'],
    ['a null text with blanks', { nulls: [' -'] }, PIN, 'has blanks at its ends'],
    ['a null text that is no text', { nulls: [0] }, PIN, 'expected a text, got `0`'],
    ['steps without versions', { normalise: ['trim'] }, null, 'columns are normalised, so this must be given'],
    ['null texts without versions', { nulls: ['-'] }, null, 'columns are normalised, so this must be given'],
    [
      'phone numbers without their version',
      { normalise: ['phone'] },
      { unicode: UNICODE_VERSION },
      'columns have phone numbers',
    ],
    ['a version that is none', { normalise: ['trim'] }, { unicode: 'latest' }, 'expected a version such as `15.1.0`'],
    ['a version of something else', { normalise: ['trim'] }, { ...PIN, names: '1.0.0' }, 'unknown key'],
    ['another type before encryption', { normalise: ['digits'], clearType: 'INT' }, PIN, 'expected STRING'],
  ])('F-115 refuses %s', (_, column, pin, message) => {
    const error = errorOf(() => parse(manifestWith(column, pin)));
    expect(error.code).toBe('MANIFEST_INVALID');
    expect(error.message).toContain(message);
  });

  test('F-115 says what to write', () => {
    const error = errorOf(() => parse(manifestWith({ normalise: ['phone'] }, null)));
    expect(error.hint).toContain(`normalisation: { unicode: ${UNICODE_VERSION}, phones: ${PHONES_VERSION} }`);
  });
});

describe('versions', () => {
  test('F-115 are those of this release, and of phone numbers only where there are any', () => {
    expect(pinOf(TABLE.columns)).toEqual(PIN);
    expect(pinOf([{ normalise: [], nulls: ['-'] }])).toEqual({ unicode: UNICODE_VERSION, phones: null });
    expect(pinOf(parse(PLAIN).tables[0]?.columns ?? [])).toBeNull();
  });

  test.each([
    [{ unicode: '99.0.0', phones: PHONES_VERSION }, 'Unicode 99.0.0'],
    [{ unicode: UNICODE_VERSION, phones: '0.0.1' }, 'libphonenumber-js 0.0.1'],
  ])('F-115 of another release can be read, but not encrypted by: %s', (pin, words) => {
    const manifest = parse(manifestWith({ normalise: ['phone:DE'] }, pin));
    const error = errorOf(() => {
      requireOwnPin(manifest);
    });
    expect(error.code).toBe('MANIFEST_UNSUPPORTED');
    expect(error.message).toContain(words);
    expect(error.hint).toContain('use a release of sealroom with those versions');
  });
});

describe('a schema', () => {
  const [, ...others] = TABLE.columns;
  const schemaWith = (first: Json): ReturnType<typeof parseTableSchema> =>
    parseTableSchema(
      JSON.stringify({
        headerRow: true,
        columns: [
          { sourceHeader: { name: 'x', ...first }, targetHeader: NAME, type: 'cleartext' },
          ...others.map(({ name }) => ({ sourceHeader: 'x', targetHeader: name, type: 'cleartext' })),
        ],
      }),
    );

  test('F-115 that does as the manifest says is taken; null texts have no order', () => {
    const schema = schemaWith({ normalise: ['phone:DE'], nulls: ['-', 'NULL'] });
    expect(compareNormalisation(schema, TABLE)).toEqual([]);
    requireSameNormalisation(schema, NORMALISED, TABLE.name);
    requireSameNormalisation(schema, NORMALISED, null);
  });

  test.each<[string, Json, string]>([
    [
      'other steps',
      { normalise: ['phone:AT'], nulls: ['-', 'NULL'] },
      'normalised by `phone:AT`, null texts `-`, `NULL`',
    ],
    ['other null texts', { normalise: ['phone:DE'] }, 'normalised by `phone:DE`'],
    ['nothing', {}, 'as it is'],
  ])('F-115 with %s is refused', (_, first, words) => {
    const schema = schemaWith(first);
    expect(compareNormalisation(schema, TABLE)).toMatchObject([
      { column: NAME, manifest: { normalise: ['phone:DE'] } },
    ]);
    for (const table of [TABLE.name, null]) {
      const error = errorOf(() => {
        requireSameNormalisation(schema, NORMALISED, table);
      });
      expect(error).toMatchObject({ code: 'RULE_PROTECTION', where: { column: NAME } });
      expect(error.message).toBe(
        `expected the values normalised by \`phone:DE\`, null texts \`NULL\`, \`-\`, as in the manifest, got ${words}`,
      );
    }
  });

  test('F-115 for columns of no table of the manifest is the member’s own affair', () => {
    const schema = parseTableSchema('{ headerRow: true, columns: [{ sourceHeader: "a", type: "cleartext" }] }');
    requireSameNormalisation(schema, NORMALISED, null);
  });
});

test('a difference between manifests is said in words', () => {
  const changes = diffManifests(parse(PLAIN), NORMALISED).map(({ subject, text }) => `${subject}: ${text}`);
  expect(changes).toContain(
    `the collaboration: normalisation: Unicode ${UNICODE_VERSION}, phone numbers of libphonenumber-js ${PHONES_VERSION}, was none`,
  );
  expect(changes.find((text) => text.includes(`column \`${NAME}\``))).toContain(
    'normalised by `phone:DE`, null texts `NULL`, `-`',
  );
});

import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { approveTemplate, diffManifests, parseManifest } from 'sealroom/collab';
import { readTypedText } from '#src/collab/typed-text';
import { SealroomError } from '#src/errors/sealroom-error';
import { type Json, keyOf, manifestOfContext, withValue } from '../support/manifests.ts';

const CUSTOM = manifestOfContext('customTemplates');
const PARAMETERS = ['templates', 0, 'parameters'] as const;

function read(parameters: unknown): ReturnType<typeof parseManifest> {
  return parseManifest(JSON.stringify(withValue(CUSTOM, PARAMETERS, parameters)));
}

function problemIn(parameters: unknown): string {
  try {
    read(parameters);
  } catch (error) {
    if (error instanceof SealroomError) return `${error.message} (${error.hint ?? ''})`;
    throw error;
  }
  return expect.fail('expected a problem, got none');
}

const since = (more: Json): Json => ({ name: 'since', type: 'DATE', ...more });
const hashOf = (parameters: unknown): string | undefined => read(parameters).templates[0]?.sha256;

describe('parameters of templates', () => {
  test('R-67 the hash that owners approve covers a default, and is what it was without one', () => {
    const plain = hashOf([since({})]);
    expect(plain).toBe(parseManifest(JSON.stringify(CUSTOM)).templates[0]?.sha256);
    const hashes = [
      plain,
      hashOf([since({ default: '2026-01-01' })]),
      hashOf([since({ default: '2026-01-02' })]),
      hashOf([since({ type: 'date' })]),
    ];
    expect(new Set(hashes).size).toBe(4);
  });

  test('R-67 an approval of a template does not hold for another default', () => {
    const approved = read([since({ default: '2026-01-01' })]);
    const approval = approveTemplate(approved, approved.templates[0]?.id ?? '', 'pub', keyOf('pub'), new Date(0));
    const approvedBy = (value: string): readonly string[] | undefined => {
      const other = withValue(CUSTOM, PARAMETERS, [since({ default: value })]);
      return parseManifest(JSON.stringify(withValue(other, ['templates', 0, 'approvals'], [approval]))).templates[0]
        ?.approvedBy;
    };
    expect(approvedBy('2026-01-01')).toEqual(['pub']);
    expect(approvedBy('2026-01-02')).toEqual([]);
  });

  test('R-28 an approval of a template is for one SQL, and those from before there were two are for DuckDB’s', () => {
    const approvedUnder = (approved: string, dialect: string): readonly string[] | undefined => {
      const signed = parseManifest(JSON.stringify({ ...CUSTOM, dialect: approved }));
      const approval = approveTemplate(signed, signed.templates[0]?.id ?? '', 'pub', keyOf('pub'), new Date(0));
      const other = withValue({ ...CUSTOM, dialect }, ['templates', 0, 'approvals'], [approval]);
      return parseManifest(JSON.stringify(other)).templates[0]?.approvedBy;
    };
    expect(approvedUnder('spark', 'spark')).toEqual(['pub']);
    expect(approvedUnder('duckdb', 'duckdb')).toEqual(['pub']);
    expect(approvedUnder('duckdb', 'spark')).toEqual([]);
    expect(approvedUnder('spark', 'duckdb')).toEqual([]);
    const { id, templates } = parseManifest(JSON.stringify({ ...CUSTOM, dialect: 'duckdb' }));
    const [template] = CUSTOM['templates'] as readonly [Json];
    const { id: templateId, sql, parameters } = template;
    const before = createHash('sha256').update(
      canonicalize({ collaborationId: id, id: templateId, sql, parameters }) ?? '',
    );
    expect(templates[0]?.sha256).toBe(before.digest('hex'));
  });

  test('have types by any name, and defaults in the notation of the type', () => {
    const parameters = read([
      since({ default: '2026-01-01' }),
      { name: 'Least', type: 'long', defaultValue: '007' },
      { name: 'label', type: 'varchar(20)', default: '' },
      { name: 'at', type: 'timestamp_ltz', default: '2026-01-01' },
      { name: 'flag', type: 'bool', default: 'T', defaultValue: null },
      { name: 'price', type: 'numeric(6, 2)', default: null },
    ]).templates[0]?.parameters;
    expect(parameters).toEqual([
      { name: 'since', type: 'DATE', default: '2026-01-01' },
      { name: 'Least', type: 'BIGINT', default: '7' },
      { name: 'label', type: 'VARCHAR', default: '' },
      { name: 'at', type: 'TIMESTAMP', default: '2026-01-01 00:00:00' },
      { name: 'flag', type: 'BOOLEAN', default: 'true' },
      { name: 'price', type: 'DECIMAL(6,2)', default: null },
    ]);
    expect(read(undefined).templates[0]?.parameters).toEqual([]);
    expect(hashOf(undefined)).toBe(hashOf([]));
  });

  test.each([
    [since({ default: 'soon' }), /default`: expected a date as YYYY-MM-DD \(the parameter has the type DATE\)/],
    [since({ default: 20260101 }), /default`: expected text \(put the value in quotes\)/],
    [since({ default: '2026-01-01', defaultValue: '2026-01-01' }), /defaultValue`: given twice/],
    [since({ type: 'smallint', default: '40000' }), /a whole number from -32,768 to 32,767/],
    [
      since({ type: 'decimal(5,2)', defaultValue: '1.234' }),
      /at most 3 digits before the point and at most 2 after it/,
    ],
    [since({ type: 'decimal(5)', default: '1.2' }), /at most 5 digits before the point and none after it/],
    [since({ type: 'real', default: '1e39' }), /a finite number that fits FLOAT/],
    [since({ type: 'bool', default: 'yes' }), /`true` or `false`/],
    [since({ type: 'timestamp', default: '2026-01-01T00:00:00Z' }), /YYYY-MM-DD hh:mm:ss, in UTC/],
    [since({ type: 'string', default: 'a\0' }), /at most 1,000 characters, and no NUL/],
    [since({ type: 'string', default: 'x'.repeat(1001) }), /at most 1,000 characters/],
    [since({ type: 'binary' }), /no values of type BINARY/],
    [since({ name: '2since' }), /1 to 100 letters, digits and `_`, a letter first/],
    [since({ name: 'since_' + 'x'.repeat(95) }), /1 to 100 letters/],
    [since({ deflt: '1' }), /unknown key/],
  ])('R-67 %j is refused with what was expected', (parameter, message) => {
    expect(problemIn([parameter])).toMatch(message);
  });

  test('two whose names differ in case only are refused', () => {
    expect(problemIn([since({}), since({ name: 'Since' })])).toMatch(/`Since` differs from `since` only in upper/);
  });

  test('a change of a default is a difference', () => {
    const [a, b] = ['2026-01-01', '2026-01-02'].map((value) => read([since({ default: value })]));
    if (a === undefined || b === undefined) throw new Error();
    expect(diffManifests(a, b).map(({ text }) => text)).toContain(
      'parameter `since`: DATE, default `2026-01-02`, was DATE, default `2026-01-01`',
    );
  });

  test('a text that is read is read as itself again', () => {
    const types = ['VARCHAR', 'DATE', 'TIMESTAMP', 'BOOLEAN', 'TINYINT', 'BIGINT', 'DECIMAL(5,2)', 'FLOAT', 'DOUBLE'];
    const texts = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.double().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 19)),
    );
    fc.assert(
      fc.property(fc.constantFrom(...types), texts, (type, text) => {
        const value = readTypedText(text, type);
        if (value !== null) expect(readTypedText(value, type)).toBe(value);
      }),
    );
  });
});

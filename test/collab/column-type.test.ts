import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { familyOf, parseManifest, parseTypeName } from 'sealroom/collab';
import { manifestOfContext, withValue } from '../support/manifests.ts';
import { runs } from '../support/runs.ts';
import { ROOT } from '../tooling/run-tool.ts';

function typeOf(name: string): string {
  const read = parseTypeName(name);
  return read.kind === 'known' ? read.type : `refused: ${read.message}; ${read.hint}`;
}

/** The table of docs/manifest.md: what is written, and what it is read as. */
function rowsOfDocs(): readonly (readonly [written: string, type: string])[] {
  const text = readFileSync(`${ROOT}/docs/manifest.md`, 'utf8');
  const [, section = ''] = text.split('## Names of types');
  const [table = ''] = section.split('\n- ');
  return table.split('\n').flatMap((line) => {
    const [, names = '', type = ''] = line.split('|');
    const known = /`([^`]+)`/.exec(type)?.[1];
    return known === undefined ? [] : [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => [name, known] as const);
  });
}

describe('names of types', () => {
  test('mean what docs/manifest.md says, in either case', () => {
    const rows = rowsOfDocs();
    expect(rows.length).toBeGreaterThan(40);
    const read = rows.map(([name]) => {
      const written = name.replace('(n)', '(256)');
      expect(typeOf(written.toLowerCase())).toBe(typeOf(written));
      return [name, typeOf(written)];
    });
    expect(read).toEqual(rows);
  });

  test.each([
    ['varchar(max)', 'VARCHAR'],
    ['character varying(40)', 'VARCHAR'],
    ['CHARACTER  VARYING ( 40 )', 'VARCHAR'],
    ['decimal(10, 2)', 'DECIMAL(10,2)'],
    ['Decimal ( 38 , 38 )', 'DECIMAL(38,38)'],
    ['timestamp(3)', 'TIMESTAMP'],
    ['TIMESTAMP(6) WITH TIME ZONE', 'TIMESTAMP'],
  ])('%s is %s', (name, type) => {
    expect(typeOf(name)).toBe(type);
  });

  test.each([
    ['array<string>', /no values of type ARRAY; leave the column out/],
    ['STRUCT<a:int,b:array<int>>', /no values of type STRUCT/],
    ['map<string,int>', /no values of type MAP/],
    ['super', /no values of type SUPER/],
    ['binary', /no values of type BINARY; write its bytes as hexadecimal text/],
    ['varbyte(16)', /no values of type VARBYTE/],
    ['INTERVAL YEAR TO MONTH', /no values of type INTERVAL.*declare BIGINT/],
    ['interval', /no values of type INTERVAL/],
    ['time', /no values of type TIME; write its values as text/],
    ['timetz', /no values of type TIMETZ/],
    ['hllsketch', /leave the column out/],
    ['DECIMAL(39)', /a precision of 1 to 38 digits/],
    ['DECIMAL(2,3)', /a scale of at most the precision/],
    ['INT(11)', /INT takes no such number in parentheses; write INTEGER/],
    ['VARCHAR(0)', /takes no such number in parentheses/],
    ['TIMESTAMP(9)', /takes no such number in parentheses/],
    ['VARCHAR(1,2)', /takes no such number in parentheses/],
    ['INTEGR', /unknown SQL type `INTEGR`; did you mean `INTEGER`\?/],
    ['ınt', /unknown SQL type/],
    ['INT; DROP', /unknown SQL type/],
    ['VARCHAR(10', /unknown SQL type/],
  ])('%s is refused, with what to do', (name, message) => {
    expect(typeOf(name)).toMatch(message);
  });

  test('a very long name is refused at once', () => {
    expect(typeOf('x '.repeat(500_000))).toMatch(/unknown SQL type/);
  });

  test('whatever is read is a type of a room', () => {
    const parts = [
      'VARCHAR',
      'decimal',
      'TIMESTAMP',
      'int',
      ' ',
      '(',
      ')',
      ',',
      '10',
      '2',
      'WITH TIME ZONE',
      '<',
      'ı',
      '\n',
    ];
    const names = fc.array(fc.constantFrom(...parts), { maxLength: 6 }).map((each) => each.join(''));
    fc.assert(
      fc.property(fc.oneof(names, fc.string()), (name) => {
        const read = parseTypeName(name);
        if (read.kind === 'known') expect(familyOf(read.type)).not.toBeNull();
      }),
      { numRuns: runs(2000) },
    );
  });

  test('the manifest has the name of a room, and its hash is over what was written', () => {
    const manifest = manifestOfContext('agg');
    const read = (type: string): ReturnType<typeof parseManifest> =>
      parseManifest(JSON.stringify(withValue(manifest, ['tables', 6, 'columns', 1, 'type'], type)));
    expect(read('string').tables[6]?.columns[1]?.type).toBe('VARCHAR');
    expect(read('string').sha256).not.toBe(read('VARCHAR').sha256);
    const protectedColumn = withValue(manifest, ['tables', 6, 'columns', 0, 'type'], 'string');
    expect(parseManifest(JSON.stringify(protectedColumn)).tables[6]?.columns[0]?.type).toBe('VARCHAR');
  });
});

import fc from 'fast-check';
import { readAs } from '#src/query/parse/read-as';
import { Findings } from '#src/query/findings/finding';
import { tokenize } from '#src/query/parse/tokens';
import { describe, expect, test } from 'vitest';
import { runs } from '../../support/runs.ts';

const SEED = 20261129;

/** Pieces of Spark SQL, each with what DuckDB must read in its place. */
const PIECES = [
  ["'a'", "'a'"],
  ["'it\\'s'", "'it''s'"],
  ["'it''s -- /*'", "'it''s -- /*'"],
  ["'\\\\'", "'\\'"],
  ["r'\\'", "'\\'"],
  ["R'x'", "'x'"],
  ["'\"`$$'", "'\"`$$'"],
  ['`a``"b`', '"a`""b"'],
  ['`--`', '"--"'],
  ['"a""b"', '"a""b"'],
  ['e', 'e'],
  ['E', 'E'],
  ['x', 'x'],
  ['N', 'N'],
  ['U', 'U'],
  ['größe', 'größe'],
  ['_1', '_1'],
  ['5', '5'],
  ['5.', '5.'],
  ['.5', '.5'],
  ['1e3', '1e3'],
  ['7L', '7'],
  ['2.5BD', '2.5'],
  ['$p', '$p'],
  [':p', '$p'],
  ['-', '-'],
  ['+', '+'],
  ['*', '*'],
  ['/', '/'],
  ['<', '<'],
  ['==', '='],
  ['<=>', 'IS NOT DISTINCT FROM'],
  ['!', 'NOT'],
  ['!=', '!='],
  ['&', '&'],
  ['||', '||'],
  ['::', '::'],
  ['.', '.'],
  [',', ','],
  ['(', '('],
  [')', ')'],
  ['?', '?'],
] as const;

const GAPS = [
  '',
  '',
  '',
  ' ',
  '\r\n',
  '\t',
  '\u00a0',
  '/**/',
  '/* \' " /* */ */',
  '-- \' /* "\n',
  "-- \\\n ' \n",
  '/*+ HINT(a) */',
];

const piece = fc.constantFrom(...PIECES);
const pieces = fc.array(fc.tuple(piece, fc.constantFrom(...GAPS)), { minLength: 1, maxLength: 12 });

/** Any text, and texts of what makes lexers stumble. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(...PIECES.map(([written]) => written), ...GAPS),
        fc.constantFrom(
          "'",
          '"',
          '`',
          '\\',
          '/*',
          '*/',
          '--',
          '$$',
          '$a$',
          "e'",
          "U&'",
          '#',
          '@',
          '1_0',
          '0x1F',
          ':',
          ';',
          '\n',
        ),
        fc.constantFrom(
          'SELECT',
          'TOP',
          'DISTINCT',
          'GROUP BY',
          'WITH ROLLUP',
          'GROUPING SETS',
          'UNION',
          'MINUS',
          'LIMIT 1',
        ),
        fc.constantFrom(
          'RLIKE',
          'NOT',
          'DIV',
          'CASE',
          'WHEN',
          'END',
          'AND',
          'BETWEEN',
          'CONVERT(int,',
          'CAST(',
          'AS DECIMAL',
        ),
        fc.constantFrom(
          'LISTAGG(',
          'WITHIN GROUP (',
          'APPROXIMATE COUNT(DISTINCT',
          'INTERVAL',
          "'1-2'",
          'YEAR TO MONTH',
          '3 DAYS',
        ),
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join(' ').replaceAll('  ', '')),
);

/** The tokens that mean something. */
function significant(text: string, dialect: 'spark' | 'duckdb'): string[] {
  const tokens = tokenize(text, dialect).filter(({ kind }) => kind !== 'space' && kind !== 'comment');
  return tokens.map(({ start, end }) => text.slice(start, end));
}

/** What DuckDB must read for pieces: texts that follow each other are one. */
function expectedOf(written: readonly string[]): string[] {
  const engine = new Map<string, string>(PIECES);
  const result: string[] = [];
  for (const each of written) {
    const last = result.at(-1);
    const next = engine.get(each) ?? each;
    if (last?.startsWith("'") === true && next.startsWith("'"))
      result[result.length - 1] = last.slice(0, -1) + next.slice(1);
    else result.push(next);
  }
  return result.flatMap((each) => (each.startsWith('IS NOT') ? each.split(' ') : [each]));
}

describe('R-55 tokens', () => {
  test('cover any text without gaps, in both dialects', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom('spark', 'duckdb'), (text, dialect) => {
        const tokens = tokenize(text, dialect);
        const ends = [0, ...tokens.map(({ end }) => end)];
        expect(tokens.map(({ start }) => start)).toEqual(ends.slice(0, -1));
        expect(ends.at(-1)).toBe(text.length);
        expect(tokens.every(({ start, end }) => end > start)).toBe(true);
      }),
      { seed: SEED, numRuns: runs(2000) },
    );
  });

  test('no text makes the reading fail or grow beyond a limit, and a refused text has findings within it', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const found = new Findings();
        const read = readAs('spark', text, found);
        expect(read.text.length).toBeLessThanOrEqual(text.length * 22 + 10);
        for (const { span } of found.list()) {
          expect(span.start).toBeGreaterThanOrEqual(0);
          expect(span.end).toBeLessThanOrEqual(text.length);
          expect(span.end).toBeGreaterThanOrEqual(span.start);
        }
      }),
      { seed: SEED, numRuns: runs(4000) },
    );
  });

  test('DuckDB reads the tokens that Spark reads, however they follow each other', () => {
    let compared = 0;
    fc.assert(
      fc.property(pieces, (list) => {
        const written = list.map(([[each]]) => each);
        const text = list.map(([[each], gap]) => each + gap).join('');
        // Pieces without a gap can be other tokens to Spark too.
        fc.pre(JSON.stringify(significant(text, 'spark')) === JSON.stringify(written));
        const found = new Findings();
        const read = readAs('spark', text, found);
        fc.pre(found.size === 0);
        compared += 1;
        expect(significant(read.text, 'duckdb')).toEqual(expectedOf(written));
        expect(tokenize(read.text, 'duckdb').every(({ kind }) => kind !== 'comment')).toBe(true);
        const places = Array.from({ length: read.text.length + 1 }, (_, place) => read.originOf(place));
        expect(places).toEqual(places.toSorted((a, b) => a - b));
      }),
      { seed: SEED, numRuns: runs(3000), maxSkipsPerRun: 1000 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  test('a text without anything of its own goes through as it is', () => {
    const word = fc.constantFrom(
      'a',
      'b.c',
      'SELECT',
      'FROM',
      'x',
      "'it''s'",
      '"q ""x"',
      '1',
      '2.5',
      '1e3',
      '(',
      ')',
      ',',
      '*',
      '+',
      '||',
      '<=',
      '<>',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), fc.constantFrom(' ', '\n', '\r\n', '\t'), (words, gap) => {
        const text = words.join(gap);
        const found = new Findings();
        const read = readAs('spark', text, found);
        fc.pre(found.size === 0 && !/'\s+'/.test(text));
        expect(read.text).toBe(text);
      }),
      { seed: SEED, numRuns: runs(1000) },
    );
  });

  test('a text in the SQL of the engine goes through as it is', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const read = readAs('duckdb', text, new Findings());
        expect(read.text).toBe(text);
      }),
      { seed: SEED, numRuns: runs(1000) },
    );
  });
});

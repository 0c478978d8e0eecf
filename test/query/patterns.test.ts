import { DuckDBInstance } from '@duckdb/node-api';
import { PatternProblem, readRegularExpression, readReplacement } from '#src/query/resolve/texts/pattern';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../support/runs.ts';

const SEED = 20240131;
const RUNS = 800;

const { pattern } = fc.letrec<{ pattern: string; part: string; atom: string }>((tie) => ({
  pattern: fc.array(tie('part'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')),
  part: fc
    .tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '*?', '+?'))
    .map(([atom, quantifier]) => `${atom}${quantifier}`),
  atom: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(
      'a',
      'b',
      'Z',
      '1',
      ' ',
      '.',
      '[a-c]',
      '[^b]',
      '[A-Zx]',
      '\\d',
      '\\w',
      '\\s',
      '\\W',
      '\\.',
      '[\\d-]',
      'ä',
    ),
    tie('pattern').map((inner) => `(${inner})`),
    fc.tuple(tie('pattern'), tie('pattern')).map(([left, right]) => `(?:${left}|${right})`),
  ),
}));

const texts = fc.array(fc.constantFrom('a', 'b', 'c', 'z', 'Z', '1', ' ', '.', '-', 'ä', '😀'), { maxLength: 6 });

// JavaScript's expressions mean the same as Java's in this subset, over texts of one line.
test('R-59 a pattern finds, extracts and replaces in the engine what it does elsewhere', async () => {
  const engine = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  const cases = fc.sample(fc.tuple(fc.constantFrom('', '', '(?i)'), fc.constantFrom('', '^'), pattern, texts), {
    seed: SEED,
    numRuns: runs(RUNS),
  });
  const wrong: unknown[] = [];
  let tried = 0;
  for (const [flag, start, body, letters] of cases) {
    const written = `${flag}${start}${body}`;
    const text = letters.join('');
    let read: ReturnType<typeof readRegularExpression>;
    try {
      read = readRegularExpression(written, false);
    } catch (error) {
      if (!(error instanceof PatternProblem)) throw error;
      continue;
    }
    // Java ignores the case of ASCII letters only.
    if (flag !== '' && /[äÄ]/u.test(`${body}${text}`)) continue;
    tried += 1;
    const here = new RegExp(`${start}${body}`, flag === '' ? 'u' : 'iu');
    const sql = "SELECT regexp_matches($1, $2), regexp_extract($1, $2, 0), regexp_replace($1, $2, '<\\0>', 'g')";
    const [row = []] = (await engine.runAndReadAll(sql, [text, read.text])).getRowsJson();
    const replaced = read.canBeEmpty ? row[2] : text.replace(new RegExp(here, `g${here.flags}`), '<$&>');
    const expected = [here.test(text), here.exec(text)?.[0] ?? '', replaced];
    if (JSON.stringify(row) !== JSON.stringify(expected)) wrong.push([written, read.text, text, row, expected]);
  }
  engine.closeSync();
  expect(wrong).toEqual([]);
  expect(tried).toBeGreaterThan(runs(RUNS) * 0.2);
});

test.each([
  ...[
    '(?=a)',
    '(?!a)',
    '(?<n>a)',
    '(?s)a',
    '(?i:a)',
    'a(?i)',
    '(a)\\1',
    'a*+',
    'a**',
    '(a*)*',
    '(|a)+',
    '^*',
    '*a',
    'a{101}',
  ],
  ...[
    'a{',
    'a{2,1}',
    '(a',
    'a)',
    '[a',
    '[]a]',
    '[[:alpha:]]',
    '[a&&b]',
    '[z-a]',
    '\\b',
    '\\p{L}',
    '\\Qa',
    'a\\',
    '$a',
    '(a$)b',
  ],
  ...['(a$)*', '((a{100}){100}){100}', '\\x41', '\\u0041', '('.repeat(30) + ')'.repeat(30), 'a'.repeat(501)],
])('R-59 refuses %s', (written) => {
  expect(() => readRegularExpression(written, true)).toThrow(PatternProblem);
});

test('R-59 in a condition, `$` also matches before a line end at the very end', async () => {
  const engine = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  const { text } = readRegularExpression('^a.$', true);
  const answers: unknown[] = [];
  for (const value of ['ab', 'ab\n', 'ab\r\n', 'ab\n\n', 'a\n', 'abc']) {
    answers.push((await engine.runAndReadAll('SELECT regexp_matches($1, $2)', [value, text])).getRowsJson()[0]?.[0]);
  }
  engine.closeSync();
  expect(answers).toEqual([true, true, true, false, false, false]);
});

test('R-59 a replacement names groups as Java does', () => {
  expect(readReplacement('$1-\\$\\\\', 1)).toBe('\\1-$\\\\');
  expect(readReplacement('$12', 1)).toBe('\\12');
  for (const written of ['$', '$2', '$x', '${n}', 'a\\'])
    expect(() => readReplacement(written, 1)).toThrow(PatternProblem);
});

import fc from 'fast-check';
import { readAs } from '#src/query/parse/read-as';
import { Findings } from '#src/query/findings/finding';
import type { FindingCode } from 'sealroom/query';
import { describe, expect, test } from 'vitest';
import { checkContextOf } from '../../adversarial/adversarial-file.ts';
import { runs } from '../../support/runs.ts';
import { useRoom } from '../room.ts';

const room = useRoom();

const CUSTOM = checkContextOf({ context: 'customAny' });

/** What DuckDB's parser reads, with single spaces. */
function readSpark(text: string): string {
  const found = new Findings();
  const read = readAs('spark', text, found);
  expect(found.list()).toEqual([]);
  return read.text.replace(/ +/g, ' ').replace(/\( /g, '(').replace(/ \)/g, ')').trim();
}

const ROWS: readonly (readonly [string, string])[] = [
  ["SELECT 'a\\n\\t\\\\b\\'c\\\"'", "SELECT 'a\n\t\\b''c\"'"],
  ["SELECT '10\\%\\_\\q'", "SELECT '10\\%\\_q'"],
  ["SELECT '\\u00e9\\U0001F600\\101\\b\\r\\Z'", "SELECT '\u00e9\u{1f600}A\b\r\u001a'"],
  ["SELECT 'it''s' ' one' AS a", "SELECT 'it''s one' AS a"],
  ["SELECT r'\\d' 'x'", "SELECT '\\dx'"],
  ['SELECT `a``b`."c" FROM `x y`', 'SELECT "a`b"."c" FROM "x y"'],
  ['SELECT 1L, 2S, 3Y, 2.50BD, 1.5D, .5F, 1e3, 7', 'SELECT 1, 2, 3, 2.50, 1.5e+0, 5e-1, 1e3, 7'],
  ['SELECT TOP 5 a FROM t', 'SELECT a FROM t LIMIT 5'],
  ['SELECT TOP 5 DISTINCT a FROM t;', 'SELECT DISTINCT a FROM t LIMIT 5 ;'],
  ['SELECT DISTINCT TOP 5 a FROM t ORDER BY a', 'SELECT DISTINCT a FROM t ORDER BY a LIMIT 5'],
  ['SELECT a FROM (SELECT TOP 2 a FROM t) x LIMIT 1', 'SELECT a FROM (SELECT a FROM t LIMIT 2) x LIMIT 1'],
  ['(SELECT TOP 1 a FROM t) UNION SELECT b FROM u', '(SELECT a FROM t LIMIT 1) UNION SELECT b FROM u'],
  ['SELECT top FROM t', 'SELECT top FROM t'],
  ["SELECT a RLIKE 'x' OR a NOT REGEXP ('y')", "SELECT a SIMILAR TO 'x' OR a NOT SIMILAR TO ('y')"],
  [
    "SELECT regexp(a, 'x'), rlike(a, 'y'), NOT rlike(a, 'z')",
    "SELECT regexp(a, 'x'), rlike(a, 'y'), NOT rlike(a, 'z')",
  ],
  ['SELECT a DIV b, div, c rlike FROM t', 'SELECT a // b, div, c rlike FROM t'],
  ['SELECT a<=>b, a==b, a!<b, a!>b, !c', 'SELECT a IS NOT DISTINCT FROM b, a=b, a>=b, a<=b, NOT c'],
  ['SELECT a!=-1, a<-1, - -a', 'SELECT a!= -1, a< -1, - -a'],
  [
    'SELECT a FROM t WHERE b = :name AND c=:n AND d = $e AND f::int>1',
    'SELECT a FROM t WHERE b = $name AND c=$n AND d = $e AND f::int>1',
  ],
  [
    'SELECT a, (b) FROM t GROUP BY a, (b) WITH ROLLUP HAVING c',
    'SELECT a, (b) FROM t GROUP BY ROLLUP (a, (b)) HAVING c',
  ],
  ['SELECT a FROM t GROUP BY a WITH CUBE', 'SELECT a FROM t GROUP BY CUBE (a)'],
  ['SELECT a FROM t GROUP BY a, b GROUPING SETS ((a), (b))', 'SELECT a FROM t GROUP BY GROUPING SETS ((a), (b))'],
  ["SELECT LISTAGG(a, ',') WITHIN GROUP (ORDER BY b)", "SELECT string_agg(a, ',' ORDER BY b)"],
  ['SELECT APPROXIMATE COUNT(DISTINCT a)', 'SELECT approx_count_distinct(a)'],
  ['SELECT ANY(a), some(b) FROM t', 'SELECT bool_or(a), bool_or(b) FROM t'],
  ['SELECT a = ANY (SELECT b FROM t) FROM t', 'SELECT a = ANY (SELECT b FROM t) FROM t'],
  [
    'SELECT CONVERT(decimal(10,2), a), CONVERT(varchar, CONVERT(int, b))',
    'SELECT CAST(a AS DECIMAL(10, 2)), CAST(CAST(b AS INT) AS VARCHAR)',
  ],
  [
    'SELECT CAST(a AS DECIMAL), a::numeric, CAST(a AS DEC(3)), CONVERT(double precision, a)',
    'SELECT CAST(a AS DECIMAL(10, 0)), a::DECIMAL(10, 0), CAST(a AS DEC(3)), CAST(a AS DOUBLE)',
  ],
  ['SELECT a AS decimal', 'SELECT a AS decimal'],
  [
    'SELECT int(a), DECIMAL(string(b)), timestamp(d), a::decimal(9,2), CAST(c AS FLOAT), v.int(3)',
    'SELECT CAST(a AS INT), CAST(CAST(b AS STRING) AS DECIMAL(10, 0)), CAST(d AS TIMESTAMP), a::decimal(9,2), CAST(c AS FLOAT), v.int(3)',
  ],
  [
    "SELECT INTERVAL '1-2' YEAR TO MONTH, INTERVAL '-0-3' YEAR TO MONTH",
    "SELECT INTERVAL '14' MONTH , INTERVAL '-3' MONTH",
  ],
  ['SELECT INTERVAL 3 DAYS 4 HOURS, INTERVAL 5 DAY', "SELECT INTERVAL '3 DAYS 4 HOURS' , INTERVAL 5 DAY"],
  ['SELECT a FROM t LEFT ANTI JOIN u ON x LEFT SEMI JOIN v ON y', 'SELECT a FROM t ANTI JOIN u ON x SEMI JOIN v ON y'],
  ['SELECT a FROM t MINUS SELECT b FROM u', 'SELECT a FROM t EXCEPT SELECT b FROM u'],
  ['SELECT /*+ BROADCAST(a) */ a -- \\\nb\nFROM t /* /* x */ */', 'SELECT a \nFROM t'],
  ["SELECT date'2024-01-31', E'x', U&'x', X'00'", "SELECT date '2024-01-31', E 'x', U& 'x', X '00'"],
  ["SELECT a\u00a0FROM\u2003t WHERE b = 'c\u00a0d'", "SELECT a FROM t WHERE b = 'c\u00a0d'"],
];

const REFUSED: readonly (readonly [FindingCode, string, string])[] = [
  ['PARSE_ERROR', "SELECT 'abc FROM t", "'abc FROM t"],
  ['PARSE_ERROR', "SELECT 'a\\'", "'a\\'"],
  ['PARSE_ERROR', 'SELECT `abc', '`abc'],
  ['PARSE_ERROR', 'SELECT "a\\"b"', '"a\\"'],
  ['PARSE_ERROR', 'SELECT r"x"', '"x"'],
  ['PARSE_ERROR', 'SELECT ``', '``'],
  ['PARSE_ERROR', 'SELECT a /* /* */ FROM t', '/*'],
  ['PARSE_ERROR', "SELECT /*+ X('*/') a */ b", "/*+ X('*/"],
  ['PARSE_ERROR', 'SELECT /* /*+ X */ a */ b', '/* /*+ X */ a */'],
  ['PARSE_ERROR', "SELECT 'a\\0'", "'a\\0'"],
  ['PARSE_ERROR', "SELECT '\\ud83d'", "'\\ud83d'"],
  ['PARSE_ERROR', 'SELECT 1_000', '1_000'],
  ['PARSE_ERROR', 'SELECT 0x1F', '0x1F'],
  ['PARSE_ERROR', 'SELECT $$a$$', '$'],
  ['PARSE_ERROR', 'SELECT #1', '#'],
  ['PARSE_ERROR', 'SELECT @a', '@'],
  ['PARSE_ERROR', 'SELECT x : y', ':'],
  ['PARSE_ERROR', 'SELECT \u{1f600}', '\u{1f600}'],
  ['PARSE_ERROR', "SELECT a ~ 'x'", '~'],
  ['PARSE_ERROR', "SELECT a = b LIKE 'c'", 'LIKE'],
  ['PARSE_ERROR', 'SELECT a <=> b = c', '='],
  ['PARSE_ERROR', 'SELECT a = CASE WHEN b = c THEN d END IN (e)', 'IN'],
  ['PARSE_ERROR', 'SELECT a BETWEEN b AND c = d', '='],
  ['PARSE_ERROR', 'SELECT a || b + c', '+'],
  ['LITERAL_RANGE', 'SELECT 300Y', '300Y'],
  ['LITERAL_RANGE', 'SELECT 9223372036854775808L', '9223372036854775808L'],
  ['LITERAL_RANGE', 'SELECT 1e999D', '1e999D'],
  ['LITERAL_RANGE', `SELECT 0.${'1'.repeat(39)}`, `0.${'1'.repeat(39)}`],
  ['LIMIT_EXPR', 'SELECT TOP 5 a FROM t UNION SELECT b FROM u', 'TOP'],
  ['LIMIT_EXPR', 'SELECT a FROM t UNION ALL SELECT TOP 5 b FROM u', 'TOP'],
  ['LIMIT_EXPR', 'SELECT TOP 5 a FROM t LIMIT 3', 'TOP'],
  ['LIMIT_EXPR', 'SELECT TOP 5 PERCENT a FROM t', 'PERCENT'],
  ['UNSUPPORTED_NODE', 'SELECT a FROM t CLUSTER BY a', 'CLUSTER'],
  ['UNSUPPORTED_NODE', 'SELECT a FROM t DISTRIBUTE BY a SORT BY b', 'DISTRIBUTE'],
  ['UNSUPPORTED_NODE', 'SELECT a FROM t LATERAL VIEW explode(b) x AS y', 'LATERAL'],
  ['UNSUPPORTED_NODE', 'SELECT a ^ b', '^'],
  ['UNSUPPORTED_NODE', "SELECT a SIMILAR TO 'x'", 'SIMILAR'],
  ['UNSUPPORTED_NODE', "SELECT INTERVAL '1 2' DAY TO HOUR", 'INTERVAL'],
  ['FUNCTION_NOT_ALLOWED', "SELECT regexp_full_match(a, 'x')", 'regexp_full_match'],
  ['FUNCTION_NOT_ALLOWED', 'SELECT "REGEXP_FULL_MATCH" (a)', '"REGEXP_FULL_MATCH"'],
  ['FUNCTION_NOT_ALLOWED', 'SELECT APPROXIMATE PERCENTILE_DISC(0.5)', 'APPROXIMATE'],
  ['NOT_SELECT', 'CACHE TABLE t', 'CACHE'],
  ['TOO_LARGE', `SELECT ${'!'.repeat(17)}a`, `SELECT ${'!'.repeat(17)}a`],
];

describe('R-55 Spark SQL', () => {
  test.each(ROWS)('%s is read as %s', (written, engine) => {
    expect(readSpark(written)).toBe(engine);
  });

  test.each(REFUSED)('%s: %s', (code, text, place) => {
    const found = new Findings();
    readAs('spark', text, found);
    const [first] = found.list();
    expect([first?.code, text.slice(first?.span.start, first?.span.end)]).toEqual([code, place]);
  });

  test.each([
    ['SELECT a:b FROM visits', '$b'],
    ['SELECT a$b FROM visits', '$b'],
  ])('%s is no SQL of the engine either', async (text) => {
    expect((await room.parse(text)).findings.map(({ code }) => code)).toEqual(['PARSE_ERROR']);
  });

  test('any text can be written as a constant, and is read as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 30 }), async (text) => {
        fc.pre(!text.includes('\0'));
        const written = text.replace(/[\\']/gu, '\\$&').replaceAll('\n', '\\n');
        const { statement, findings } = await room.parse(`SELECT '${written}' AS a, 'x' AS b`);
        expect(findings).toEqual([]);
        expect(JSON.stringify(statement)).toContain(`"value":${JSON.stringify(text)}`);
      }),
      { seed: 20261129, numRuns: runs(400) },
    );
  });

  test('a text becomes no longer than the limit by what it is read as', async () => {
    const many = `SELECT ${'! '.repeat(6000)} true AS t FROM visits`;
    expect((await room.parse(many)).findings.map(({ code }) => code)).toEqual(['TOO_LARGE']);
  });
});

describe('R-55 places of findings', () => {
  const places: readonly (readonly [string, string])[] = [
    ["SELECT TOP 5 'it\\'s' AS a, nope FROM visits", 'nope'],
    ['SELECT TOP 5 /* ä */ `größe` FROM visits', '`größe`'],
    ["SELECT '\\u00e9\\u00e9' AS a,\r\n visits . nope AS b FROM visits", 'visits . nope'],
    ['SELECT DISTINCT TOP 99999999999999999999 page FROM visits', '99999999999999999999'],
    ['SELECT page FROM visits WHERE :p = page AND nope <=> 1', 'nope'],
    ['SELECT page FROM visits WHERE `page`\u00a0<=> seconds', 'seconds'],
    ['SELECT CONVERT(decimal(10,2), nope) AS a FROM visits', 'nope'],
    ["SELECT LISTAGG(nope, ',') WITHIN GROUP (ORDER BY page) AS a FROM visits", 'nope'],
    ["SELECT page FROM visits WHERE 'a' 'b' = nope", 'nope'],
    ['SELECT page FROM visits GROUP BY page, nope WITH ROLLUP', 'nope'],
    ['SELECT page FROM visits v LEFT SEMI JOIN orders o ON v.nope = o.coupon', 'v.nope'],
    ['SELECT /*+ X(a) */ page FROM visits WHERE page RLIKE nope', 'nope'],
    ["SELECT page FROM visits WHERE page = 'a' 'b' )", ')'],
    ['SELECT page FROM visits WHERE seconds = 12L AND "spring" = page', '"spring"'],
  ];

  test.each(places)('%s: %s', async (text, place) => {
    const verdict = await room.ask(text, CUSTOM);
    const shown = verdict.findings.map(({ span }) => text.slice(span.start, span.end));
    expect(shown).toContain(place);
  });

  test('a name in double quotes that nothing has gets a help that says so', async () => {
    const { findings } = await room.ask('SELECT page FROM visits WHERE page = "spring"', CUSTOM);
    expect(findings.map(({ help }) => help)).toEqual([
      expect.stringMatching(/^Double quotes mark a name\. Write a text in single quotes: 'spring'\./),
    ]);
  });
});

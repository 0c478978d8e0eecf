import fc from 'fast-check';

/** The largest text that is looked at by more than its length. */
const MAX_CHARACTERS = 19_900;

/** A text as long as it may be: a head, a unit as often as there is room for it, a tail. */
function fill(head: string, unit: (index: number) => string, tail: string, most = MAX_CHARACTERS): string {
  let text = head;
  for (let index = 0; ; index += 1) {
    const next = unit(index);
    if (next === '' || text.length + next.length + tail.length > most) return text + tail;
    text += next;
  }
}

function nest(open: string, core: string, close: string, depth: number): string {
  return `${open.repeat(depth)}${core}${close.repeat(depth)}`;
}

function list(count: number, unit: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => unit(index)).join(',');
}

const OR = Array.from({ length: 600 }, (_, index) => `seconds=${String(index)}`).join(' OR ');
const WIDE = `WITH c AS (SELECT ${list(400, (index) => `page a${String(index)}`)} FROM visits)`;

/** Short texts that are long to read, to resolve, to check or to print, or that were before there were limits. */
export const NASTY: Readonly<Record<string, string>> = {
  'an alias of a long condition': fill(
    `SELECT seconds, count(*) AS n, (${OR}) AS q FROM visits GROUP BY seconds HAVING q`,
    () => ' AND q',
    '',
  ),
  'an alias of a long list': fill(
    `SELECT seconds, seconds IN (${list(900, () => '1')}) AS q, count(*) AS n FROM visits GROUP BY seconds HAVING q`,
    () => ' AND q',
    '',
  ),
  'aliases of aliases': fill(
    'SELECT seconds AS a0',
    (index) => `, a${String(index)}+a${String(index)} AS a${String(index + 1)}`,
    ' FROM visits',
  ),
  'plus signs': fill('SELECT ', () => '+', '1 FROM visits'),
  'plus signs and comments': fill('SELECT ', () => '+/**/', '1 FROM visits'),
  'comments in comments': fill('', () => '/*', ''),
  'comments in comments, closed': `SELECT 1 ${nest('/*', '', '*/', 4900)} FROM visits`,
  'comments after comments': fill('SELECT 1 ', () => '/**/', ' FROM visits'),
  parentheses: `SELECT ${nest('(', '1', ')', 9900)} FROM visits`,
  'open parentheses': fill('SELECT ', () => '(', ''),
  brackets: fill('SELECT ', () => '[', ''),
  'sub-queries in sub-queries': nest('SELECT * FROM (', 'SELECT page FROM visits', ')', 1200),
  'a long list': fill('SELECT page FROM visits WHERE seconds IN (1', () => ',1', ')'),
  'long lists': fill('SELECT page FROM visits WHERE true', () => ` AND seconds IN (${list(990, () => '1')})`, ''),
  joins: fill(
    'SELECT v.page FROM visits v',
    (index) => ` JOIN visits a${String(index)} ON v.seconds=a${String(index)}.seconds`,
    '',
  ),
  'joins without conditions': fill('SELECT 1 FROM visits v', (index) => `,visits a${String(index)}`, ''),
  'queries that read the one before twice': fill(
    'WITH c0 AS (SELECT page FROM visits)',
    (index) =>
      `,c${String(index + 1)} AS (SELECT a.page FROM c${String(index)} a JOIN c${String(index)} b ON a.page=b.page)`,
    ' SELECT page FROM c1',
  ),
  'stars over stars': fill(WIDE, (index) => `,d${String(index)} AS (SELECT * FROM c)`, ' SELECT a1 FROM c'),
  'unions of stars': fill(`${WIDE} SELECT * FROM c`, () => ' UNION SELECT * FROM c', ''),
  stars: fill('SELECT v.*', () => ',v.*', ' FROM visits v'),
  unions: fill('SELECT page FROM visits', () => ' UNION SELECT page FROM visits', ''),
  'sub-queries as conditions': fill(
    'SELECT page FROM visits WHERE true',
    () => ' AND page IN (SELECT page FROM visits)',
    '',
  ),
  'sub-queries that exist': fill(
    'SELECT page FROM visits v WHERE true',
    () => ' AND EXISTS(FROM visits w WHERE w.page=v.page)',
    '',
  ),
  conditions: fill('SELECT page FROM visits WHERE true', () => ' AND true', ''),
  'unknown names': fill(`${WIDE} SELECT a1 FROM c WHERE true`, (index) => ` AND z${String(index)}`, ''),
  'calls around a wide call': `SELECT ${nest('abs(', `coalesce(seconds${',1'.repeat(9000)})`, ')', 100)} AS s FROM visits GROUP BY seconds`,
  'a window that is used often': fill(
    'SELECT seconds',
    () => ',sum(seconds)OVER w',
    ` FROM visits WINDOW w AS (PARTITION BY ${list(1500, () => 'page')})`,
  ),
  'many grouping sets': fill('SELECT 1 FROM visits GROUP BY ROLLUP(a', (index) => `,a${String(index)}`, ')'),
  'pivots of pivots': fill('FROM visits', () => ' PIVOT (sum(seconds) FOR page IN (1,2))', ''),
  'values of CASE': `SELECT ${nest('CASE ', 'seconds', ' WHEN 1 THEN 1 WHEN 2 THEN 3 WHEN 3 THEN 3 END', 8)} FROM visits`,
  statements: fill('SELECT 1', () => ';SELECT 1', ''),
  'a hundred thousand characters': fill('SELECT ', () => '+', '1', 100_000),
  'a hundred thousand quotation marks': fill("SELECT '", () => "''", '', 100_000),
};

/** Parts of which random texts are made. */
const PARTS = [
  '+',
  '-',
  '*',
  '/',
  '/*',
  '*/',
  '--',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ',',
  ';',
  "'",
  "''",
  '"',
  '$$',
  '$a$',
  "e'\\",
  '.',
  '::',
  '->',
  '||',
  'SELECT ',
  ' FROM visits ',
  ' UNION SELECT ',
  ' WHERE ',
  ' GROUP BY ',
  ' HAVING ',
  'page',
  'seconds',
  ',a',
  ' AND a',
  ' OR a',
  ' AS a',
  'NOT ',
  'CASE ',
  ' WHEN ',
  ' THEN ',
  ' END',
  'abs(',
  'sum(',
  'coalesce(',
  ' OVER w',
  ' IN (',
  'WITH a AS (',
  ' JOIN visits ',
  ' ON ',
  '*,',
  'v.*',
  ' BETWEEN ',
  ' IS NULL',
  'CAST(',
  ' AS INTEGER)',
  '1',
  '1,',
  '9',
  '\n',
  ' ',
  'é',
  '😀',
  'ROLLUP(',
  'CUBE(',
  'PIVOT ',
  ' ORDER BY ',
] as const;

/** Random texts of which parts are repeated up to some thousand times, with others between. */
export const NASTY_TEXTS: fc.Arbitrary<string> = fc
  .array(
    fc.record({
      unit: fc.array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 4 }),
      times: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 3000 })),
    }),
    { minLength: 1, maxLength: 7 },
  )
  .map((units) =>
    units
      .map(({ unit, times }) => unit.join('').repeat(times))
      .join('')
      .slice(0, MAX_CHARACTERS),
  );

import { type CheckContext, type FindingCode } from 'sealroom/query';
import { describe, expect, test } from 'vitest';
import { checkContextOf } from '../adversarial/adversarial-file.ts';
import { inDuckDb } from './contexts.ts';
import { useRoom } from './room.ts';

const room = useRoom();

const CUSTOM: CheckContext = checkContextOf({ context: 'customAny' });

async function codesOf(sql: string, context: CheckContext): Promise<readonly string[]> {
  return [...new Set(await room.codesOf(sql, context))];
}

async function expectCodes(sql: string, ...codes: readonly (FindingCode | 'allowed')[]): Promise<void> {
  expect([sql.slice(0, 200), await codesOf(sql, CUSTOM)]).toEqual([sql.slice(0, 200), codes]);
}

/** As {@link expectCodes}, for a text in the SQL of the engine. */
async function expectInDuckDb(sql: string, ...codes: readonly (FindingCode | 'allowed')[]): Promise<void> {
  expect([sql.slice(0, 200), await codesOf(sql, inDuckDb(CUSTOM))]).toEqual([sql.slice(0, 200), codes]);
}

/** Columns of a WITH query, each of them `page`. */
function pages(count: number): string {
  return Array.from({ length: count }, (_, index) => `page AS a${String(index)}`).join(', ');
}

describe('R-3 before the parser reads a text', () => {
  test('16 operators may follow each other, and no more', async () => {
    await expectCodes(`SELECT ${'+'.repeat(16)}seconds AS s FROM visits`, 'allowed');
    for (const run of ['+', '-+', '+/**/', '~', '<>', '*', '@', '!', '/', '&|']) {
      await expectCodes(`SELECT 1 ${run.repeat(17)} 1 AS s FROM visits`, 'TOO_LARGE');
    }
    await expectCodes(`SELECT ${'+ '.repeat(40)}seconds AS s FROM visits`, 'allowed');
  });

  test('a comment has at most 16 levels', async () => {
    const nested = (depth: number): string => `SELECT page ${'/* '.repeat(depth)}x${' */'.repeat(depth)} FROM visits`;
    await expectCodes(nested(16), 'allowed');
    await expectCodes(nested(17), 'TOO_LARGE');
    await expectCodes('/*'.repeat(9000), 'TOO_LARGE');
    await expectCodes(`SELECT page FROM visits ${'/**/'.repeat(17)}`, 'TOO_LARGE');
    await expectCodes(`SELECT page FROM visits ${'/**/ '.repeat(400)}`, 'allowed');
  });

  test('operators mean nothing in texts, quoted names and comments', async () => {
    const many = '+'.repeat(100);
    for (const item of [
      `'${many}' AS s`,
      `'it''s ${many}' AS s`,
      `e'\\'${many}' AS s`,
      `$$${many}$$ AS s`,
      `$a$ $b$ ' " ${many} $a$ AS s`,
      `page AS "${many}"`,
      `page AS " "" ${many}"`,
      `page -- ${many} /* ' "\n`,
      `page /* ${many} ' " $$ */`,
      `page /***********************************/`,
      `page ------------------------------------\n`,
      `page AS a$b$c`,
      `'/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*' AS s`,
    ]) {
      await expectInDuckDb(`SELECT ${item} FROM visits`, 'allowed');
    }
  });

  test('no quotation mark hides operators that the parser sees', async () => {
    const many = '+'.repeat(17);
    for (const text of [
      `page AS a$b$ , ${many}1`,
      `'\\', ${many}1`,
      `"'", ${many}1`,
      `-- '\n${many}1`,
      `/* ' */ ${many}1`,
    ]) {
      await expectInDuckDb(`SELECT ${text} FROM visits`, 'TOO_LARGE');
    }
    await expectInDuckDb(`SELECT e'', ${many}1 FROM visits`, 'TOO_LARGE');
    await expectInDuckDb(`SELECT page AS fe, '\\' AS s, ${many}1 FROM visits`, 'TOO_LARGE');
  });
});

describe('R-3 once its names are resolved, a query has a bounded number of nodes', () => {
  const or = Array.from({ length: 200 }, (_, index) => `seconds = ${String(index)}`).join(' OR ');

  test('an output counts with all that it stands for, each time it is used', async () => {
    const query = (uses: number): string =>
      `SELECT seconds, count(*) AS n, (${or}) AS q FROM visits GROUP BY seconds HAVING ${Array<string>(uses).fill('q').join(' AND ')}`;
    await expectCodes(query(30), 'allowed');
    await expectCodes(query(35), 'TOO_LARGE');
  });

  test('with its sub-queries too', async () => {
    const inner = `(SELECT max(seconds) FROM visits WHERE ${or})`;
    const uses = Array<string>(90).fill('q > 1').join(' AND ');
    await expectCodes(`SELECT page, ${inner} AS q FROM visits QUALIFY ${uses} AND count(*) OVER () > 1`, 'TOO_LARGE');
  });

  test('so does an output that is only compared with a column of its name', async () => {
    await expectCodes(
      `SELECT (${or}) AS seconds FROM visits WHERE ${Array<string>(90).fill('seconds = 1').join(' AND ')}`,
      'TOO_LARGE',
      'ALIAS_SHADOWS_COLUMN',
    );
  });

  test('a relation counts with its columns, each time it is read', async () => {
    const reads = (count: number): string =>
      `WITH c AS (SELECT ${pages(400)} FROM visits) SELECT a1 FROM c${' UNION ALL SELECT a1 FROM c'.repeat(count)}`;
    await expectCodes(reads(40), 'allowed');
    await expectCodes(reads(50), 'TOO_LARGE');
  });

  test('so does a star', async () => {
    const stars = (count: number): string =>
      `WITH c AS (SELECT ${pages(400)} FROM visits) SELECT * FROM c${' UNION ALL SELECT * FROM c'.repeat(count)}`;
    await expectCodes(stars(20), 'allowed');
    await expectCodes(stars(25), 'TOO_LARGE');
  });

  test('names that are looked at for a help count, and names that are found do not', async () => {
    const from = `(SELECT ${pages(900)} FROM visits) z`;
    const found = Array<string>(300).fill("a899 = 'x'").join(' AND ');
    await expectCodes(`SELECT a1 FROM ${from} WHERE ${found}`, 'allowed');
    const missing = Array.from({ length: 100 }, (_, index) => `z${String(index)}`).join(' AND ');
    await expectCodes(`SELECT a1 FROM ${from} WHERE ${missing}`, 'TOO_LARGE', 'UNKNOWN_COLUMN');
  });

  test('a term of ORDER BY counts with the outputs', async () => {
    const terms = Array<string>(300).fill('-seconds').join();
    const outputs = Array.from({ length: 300 }, (_, index) => `seconds AS a${String(index)}`).join();
    await expectCodes(`SELECT ${outputs} FROM visits ORDER BY ${terms}`, 'TOO_LARGE', 'ORDER_NOT_OUTPUT');
  });

  test('the engine copies a named window to where it is used: what becomes too large is refused', async () => {
    const window = `WINDOW w AS (PARTITION BY ${Array<string>(1500).fill('page').join()})`;
    const sql = `SELECT ${Array<string>(600).fill('sum(seconds) OVER w').join()} FROM visits ${window}`;
    await expectCodes(sql, 'TOO_LARGE');
  });
});

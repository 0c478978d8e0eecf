import type { CheckContext } from 'sealroom/query';
import { describe, expect, test } from 'vitest';
import { checkContextOf } from '../adversarial/adversarial-file.ts';
import { inDuckDb } from './contexts.ts';
import { useRoom } from './room.ts';

const room = useRoom();

const CUSTOM = checkContextOf({ context: 'customAny' });
const TEMPLATES = checkContextOf({ context: 'customTemplates' });

/** Whether a text is like a pattern, both as they are written; a row of the fixture decides. */
async function matches(condition: string, context: CheckContext): Promise<boolean> {
  const statement = await room.statementOf(`SELECT count(*) AS n FROM visits WHERE ${condition}`, context);
  return (await room.rowsOf(statement))[0] !== '[0]';
}

/** A template with a pattern, and a value for its parameter. */
function withPattern(condition: string, pattern: string): { readonly sql: string; readonly context: CheckContext } {
  const sql = `SELECT page, count(DISTINCT email_fingerprint) AS n FROM visits WHERE ${condition} GROUP BY page`;
  const { manifest } = TEMPLATES;
  const templates = manifest.templates.map((template) =>
    template.id === 'tmpl-reach'
      ? { ...template, sql, parameters: [{ name: 'p', type: 'VARCHAR', defaultValue: null }] }
      : template,
  );
  const changed = { ...manifest, templates } as unknown as CheckContext['manifest'];
  return { sql, context: { ...TEMPLATES, manifest: changed, template: 'tmpl-reach', parameters: { p: pattern } } };
}

describe('R-56 the escapes of LIKE', () => {
  test.each([
    ["'10%' LIKE '10\\%'", true],
    ["'10x' LIKE '10\\%'", false],
    ["'a\\\\b' LIKE 'a\\\\\\\\b'", true],
    ["'a\\\\b' LIKE r'a\\\\b'", true],
    ["'a_b' LIKE 'a\\_b' ", true],
    ["'axb' LIKE 'a\\_b'", false],
    ["'A_B' ILIKE 'a\\_b'", true],
    ["'10%' LIKE '10!%' ESCAPE '!'", true],
    ["'10x' NOT LIKE '10!%' ESCAPE '!'", true],
    ["'10\\\\x' LIKE '10\\\\%' ESCAPE '!'", true],
    ["'a!b' LIKE 'a!!b' ESCAPE '!'", true],
    ["'A%b' NOT ILIKE 'a!%B' ESCAPE '!'", false],
    ["'ä%' LIKE 'ää%' ESCAPE 'ä'", true],
  ])('%s is %s', async (condition, expected) => {
    expect(await matches(condition, CUSTOM)).toBe(expected);
  });

  test('in the SQL of the engine a backslash means itself', async () => {
    expect(await matches("'10\\' LIKE '10\\'", inDuckDb(CUSTOM))).toBe(true);
    expect(await matches("'10%' LIKE '10\\%'", inDuckDb(CUSTOM))).toBe(false);
    expect(await matches("'10%' LIKE '10!%' ESCAPE '!'", inDuckDb(CUSTOM))).toBe(true);
    expect(await room.codesOf("SELECT page FROM visits WHERE page LIKE 'a!' ESCAPE '!'", inDuckDb(CUSTOM))).toEqual([
      'LITERAL_FORMAT',
    ]);
  });

  test.each([
    ["page LIKE 'a\\\\'", 'LITERAL_FORMAT'],
    ["page LIKE 'a\\\\b'", 'LITERAL_FORMAT'],
    ["page LIKE r'\\d'", 'LITERAL_FORMAT'],
    ["page LIKE 'a!b' ESCAPE '!'", 'LITERAL_FORMAT'],
    ["page LIKE 'a' ESCAPE ''", 'ARGUMENT_NOT_LITERAL'],
    ["page LIKE 'a' ESCAPE '!!'", 'ARGUMENT_NOT_LITERAL'],
    ["page LIKE 'a' ESCAPE page", 'ARGUMENT_NOT_LITERAL'],
    ['page LIKE page', 'ARGUMENT_NOT_LITERAL'],
    ["page LIKE lower('A%')", 'ARGUMENT_NOT_LITERAL'],
    ["like_escape(page, 'a', '!')", 'FUNCTION_NOT_ALLOWED'],
    ["main.like_escape(page, 'a')", 'UNSUPPORTED_NODE'],
  ])('%s: %s', async (condition, code) => {
    const codes = await room.codesOf(`SELECT page FROM visits WHERE ${condition}`, CUSTOM);
    expect(codes).not.toContain('allowed');
    if (code !== 'UNSUPPORTED_NODE') expect(codes).toEqual([code]);
  });

  test('R-29 a pattern can have parameters, whose values are looked at when they are bound', async () => {
    for (const [condition, pattern, codes] of [
      ['page LIKE :p', '/p%', ['allowed']],
      ["page LIKE '%' || :p || '%'", 'p\\_', ['allowed']],
      ["page LIKE :p ESCAPE '\\\\'", '\\\\', ['allowed']],
      ['page LIKE :p', 'a\\', ['PARAMETER_TYPE']],
      ['page LIKE :p', 'a\\b', ['PARAMETER_TYPE']],
      ["page ILIKE :p || 'x'", '\\', ['PARAMETER_TYPE']],
      ["page LIKE :p ESCAPE '!'", 'a', ['ARGUMENT_NOT_LITERAL']],
    ] as const) {
      const { sql, context } = withPattern(condition, pattern);
      expect([condition, pattern, await room.codesOf(sql, context)]).toEqual([condition, pattern, codes]);
    }
    const { sql, context } = withPattern('page LIKE :p', '/p/1');
    const verdict = await room.ask(sql, context);
    expect(verdict.allowed && verdict.statement.sql).toContain("LIKE CAST($1 AS VARCHAR) ESCAPE '\\'");
  });
});

describe('R-56 the order of nulls', () => {
  test.each([
    ['', 'ASC NULLS FIRST', 'ASC NULLS LAST'],
    ['ASC', 'ASC NULLS FIRST', 'ASC NULLS LAST'],
    ['DESC', 'DESC NULLS LAST', 'DESC NULLS LAST'],
    ['NULLS LAST', 'ASC NULLS LAST', 'ASC NULLS LAST'],
    ['DESC NULLS FIRST', 'DESC NULLS FIRST', 'DESC NULLS FIRST'],
  ])('ORDER BY … %s is %s in Spark, and %s in the engine', async (written, spark, engine) => {
    for (const [context, expected] of [
      [CUSTOM, spark],
      [inDuckDb(CUSTOM), engine],
    ] as const) {
      const plain = await room.statementOf(`SELECT page, seconds FROM visits ORDER BY seconds ${written}`, context);
      expect(plain).toContain(`ORDER BY 2 ${expected}`);
      const ranked = `SELECT row_number() OVER (ORDER BY seconds ${written}) AS r FROM visits`;
      expect(await room.statementOf(ranked, context)).toContain(`ORDER BY "visits"."seconds" ${expected}`);
    }
  });
});

import { canonicalText } from '#src/query/ast/equal';
import { TextIndex } from '#src/query/parse/span';
import { printQuery } from '#src/query/print/sql';
import { resolveQuery } from '#src/query/resolve/query';
import { obligationsOf } from '#src/query/rewrite/obligations';
import { inlineNamed } from '#src/query/rewrite/inline-named';
import { rewriteQuery } from '#src/query/rewrite/rewrite';
import { Findings } from '#src/query/findings/finding';
import type { Query } from '#src/query/ast/nodes';
import type { Manifest } from 'sealroom/collab';
import { expect, test } from 'vitest';
import { FILE, manifestOf, contextOf } from '../adversarial/adversarial-file.ts';
import { CUSTOM_QUERIES } from './corpus.ts';
import { useRoom } from './room.ts';

const room = useRoom();

async function resolve(
  sql: string,
  manifest: Manifest,
): Promise<{ readonly query: Query | null; readonly codes: string[] }> {
  const parsed = await room.parse(sql, manifest.dialect);
  const found = new Findings();
  if (parsed.statement === null) return { query: null, codes: parsed.findings.map(({ code }) => code) };
  const query = resolveQuery(parsed.statement, { index: new TextIndex(sql, parsed.dialect), found }, manifest, null);
  return { query, codes: found.list().map(({ code, message }) => `${code} ${message}`) };
}

const ALLOWED = [
  ...FILE.cases.filter(
    ({ expected, context, template }) => expected === 'allow' && context !== 'dp' && template === undefined,
  ),
  ...CUSTOM_QUERIES.map((sql) => ({ name: sql, context: 'customAny', sql })),
];

test.each(ALLOWED)('the printed SQL reads as what it was printed from: $name', async ({ sql, context }) => {
  // What runs is read as the SQL of the engine.
  const engine: Manifest = { ...manifestOf(contextOf(context)), dialect: 'duckdb' };
  const manifest = CUSTOM_QUERIES.includes(sql) ? engine : manifestOf(contextOf(context));
  const { query, codes } = await resolve(sql, manifest);
  expect(codes).toEqual([]);
  if (query === null) throw new Error('no query');
  const rules = manifest.tables.filter(({ rule }) => rule !== null && rule.kind !== 'list');
  const used = rules.filter(({ name }) => JSON.stringify(query).includes(`"name":"${name}"`));
  // As the checker does under constraints: WITH queries are read where they are named.
  const spelt = inlineNamed(query);
  const rewritten = rewriteQuery(spelt, obligationsOf(spelt, used, [], 1000, new Set()));
  if (rewritten === null) throw new Error('nested too deeply');
  const printed = printQuery(rewritten);
  const again = await resolve(printed, engine);
  expect(again.codes).toEqual([]);
  if (again.query === null) throw new Error('no query');
  expect(canonicalText(again.query)).toBe(canonicalText(rewritten));
  expect(printQuery(again.query)).toBe(printed);
});

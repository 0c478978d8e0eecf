import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { QueryParser } from 'sealroom/query';
import { expect, test } from 'vitest';
import { FILE } from '../adversarial/adversarial-file.ts';
import { CUSTOM_QUERIES } from './corpus.ts';

/** Kinds of nodes with the fields that each has. */
type Shapes = Map<string, Set<string>>;

function collect(value: unknown, shapes: Shapes): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, shapes);
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    const type = entries.find(([name]) => name === 'type')?.[1] as unknown;
    const kind = typeof type === 'string' ? type : 'without type';
    const fields = shapes.get(kind) ?? new Set();
    for (const [name] of entries) fields.add(name);
    shapes.set(kind, fields);
    for (const [, item] of entries) collect(item, shapes);
  }
}

// An upgrade of the engine that changes what its parser gives fails here first. The file is made by
// `npx vitest run --project unit test/query/golden.test.ts -u`; read its difference before it is kept.
test("the parser's trees are those that the checker was written for", async () => {
  using parser = await QueryParser.open();
  const engine = await (await DuckDBInstance.create(':memory:')).connect();
  const version = (await engine.runAndReadAll('SELECT version()')).getRows()[0]?.[0];
  engine.closeSync();
  const shapes: Shapes = new Map();
  const trees: string[] = [];
  const texts = [
    ...FILE.cases.map(({ sql }) => ({ sql, dialect: 'spark' }) as const),
    ...CUSTOM_QUERIES.map((sql) => ({ sql, dialect: 'duckdb' }) as const),
  ];
  for (const { sql, dialect } of texts) {
    const { statement } = await parser.parse(sql, dialect);
    collect(statement, shapes);
    const hash = createHash('sha256').update(JSON.stringify(statement)).digest('hex').slice(0, 16);
    trees.push(`${statement === null ? 'no tree         ' : hash} ${sql.slice(0, 100)}`);
  }
  const kinds = [...shapes]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([kind, fields]) => `${kind}: ${[...fields].sort().join(' ')}`);
  const text = [`DuckDB ${String(version)}`, '', ...kinds, '', ...trees, ''].join('\n');
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, 'golden/trees.txt'));
});

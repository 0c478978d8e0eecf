import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { QueryParser } from 'sealroom/query';
import { afterAll, beforeAll } from 'vitest';

/** A parser, and an engine with the schemas of `countingManifest`, whose tables need no schema before their names. */
export interface Shop {
  readonly parser: QueryParser;
  readonly engine: DuckDBConnection;
}

/** Opens both before the tests of a file and closes them after it. */
export function useShop(): Shop {
  let open: Shop | null = null;
  const shop = (): Shop => {
    if (open === null) throw new Error('the shop is open while tests run');
    return open;
  };
  beforeAll(async () => {
    const engine = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
    await engine.run("CREATE SCHEMA crm; CREATE SCHEMA shop; SET search_path = 'crm,shop'");
    open = { parser: await QueryParser.open(), engine };
  });
  afterAll(() => {
    open?.parser.close();
    open?.engine.closeSync();
  });
  return {
    get parser() {
      return shop().parser;
    },
    get engine() {
      return shop().engine;
    },
  };
}

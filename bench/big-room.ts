import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { insertSignature, parseManifest, printPublicKey, signManifest } from 'sealroom/collab';
import { createRoom } from 'sealroom/room';

/** A query over both tables: a join on fingerprints, groups, a sum. */
export const JOIN_QUERY =
  'SELECT i.region, SUM(i.spend) AS spend FROM impressions i JOIN purchases p ON i.person = p.person GROUP BY i.region';

const TABLES = [
  { name: 'impressions', owner: 'paper', measure: 'spend', dimension: 'region', minimum: 10, firstPerson: 0 },
  { name: 'purchases', owner: 'shoes', measure: 'amount', dimension: 'product', minimum: 5, firstPerson: 0.5 },
] as const;

/** A table of the room as a file of protected rows. */
export interface BigTable {
  readonly name: string;
  readonly file: string;
}

function printManifest(askers: readonly KeyObject[]): string {
  const keys = { shoes: generateKeyPairSync('ed25519').privateKey, paper: generateKeyPairSync('ed25519').privateKey };
  const approver = { id: 'approver', roles: ['RULE_APPROVER'], sign: printPublicKey(keys.shoes) };
  const people = askers.map((key, index) => ({
    id: `asker${String(index)}`,
    roles: ['QUERY_MEMBER'],
    sign: printPublicKey(key),
  }));
  const text = JSON.stringify({
    version: 1,
    id: 'c0ffee00-3f5b-4b1e-9f0e-0d6a1d1c2b33',
    name: 'Benchmark',
    settings: {
      allowCleartext: true,
      allowDuplicates: true,
      allowJoinsOnColumnsWithDifferentNames: false,
      preserveNulls: false,
    },
    members: [
      {
        id: 'shoes',
        abilities: ['CAN_QUERY', 'CAN_RECEIVE_RESULTS'],
        publicKeys: { sign: printPublicKey(keys.shoes) },
        ...(people.length === 0 ? {} : { people: [approver, ...people] }),
      },
      { id: 'paper', abilities: [], publicKeys: { sign: printPublicKey(keys.paper) } },
    ],
    tables: TABLES.map(({ name, owner, measure, dimension, minimum }) => {
      const aggregation = {
        aggregateColumns: [{ columnNames: [measure], function: 'SUM' }],
        joinColumns: ['person'],
        dimensionColumns: [dimension],
        scalarFunctions: [],
        outputConstraints: [{ columnName: 'person', minimum, type: 'COUNT_DISTINCT' }],
      };
      return {
        name,
        owner,
        columns: [
          { name: 'person', protection: 'fingerprint', type: 'VARCHAR' },
          { name: dimension, protection: 'cleartext', type: 'VARCHAR' },
          { name: measure, protection: 'cleartext', type: 'DECIMAL(18,2)' },
        ],
        analysisRule: { type: 'AGGREGATION', policy: { v1: { aggregation } } },
      };
    }),
  });
  const manifest = parseManifest(text);
  return Object.entries(keys).reduce(
    (signed, [member, key]) => insertSignature(signed, signManifest(manifest, member, key), null),
    text,
  );
}

/**
 * A room for two tables of `rows` rows each, and the files to load: 52-byte fingerprints, each once in a table, half of them
 * in both; 20 regions and products.
 *
 * @param askers keys of people of the member that asks, who may ask over the network; without any, it is one person
 */
export async function createBigRoom(
  folder: string,
  rows: number,
  askers: readonly KeyObject[] = [],
): Promise<{ readonly directory: string; readonly tables: readonly BigTable[] }> {
  const directory = join(folder, 'room');
  await createRoom({ directory, manifest: printManifest(askers), manifestFile: 'manifest', now: () => new Date() });
  const engine = await (await DuckDBInstance.create(':memory:')).connect();
  const tables: BigTable[] = [];
  try {
    for (const { name, measure, dimension, firstPerson } of TABLES) {
      const file = join(folder, `${name}.parquet`);
      const first = Math.round(firstPerson * rows);
      const person = `'02:hmac:' || to_base64(from_hex(sha256('person' || (${String(first)} + i))))`;
      await engine.run(
        `COPY (SELECT ${person} AS person, '${dimension}' || (i % 20) AS ${dimension},
          ((i * 7 % 10000) / 100)::DECIMAL(18,2) AS ${measure} FROM range(${String(rows)}) AS r(i))
          TO '${file.replaceAll("'", "''")}' (FORMAT parquet)`,
      );
      tables.push({ name, file });
    }
  } finally {
    engine.closeSync();
  }
  return { directory, tables };
}

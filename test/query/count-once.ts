import { parseManifest, printPublicKey, type Manifest } from 'sealroom/collab';
import { keyOf, type Json } from '../support/manifests.ts';

const PERSON = { columnName: 'email', minimum: 2, type: 'COUNT_DISTINCT' };

const AGGREGATION = {
  aggregateColumns: [
    { columnNames: ['spend'], function: 'SUM' },
    { columnNames: ['email', 'spend'], function: 'COUNT' },
    { columnNames: ['email'], function: 'COUNT_DISTINCT' },
  ],
  joinColumns: ['email', 'phone'],
  allowedJoinOperators: ['AND', 'OR'],
  dimensionColumns: ['region'],
  scalarFunctions: [],
  outputConstraints: [PERSON],
};

const OWN = {
  aggregateColumns: [
    { columnNames: ['weight'], function: 'SUM' },
    { columnNames: ['email', 'bucket'], function: 'COUNT' },
    { columnNames: ['email', 'bucket'], function: 'COUNT_DISTINCT' },
  ],
  joinColumns: ['email', 'phone', 'bucket'],
  allowedJoinOperators: ['AND', 'OR'],
  dimensionColumns: ['tag', 'grp'],
  scalarFunctions: [],
};

function clear(name: string, type = 'VARCHAR'): Json {
  return { name, protection: 'cleartext', type };
}

function table(name: string, owner: string, columns: readonly Json[], rule: Json, more: Json): Json {
  const [type = ''] = Object.keys(rule);
  return { name, owner, columns, analysisRule: { type: type.toUpperCase(), policy: { v1: rule } }, ...more };
}

function own(name: string, columns: readonly Json[], isCustom: boolean): Json {
  const names = columns.map((column) => column['name'] as string);
  const keep = (list: readonly string[]): string[] => list.filter((each) => names.includes(each));
  const rule = {
    ...OWN,
    aggregateColumns: OWN.aggregateColumns
      .map((each) => ({ ...each, columnNames: keep(each.columnNames) }))
      .filter(({ columnNames }) => columnNames.length > 0),
    joinColumns: keep(OWN.joinColumns),
    dimensionColumns: keep(OWN.dimensionColumns),
    outputConstraints: [{ ...PERSON, columnName: keep(['email', 'bucket'])[0] }],
  };
  const custom = { allowedAnalyses: ['ANY_QUERY'], allowedAnalysisProviders: ['shop'] };
  return table(name, 'shop', columns, isCustom ? { custom } : { aggregation: rule }, {});
}

/** What the owner of `customers` adds to its table. */
export interface Terms {
  readonly rule?: Json;
  readonly table?: Json;
  readonly isCustom?: boolean;
  readonly allowDuplicates?: boolean;
  /** The type of `spend`; default: BIGINT, as `weight` has. */
  readonly spend?: string;
}

/** `crm` has `customers(email, phone, spend, region)`; `shop` asks, and has `mine(email, phone, bucket, tag, weight)` and `fan(bucket, grp)`. */
export function countingManifest({
  rule = {},
  table: more = {},
  isCustom = false,
  allowDuplicates = true,
  spend = 'BIGINT',
}: Terms): Manifest {
  const custom = {
    allowedAnalyses: ['ANY_QUERY'],
    allowedAnalysisProviders: ['shop'],
    'x-outputConstraints': [PERSON],
    ...rule,
  };
  const fingerprint = { name: 'email', protection: 'fingerprint', type: 'VARCHAR' };
  const customers = [fingerprint, clear('phone'), clear('spend', spend), clear('region')];
  const mine = [fingerprint, clear('phone'), clear('bucket', 'BIGINT'), clear('tag'), clear('weight', 'BIGINT')];
  const fan = [clear('bucket', 'BIGINT'), clear('grp')];
  const members = ['crm', 'shop'].map((id) => ({
    id,
    abilities: ['CAN_QUERY', 'CAN_RECEIVE_RESULTS'],
    publicKeys: { sign: printPublicKey(keyOf(id)) },
  }));
  const manifest = {
    version: 1,
    id: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33',
    name: 'Counting',
    settings: {
      allowCleartext: true,
      allowDuplicates,
      allowJoinsOnColumnsWithDifferentNames: false,
      preserveNulls: true,
    },
    members,
    tables: [
      table('customers', 'crm', customers, isCustom ? { custom } : { aggregation: { ...AGGREGATION, ...rule } }, more),
      own('mine', mine, isCustom),
      own('fan', fan, isCustom),
    ],
    templates: [],
  };
  return parseManifest(JSON.stringify(manifest));
}

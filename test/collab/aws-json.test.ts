import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseManifest } from 'sealroom/collab';
import { SealroomError } from '#src/errors/sealroom-error';
import { type Json, manifestOfContext, withValue } from '../support/manifests.ts';
import { ROOT } from '../tooling/run-tool.ts';

type Path = readonly (string | number)[];

const POLICY = ['analysisRule', 'policy', 'v1'];

/** Where each kind of rule is in the manifests of the adversarial vectors. */
const PLACES: Readonly<Record<string, readonly [manifest: Json, table: number, rule: Path]>> = {
  aggregation: [manifestOfContext('agg'), 0, [...POLICY, 'aggregation']],
  list: [manifestOfContext('list'), 2, [...POLICY, 'list']],
  custom: [manifestOfContext('customAny'), 4, [...POLICY, 'custom']],
};

/** What a key needs beside it, and a value for those that the table gives none. */
const COMPANIONS: Readonly<Record<string, Json>> = {
  aggregationThresholds: {
    aggregationThresholds: [
      {
        identityColumns: ['email_fingerprint'],
        minimumIdentityCount: 5,
        type: 'COUNT_DISTINCT',
        outputColumnThresholds: null,
      },
    ],
  },
  comparisonControls: { comparisonControls: { allowedLiteralComparisonColumns: ['page'] } },
  differentialPrivacy: { differentialPrivacy: { columns: [{ name: 'email_fingerprint' }] } },
};

function problemIn(manifest: unknown): string | null {
  try {
    parseManifest(JSON.stringify(manifest));
    return null;
  } catch (error) {
    if (error instanceof SealroomError) return error.message;
    throw error;
  }
}

interface Row {
  readonly written: string;
  readonly place: string;
  readonly isTaken: boolean;
}

function rowsOfDocs(): readonly Row[] {
  const text = readFileSync(`${ROOT}/docs/manifest.md`, 'utf8');
  const [section = ''] = (text.split("## AWS's JSON\n")[1] ?? '').split('\n## ');
  return section.split('\n').flatMap((line) => {
    const [, keys = '', places = '', here = ''] = line.split('|').map((cell) => cell.trim());
    if (!keys.startsWith('`')) return [];
    expect(here).toMatch(/^(taken|refused: )/);
    const kinds = places === 'all' ? Object.keys(PLACES) : places.replaceAll('`', '').split(', ');
    return [...keys.matchAll(/`([^`]+)`/g)].flatMap(([, written = '']) =>
      kinds.map((place) => ({ written, place, isTaken: here.startsWith('taken') })),
    );
  });
}

const AGGREGATION = manifestOfContext('agg');

/** A manifest that has what a row of the table writes, where it says. */
function manifestWith({ written, place }: Row): Json {
  const [key = ''] = written.split(':');
  const value = (written.includes(':') ? parse(written) : (COMPANIONS[key] ?? {})) as Json;
  if (place === 'analysisRule')
    return withValue(AGGREGATION, ['tables', 0, 'analysisRule'], { ...value, policy: { v1: {} } });
  if (place === 'associationRule') {
    const rule = key === 'allowedResultReceivers' ? { [key]: ['brand'] } : value;
    return withValue(AGGREGATION, ['tables', 0, 'associationRule'], { policy: { v1: { aggregation: rule } } });
  }
  const [manifest, table, rule] = PLACES[place] ?? expect.fail(`no rule of kind ${place}`);
  return Object.entries(value).reduce(
    (changed, [name, each]) => withValue(changed, ['tables', table, ...rule, name], each),
    manifest,
  );
}

describe("AWS's JSON", () => {
  const rows = rowsOfDocs();

  test('the document has every key of a rule', () => {
    const keys = new Set(rows.map(({ written }) => written.split(':')[0]));
    expect(keys.size).toBe(18);
    expect(rows.length).toBeGreaterThan(30);
  });

  test.each(rows.map((row) => [row.written, row.place, row] as const))(
    '%s in %s is taken or refused as it says',
    (...parts) => {
      const [written, , row] = parts;
      const problem = problemIn(manifestWith(row));
      const [key = '', value = ''] = written.split(/: ?/);
      const isNamed = problem === null || problem.includes(key) || problem.includes(value);
      expect({ isTaken: problem === null, isNamed }, problem ?? '').toEqual({ isTaken: row.isTaken, isNamed: true });
    },
  );

  test('null is read as absent for every key of AWS that may be absent, and for no key of ours', () => {
    const absent: Readonly<Record<string, readonly string[]>> = {
      aggregation: ['joinRequired', 'allowedJoinOperators', 'additionalAnalyses', 'listColumns'],
      list: ['allowedJoinOperators', 'additionalAnalyses', 'joinRequired'],
      custom: ['disallowedOutputColumns', 'differentialPrivacy', 'aggregationThresholds', 'comparisonControls'],
    };
    for (const [kind, keys] of Object.entries(absent)) {
      const [manifest, table, rule] = PLACES[kind] ?? expect.fail();
      const without = keys.reduce((all, key) => withValue(all, ['tables', table, ...rule, key], undefined), manifest);
      const nulls = keys.reduce((all, key) => withValue(all, ['tables', table, ...rule, key], null), manifest);
      const [a, b] = [without, nulls].map((each) => parseManifest(JSON.stringify(each)));
      expect(b?.tables[table]?.rule).toEqual(a?.tables[table]?.rule);
      expect(b?.sha256).not.toBe(a?.sha256);
    }
    const ours = withValue(AGGREGATION, ['tables', 0, ...POLICY, 'aggregation', 'x-round'], null);
    expect(problemIn(ours)).toMatch(/x-round`: expected an object/);
    const siblings = withValue(AGGREGATION, ['tables', 0, ...POLICY, 'list'], null);
    expect(problemIn(siblings)).toBeNull();
  });

  test('a required key that is null is missed', () => {
    const rule = ['tables', 0, ...POLICY, 'aggregation'];
    expect(problemIn(withValue(AGGREGATION, [...rule, 'outputConstraints'], null))).toMatch(
      /expected an array, got nothing/,
    );
  });

  test('a key without a value is refused, because it may mean something else than null', () => {
    expect(() => parseManifest('version: 1\nname:\ntables: []\n')).toThrow(/the value is missing/);
    expect(() => parseManifest('version: 1\n? name\n')).toThrow(/the value is missing/);
    expect(() => parseManifest('{ version: 1, name }')).toThrow(/the value is missing/);
    expect(() => parseManifest('tables:\n  -\n')).toThrow(/the value is missing/);
  });
});

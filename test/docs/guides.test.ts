import { parseManifest } from 'sealroom/collab';
import { describe, expect, test } from 'vitest';
import { readText } from './repository.ts';

// What the guides say about rules, attacks and logs.

type Json = Readonly<Record<string, unknown>>;

interface SampleTable {
  readonly analysisRule: { readonly type: string; readonly policy: { readonly v1: Readonly<Record<string, Json>> } };
}

const SAMPLE = JSON.parse(readText('samples/room/manifest.json')) as Json & { readonly tables: readonly SampleTable[] };

/** The sample with another rule in the place of its first one. */
function withRule(analysisRule: Json): string {
  const [first, ...rest] = SAMPLE.tables;
  return JSON.stringify({ ...SAMPLE, tables: [{ ...first, analysisRule }, ...rest] });
}

function custom(policy: Json): Json {
  return { type: 'CUSTOM', policy: { v1: { custom: policy } } };
}

const ANY_QUERY = { allowedAnalyses: ['ANY_QUERY'], allowedAnalysisProviders: ['shoes'] };

describe('docs/coming-from-clean-rooms.md: rules that are not taken', () => {
  const text = readText('docs/coming-from-clean-rooms.md');
  const [first] = SAMPLE.tables;
  const rules: Readonly<Record<string, Json>> = {
    differentialPrivacy: custom({ ...ANY_QUERY, differentialPrivacy: { columns: [{ name: 'person' }] } }),
    'allowedAnalyses: [ANY_JOB]': custom({ ...ANY_QUERY, allowedAnalyses: ['ANY_JOB'] }),
    'additionalAnalyses: REQUIRED': custom({ ...ANY_QUERY, additionalAnalyses: 'REQUIRED' }),
    'type: ID_MAPPING_TABLE': { type: 'ID_MAPPING_TABLE', policy: first?.analysisRule.policy },
  };

  test('are the rows of its table', () => {
    const section = /\| not taken [^]*?\n\n/.exec(text)?.[0] ?? '';
    const named = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);
    expect(named).toEqual(Object.keys(rules));
  });

  test.each(Object.entries(rules))('%s is refused', (_name, rule) => {
    expect(() => parseManifest(withRule(rule))).toThrow(expect.objectContaining({ code: 'MANIFEST_UNSUPPORTED' }));
  });

  test('unknown keys are refused too', () => {
    expect(text).toContain('Unknown keys are refused, too');
    const rule = custom({ ...ANY_QUERY, aggregationTreshold: [] });
    expect(() => parseManifest(withRule(rule))).toThrow(expect.objectContaining({ code: 'MANIFEST_INVALID' }));
  });

  test('without them the same manifest is taken', () => {
    expect(() => parseManifest(withRule(custom(ANY_QUERY)))).not.toThrow();
  });
});

describe('docs/privacy.md', () => {
  const text = readText('docs/privacy.md');
  const model = readText('docs/threat-model.md');

  test('counts the attacks of the threat model, and names only such', () => {
    const attacks = [...model.matchAll(/^\*\*Attack (\d+)\*\*/gm)].map(([, number]) => Number(number));
    expect(text.replaceAll(/\s+/g, ' ')).toContain(`describes ${attacks.length} attacks`);
    const section = /\| risk [^]*?\n\n/.exec(text)?.[0] ?? '';
    const named = [...section.matchAll(/^\|[^|]+\| ([\d, ]+?) +\|/gm)].flatMap(([, numbers = '']) =>
      numbers.split(', ').map(Number),
    );
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((attack) => !attacks.includes(attack))).toEqual([]);
  });

  test('has every attack of which the threat model says that nothing stops it, or that all of it remains', () => {
    const open = model
      .split(/^\*\*Attack /m)
      .slice(1)
      .filter((part) => /\*\*nothing\*\*|Remains: (all of it|\*\*all of it\*\*)/i.test(part))
      .map((part) => parseInt(part, 10));
    expect(open.length).toBeGreaterThan(4);
    const section = /\| risk [^]*?\n\n/.exec(text)?.[0] ?? '';
    const named = section.match(/\d+/g)?.map(Number) ?? [];
    expect(open.filter((attack) => !named.includes(attack))).toEqual([]);
  });

  test('quotes a setting of the log that a manifest takes', () => {
    expect(text).toContain('`log: { queryText: hash }`');
    expect(() => parseManifest(JSON.stringify({ ...SAMPLE, log: { queryText: 'hash' } }))).not.toThrow();
  });

  test('is two pages and no legal advice', () => {
    expect(text.split(/\s+/).length).toBeLessThan(1600);
    expect(text).toContain('They are no legal advice');
  });
});

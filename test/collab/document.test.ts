import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify, type ToStringOptions } from 'yaml';
import { SealroomError } from '#src/errors/sealroom-error';
import { parseManifest } from 'sealroom/collab';
import { listProblems } from 'sealroom/schema';
import { type Json, manifestOfContext } from '../support/manifests.ts';
import { runs } from '../support/runs.ts';

type Style = 'PLAIN' | 'QUOTE_DOUBLE' | 'QUOTE_SINGLE';

const MANIFEST = manifestOfContext('customTemplates');

/** The same JSON with the keys of every object in another order, which `order` decides. */
function shuffleKeys(value: unknown, order: () => number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffleKeys(item, order));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => ({
    at: order(),
    entry: [key, shuffleKeys(inner, order)],
  }));
  return Object.fromEntries(entries.sort((a, b) => a.at - b.at).map(({ entry }) => entry as [string, unknown]));
}

function syntaxProblems(text: string): readonly string[] {
  try {
    parseManifest(text, { file: 'm.yaml' });
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    return listProblems(error).map(({ code, message, where }) => {
      return `${code} ${String(where.line)}:${String(where.character)} ${message}`;
    });
  }
  return expect.fail('expected problems, got none');
}

describe('the hash of a manifest', () => {
  const { sha256 } = parseManifest(JSON.stringify(MANIFEST));

  test('is that of the RFC 8785 form without signatures and approvals', () => {
    // Made once by Python 3.11: hashlib.sha256(rfc8785.dumps(manifest)), package rfc8785 0.1.4.
    expect(sha256).toBe('2d7246412cc02149cea8f02e154110e310bbb3767ba7a130a0c0f92c1a2c4ced');
  });

  test('does not depend on the order of keys, on white space, or on whether it is YAML or JSON', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 17, maxLength: 17 }),
        fc.constantFrom(0, 1, 8, '\t'),
        fc.constantFrom<Style>('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE'),
        fc.constantFrom<'any' | 'flow'>('any', 'flow'),
        (orders, indent, defaultStringType, collectionStyle) => {
          let next = 0;
          const other = shuffleKeys(MANIFEST, () => orders[next++ % orders.length] ?? 0);
          const json = JSON.stringify(other, null, indent);
          const options: ToStringOptions = { lineWidth: 0, defaultStringType, collectionStyle };
          const yaml = stringify(other, options);
          for (const text of [json, `\uFEFF${json.replaceAll('\n', '\r\n')}`, yaml, `# a comment\n---\n${yaml}...\n`]) {
            expect(parseManifest(text).sha256).toBe(sha256);
          }
        },
      ),
      { numRuns: runs(25) },
    );
  });

  test('is another for other values, and for another order of what has one', () => {
    const hashes = new Set([sha256]);
    const others: readonly Json[] = [
      { ...MANIFEST, name: 'Autumn campaign' },
      { ...MANIFEST, members: [...(MANIFEST['members'] as Json[])].reverse() },
      { ...MANIFEST, log: { queryText: 'owners' } },
    ];
    for (const other of others) hashes.add(parseManifest(JSON.stringify(other)).sha256);
    expect(hashes.size).toBe(4);
  });
});

/** Texts that are no manifest, and what is said of each, with its line and character. */
const REFUSED: readonly (readonly [title: string, text: string, problem: RegExp])[] = [
  ['a key twice', 'version: 1\nversion: 1\n', /2:1 the key `version` is repeated/],
  ['a key twice in JSON', '{"version": 1, "version": 1}', /1:16 the key `version` is repeated/],
  ['an alias', 'name: &n x\nid: *n\n', /2:5 the value is an alias/],
  ['an anchor', 'name: &n x\n', /1:10 the value has an anchor or a tag/],
  ['an alias of nothing', 'id: *n\n', /1:5 the value is an alias/],
  ['a tag', 'name: !!str 5\n', /1:13 the value has an anchor or a tag/],
  ['an unknown tag', 'name: !secret x\n', /1:15 the value has an anchor or a tag/],
  ['binary data', 'name: !!binary aGk=\n', /the value has an anchor or a tag/],
  ['a tagged key', '!!str name: x\n', /the key is not plain text/],
  ['a key that is no text', '? [a, b]\n: 1\n', /with stringKeys, all keys must be strings/],
  ['a directive', '%YAML 1.1\n---\nname: yes\n', /the directive `%YAML` is not allowed/],
  ['two documents', 'name: x\n---\nname: y\n', /2:1 expected one document, got several/],
  ['an open bracket', 'members: [a, b\nname: x\n', /2:1 the text is not YAML or JSON/],
  ['a tab as indentation', 'members:\n\t- a\n', /the text is not YAML or JSON: tabs/],
  ['a number in octal', 'version: 0o1\n', /1:10 the number is not written as in JSON/],
  ['a number with leading zeros', 'version: 01\n', /the number is not written as in JSON/],
  ['infinity', 'version: .inf\n', /the number is not written as in JSON/],
  ['half a surrogate pair', '{"name": "\\ud800"}', /1:10 the text contains half a surrogate pair/],
  ['too much depth', `${'['.repeat(40)}${']'.repeat(40)}`, /the value is nested more than 32 levels deep/],
  ['more depth than a stack has', '['.repeat(100_000), /the text is not YAML or JSON/],
  ['too much text', ' '.repeat(1_000_001), /at most 1000000 characters, got 1000001/],
];

describe('a document is refused that has', () => {
  test.each(REFUSED)('%s', (_, text, problem) => {
    const problems = syntaxProblems(text);
    expect(problems.join('\n')).toMatch(problem);
    for (const line of problems) expect(line).toMatch(/^MANIFEST_SYNTAX/);
  });

  test('several mistakes, all at once', () => {
    expect(syntaxProblems('name: &a x\nname: 01\nid: *a\n')).toEqual([
      'MANIFEST_SYNTAX 1:10 the value has an anchor or a tag',
      'MANIFEST_SYNTAX 2:1 the key `name` is repeated',
      'MANIFEST_SYNTAX 3:5 the value is an alias',
    ]);
  });

  test('text of another kind, which is not repeated', () => {
    const secret = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
    for (const text of [secret, `@${secret}`, `"${secret}`, `%${secret}`, `key: "a" ${secret}`, `[${secret}`]) {
      try {
        parseManifest(text);
        expect.fail('expected an error, got none');
      } catch (error) {
        if (!(error instanceof SealroomError)) throw error;
        expect(JSON.stringify(listProblems(error).map(({ message, hint }) => [message, hint]))).not.toContain(secret);
      }
    }
  });

  test('a merge key, which is a key like any other', () => {
    expect(syntaxProblemsOrRules('<<: { name: x }\n')).toContain('`["<<"]`: unknown key');
  });

  test('a key that is the prototype of objects', () => {
    expect(syntaxProblemsOrRules('{"__proto__": {"name": "x"}}')).toContain('`__proto__`: unknown key');
  });
});

function syntaxProblemsOrRules(text: string): string {
  return syntaxProblems(text).join('\n');
}

test('whatever the text, the answer is a manifest or an error of ours', () => {
  const text = JSON.stringify(MANIFEST);
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(40), fc.string({ unit: 'binary', maxLength: 8 }), (at, length, other) => {
      try {
        parseManifest(text.slice(0, at) + other + text.slice(at + length));
      } catch (error) {
        expect(error).toBeInstanceOf(SealroomError);
      }
    }),
    { numRuns: runs(300), seed: 8785 },
  );
});

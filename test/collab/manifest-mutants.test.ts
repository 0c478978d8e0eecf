import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import {
  approveTemplate,
  insertSignature,
  insertWithdrawal,
  parseManifest,
  printPublicKey,
  signManifest,
  withdrawApproval,
} from 'sealroom/collab';
import { SealroomError } from '#src/errors/sealroom-error';
import { keyOf } from '../support/manifests.ts';
import { mutantsOf } from '../support/mutants.ts';
import { runs } from '../support/runs.ts';

const NOW = new Date('2026-11-24T12:00:00Z');

/** A small manifest that has every part: people, secrets, a table, a template with an approval and a withdrawal, signatures. */
function fullManifest(): string {
  const text = JSON.stringify({
    version: 1,
    id: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33',
    name: 'a',
    dialect: 'duckdb',
    settings: {
      allowCleartext: true,
      allowDuplicates: true,
      preserveNulls: false,
      allowJoinsOnColumnsWithDifferentNames: false,
    },
    secretIds: { 1: 'ab'.repeat(32) },
    members: [
      { id: 'a', abilities: ['CAN_QUERY', 'CAN_RECEIVE_RESULTS'], publicKeys: { sign: printPublicKey(keyOf('a')) } },
      { id: 'b', abilities: [], people: [{ id: 'r', roles: ['RULE_APPROVER'], sign: printPublicKey(keyOf('r')) }] },
    ],
    tables: [
      {
        name: 't',
        owner: 'b',
        columns: [{ name: 'x', protection: 'cleartext', type: 'DATE' }],
        analysisRule: { type: 'CUSTOM', policy: { v1: { custom: { allowedAnalyses: ['q'] } } } },
      },
    ],
    templates: [{ id: 'q', sql: 'SELECT 1', parameters: [{ name: 'p', type: 'DATE', default: '2026-01-01' }] }],
    'x-signedTables': 'required',
  });
  const manifest = parseManifest(text);
  const withdrawal = withdrawApproval(manifest, 'q', 'a', keyOf('a'), NOW);
  const approval = approveTemplate(manifest, 'q', 'b', keyOf('r'), NOW);
  const signature = signManifest(manifest, 'a', keyOf('a'));
  return insertSignature(insertSignature(insertWithdrawal(text, withdrawal, 'q'), approval, 'q'), signature, null);
}

test('whatever is done to the bytes of a manifest, it is read or refused with an error of ours', () => {
  const json = fullManifest();
  const yaml = stringify(JSON.parse(json), { lineWidth: 0 });
  const originals = [JSON.stringify(JSON.parse(json)), yaml].map((text) => Buffer.from(text));
  const outcomes = { read: 0, refused: 0 };
  fc.assert(
    fc.property(mutantsOf(originals), (bytes) => {
      try {
        parseManifest(bytes.toString('utf8'), { file: 'm.yaml' });
        outcomes.read += 1;
      } catch (error) {
        if (!(error instanceof SealroomError)) throw error;
        expect(error.code).toMatch(/^MANIFEST_/);
        outcomes.refused += 1;
      }
    }),
    { numRuns: runs(10_000), seed: 8785 },
  );
  expect(outcomes.read).toBeGreaterThan(0);
  expect(outcomes.refused).toBeGreaterThan(outcomes.read);
});

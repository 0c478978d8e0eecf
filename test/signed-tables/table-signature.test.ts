import { writeFile } from 'node:fs/promises';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTableSignature, signaturePath } from 'sealroom/tabular';
import { SealroomError } from '#src/errors/sealroom-error';
import { printPublicKey, signStatement } from '#src/signing/index';
import { parseTableSignature } from '#src/signed-tables/parse-table-signature';
import { signTable, TABLE_PAYLOAD_TYPE } from '#src/signed-tables/table-signature';
import { ID } from '../support/cli.ts';
import { keyOf } from '../support/manifests.ts';
import { mutantsOf } from '../support/mutants.ts';
import { runs } from '../support/runs.ts';
import { errorOf, failureOf, Folder, SEED } from '../tabular/support.ts';

const CLAIMS = {
  collaborationId: ID,
  generation: 1,
  secretId: 'ab'.repeat(32),
  manifestSha256: 'cd'.repeat(32),
  table: 'people',
  created: '2026-11-24T12:00:00.000Z',
};
const FACTS = {
  columns: [
    { name: 'mail', protection: 'fingerprint', type: 'string' },
    { name: 'spend', protection: 'cleartext', type: 'decimal(18,2)' },
  ],
  rows: 2,
  root: new Uint8Array(32).fill(9),
} as const;

const KEY = keyOf('pub');
const TEXT = signTable(CLAIMS, FACTS, KEY);

/** A DSSE envelope, written from its specification. */
function sealed(body: string, type = TABLE_PAYLOAD_TYPE, signedAs = type): string {
  const signature = { keyid: printPublicKey(KEY), sig: signStatement(signedAs, body, KEY) };
  return JSON.stringify({ payloadType: type, payload: Buffer.from(body).toString('base64'), signatures: [signature] });
}

const BODY = Buffer.from((JSON.parse(TEXT) as { payload: string }).payload, 'base64').toString();

test('F-97 the statement is canonical JSON with the facts of the table, in a DSSE envelope', () => {
  expect(BODY).toBe(
    canonicalize({
      version: 1,
      ...CLAIMS,
      columns: FACTS.columns,
      rows: 2,
      root: '09'.repeat(32),
    }),
  );
  expect(parseTableSignature(sealed(BODY), 'x')).toEqual(parseTableSignature(TEXT, 'x'));
  expect(parseTableSignature(TEXT, 'x')).toMatchObject({ key: printPublicKey(KEY), file: 'x', statement: CLAIMS });
});

describe('F-97 a signature is refused', () => {
  const parts = JSON.parse(TEXT) as { payload: string; signatures: { keyid: string; sig: string }[] };
  const [signature = { keyid: '', sig: '' }] = parts.signatures;
  const value = JSON.parse(BODY) as Record<string, unknown>;
  const body = (changes: Record<string, unknown>): string => canonicalize({ ...value, ...changes }) ?? '';
  test.each([
    ['that is no JSON', 'x'],
    ['with another body', JSON.stringify({ ...parts, payload: Buffer.from(body({ rows: 3 })).toString('base64') })],
    ['of another type', sealed(BODY, 'application/vnd.sealroom.manifest.sha256')],
    ['over another type', sealed(BODY, TABLE_PAYLOAD_TYPE, 'application/vnd.sealroom.card.v1+json')],
    [
      'by another key than it names',
      JSON.stringify({ ...parts, signatures: [{ ...signature, keyid: printPublicKey(keyOf('brand')) }] }),
    ],
    ['with no signature', JSON.stringify({ ...parts, signatures: [] })],
    ['with two signatures', JSON.stringify({ ...parts, signatures: [signature, signature] })],
    ['with more in it', JSON.stringify({ ...parts, more: 1 })],
    ['with a space in its Base64', JSON.stringify({ ...parts, payload: ` ${parts.payload}` })],
    ['whose body is not canonical', sealed(JSON.stringify(value, null, 1))],
    ['of another version', sealed(body({ version: 2 }))],
    ['with a member too many', sealed(body({ more: 1 }))],
    ['without a member', sealed(body({ root: undefined }))],
    ['with a type that does not exist', sealed(body({ columns: [{ name: 'a', protection: 'sealed', type: 'uuid' }] }))],
    ['without columns', sealed(body({ columns: [] }))],
    ['with rows below zero', sealed(body({ rows: -1 }))],
    ['that is too long', `${TEXT}${' '.repeat(1 << 22)}`],
  ])('%s', (_, text) => {
    const error = errorOf(() => parseTableSignature(text, '/t.csv.sealroom.sig.json'));
    expect(error).toMatchObject({ code: 'FORMAT_SIGNATURE', where: { file: '/t.csv.sealroom.sig.json' } });
    expect(error.hint).toBeDefined();
  });
});

test('F-97 10,000 changed signatures are refused, or say the same', () => {
  const statement = parseTableSignature(TEXT, 'x');
  fc.assert(
    fc.property(mutantsOf([Buffer.from(TEXT), Buffer.from(sealed(BODY))]), (mutant) => {
      try {
        expect(parseTableSignature(mutant.toString(), 'x')).toEqual(statement);
      } catch (error) {
        if (!(error instanceof SealroomError)) throw error;
        expect(error.code).toBe('FORMAT_SIGNATURE');
      }
    }),
    { seed: SEED, numRuns: runs(10_000) },
  );
});

test('F-97 10,000 changed statements, signed again, are refused or well-formed', () => {
  fc.assert(
    fc.property(mutantsOf([Buffer.from(BODY)]), (mutant) => {
      try {
        const { statement } = parseTableSignature(sealed(mutant.toString()), 'x');
        expect(canonicalize(statement)).toBe(mutant.toString());
      } catch (error) {
        if (!(error instanceof SealroomError)) throw error;
        expect(error.code).toBe('FORMAT_SIGNATURE');
      }
    }),
    { seed: SEED, numRuns: runs(10_000) },
  );
});

describe('the signature of a file', () => {
  const folder = new Folder();

  test('is beside it; none is none, and what cannot be read is an error', async () => {
    const path = folder.write('.csv', 'a\n1\n');
    const input = { kind: 'file', path } as const;
    expect(await readTableSignature(input)).toBeNull();
    expect(await readTableSignature({ kind: 'memory', bytes: new Uint8Array(), format: 'csv' })).toBeNull();
    await writeFile(signaturePath(path), TEXT);
    expect(await readTableSignature(input)).toMatchObject({ file: signaturePath(path) });
    expect(await failureOf(readTableSignature({ kind: 'file', path: `${path}\0` }))).toMatchObject({ code: 'IO_READ' });
  });
});

import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import {
  approveTemplate,
  diffManifests,
  insertSignature,
  insertWithdrawal,
  type Manifest,
  parseManifest,
  signManifest,
  verifyManifest,
  withdrawApproval,
} from 'sealroom/collab';
import { newestWithdrawals, type Withdrawal } from '#src/collab/index';
import { signStatement } from '#src/signing/index';
import { keyOf, manifestOfContext, withValue } from '../support/manifests.ts';

const VALUE = manifestOfContext('customTemplates');
const TEXT = stringify(VALUE, { lineWidth: 0 });
const ID = 'tmpl-reach';

const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 12, 0, second));

function approve(text: string, second: number, member = 'pub'): string {
  const approval = approveTemplate(parseManifest(text), ID, member, keyOf(member), at(second));
  return insertSignature(text, approval, ID);
}

function withdraw(text: string, second: number, member = 'pub'): string {
  return insertWithdrawal(text, withdrawApproval(parseManifest(text), ID, member, keyOf(member), at(second)), ID);
}

const approversOf = ({ templates }: Manifest): readonly string[] =>
  templates.find(({ id }) => id === ID)?.approvedBy ?? [];

const statesOf = (text: string): readonly string[] =>
  verifyManifest(parseManifest(text))
    .filter(({ template }) => template !== null)
    .map(({ member, template, state }) => `${member}/${String(template)} ${state}`);

/** Approves as releases did before approvals had a time. */
function approveWithoutTime(text: string): string {
  const { sha256 } = approveTemplate(parseManifest(text), ID, 'pub', keyOf('pub'), at(0));
  const signature = signStatement('application/vnd.sealroom.template.sha256', sha256, keyOf('pub'));
  return insertSignature(text, { member: 'pub', sha256, signature }, ID);
}

describe('the withdrawal of an approval', () => {
  test('takes the approval out of the manifest, and its hash stays', () => {
    const approved = approve(approve(TEXT, 1), 1, 'brand');
    const withdrawn = withdraw(approved, 2);
    const manifest = parseManifest(withdrawn);
    expect(approversOf(parseManifest(approved))).toEqual(['pub', 'brand']);
    expect(approversOf(manifest)).toEqual(['brand']);
    expect(manifest.sha256).toBe(parseManifest(TEXT).sha256);
    expect(statesOf(withdrawn)).toEqual([`brand/${ID} holds`, `pub/${ID} withdrawn`]);
    expect(diffManifests(parseManifest(approved), manifest)).toEqual([
      { effect: 'changes', subject: `template ${ID}`, text: 'approved by: brand, was pub, brand' },
    ]);
  });

  test('holds against an approval that is put back from an older copy', () => {
    const approved = approve(TEXT, 1);
    const [withdrawal] = parseManifest(withdraw(approved, 2)).withdrawals;
    const back = stringify({ ...(parse(approved) as object), withdrawals: [withdrawal] });
    expect(approversOf(parseManifest(back))).toEqual([]);
    expect(statesOf(back)).toEqual([`pub/${ID} withdrawn`]);
  });

  test('holds against an older copy without it, for whoever knows it', () => {
    const approved = approve(TEXT, 1);
    const { templates } = parseManifest(withdraw(approved, 2));
    const withdrawals = templates.flatMap((template) => template.withdrawals);
    expect(approversOf(parseManifest(approved))).toEqual(['pub']);
    expect(approversOf(parseManifest(approved, { withdrawals }))).toEqual([]);
  });

  test('holds against an approval from before they had a time', () => {
    const old = approveWithoutTime(TEXT);
    expect(approversOf(parseManifest(old))).toEqual(['pub']);
    const { withdrawals } = parseManifest(withdraw(old, 2));
    const back = stringify({ ...(parse(old) as object), withdrawals });
    expect(statesOf(back)).toEqual([`pub/${ID} withdrawn`]);
  });

  test('ends where its member approves again, also if the clock stands still or goes back', () => {
    for (const second of [3, 2, 0]) {
      const again = approve(withdraw(approve(TEXT, 1), 2), second);
      expect(approversOf(parseManifest(again))).toEqual(['pub']);
      expect(statesOf(again)).toEqual([`pub/${ID} holds`]);
      const gone = withdraw(again, second);
      expect(approversOf(parseManifest(gone))).toEqual([]);
      expect(parseManifest(gone).withdrawals).toHaveLength(1);
    }
  });

  test('is of its member, template and version only', () => {
    const both = approve(approve(TEXT, 1), 1, 'brand');
    expect(approversOf(parseManifest(withdraw(both, 2, 'brand')))).toEqual(['pub']);
    const index = parseManifest(TEXT).templates.findIndex(({ id }) => id === ID);
    const next = withValue(VALUE, ['templates', index, 'sql'], 'SELECT 1 FROM visits');
    const { withdrawals } = parseManifest(withdraw(both, 2));
    const renewed = approve(stringify({ ...next, withdrawals }), 1);
    expect(approversOf(parseManifest(renewed))).toEqual(['pub']);
    expect(statesOf(renewed)).toEqual([`pub/${ID} holds`]);
  });

  test('is refused if it was not made with a key of its member, or was changed', () => {
    const { withdrawals } = parseManifest(withdraw(approve(TEXT, 1), 2));
    const [withdrawal] = withdrawals;
    const later = { ...withdrawal, time: '2027-01-01T00:00:00.000Z' };
    const other = { ...withdrawal, member: 'brand' };
    for (const forged of [later, other]) {
      const text = stringify({ ...(parse(approve(TEXT, 1)) as object), withdrawals: [forged] });
      expect(approversOf(parseManifest(text))).toEqual(['pub']);
      expect(statesOf(text)).toEqual([`pub/${ID} holds`, `${forged.member ?? ''}/${ID} wrong`]);
    }
    const strange = { ...withdrawal, sha256: 'a'.repeat(64) };
    expect(statesOf(stringify({ ...VALUE, withdrawals: [strange] }))).toEqual([`pub/${'a'.repeat(64)} wrong`]);
  });

  test('is no approval, nor the other way round', () => {
    const { withdrawals, templates } = parseManifest(withdraw(approve(TEXT, 1), 2));
    const index = templates.findIndex(({ id }) => id === ID);
    const asApproval = withValue(VALUE, ['templates', index, 'approvals'], withdrawals);
    expect(statesOf(stringify(asApproval))).toEqual([`pub/${ID} wrong`]);
    const [approval] = parseManifest(approve(TEXT, 1)).templates[index]?.approvals ?? [];
    expect(statesOf(stringify({ ...VALUE, withdrawals: [approval] }))).toEqual([`pub/${ID} wrong`]);
  });

  test('needs a time, and there is one for each member and template', () => {
    const { withdrawals } = parseManifest(withdraw(TEXT, 2));
    const problemOf = (list: readonly object[]) => () => parseManifest(stringify({ ...VALUE, withdrawals: list }));
    expect(problemOf([...withdrawals, ...structuredClone(withdrawals)])).toThrow(/there is already a signature of pub/);
    expect(problemOf(withdrawals.map((each) => ({ ...each, time: undefined })))).toThrow(/withdrawals\[0\]\.time/);
    expect(problemOf(withdrawals.map((each) => ({ ...each, time: '2026-01-01' })))).toThrow(/a time in UTC/);
  });

  test('a signature of the manifest has no time', () => {
    const manifest = parseManifest(TEXT);
    const signature = { ...signManifest(manifest, 'pub', keyOf('pub')), time: at(0).toISOString() };
    expect(() => parseManifest(stringify({ ...VALUE, signatures: [signature] }))).toThrow(/unknown key/);
  });

  test('the newest of each member and template counts', () => {
    const times = ['2026-01-02T00:00:00.000Z', '2026-01-03T00:00:00.000Z', '2026-01-01T00:00:00.000Z'];
    const of = (member: string, time = ''): Withdrawal => ({ member, sha256: 'a'.repeat(64), time });
    expect(newestWithdrawals([...times.map((time) => of('pub', time)), of('brand', times[2])])).toEqual([
      of('brand', times[2]),
      of('pub', times[1]),
    ]);
  });
});

import { describe, expect, test } from 'vitest';
import { readSignerFile } from 'sealroom/audit';
import {
  checkpointOf,
  createMember,
  createSecret,
  exportForMember,
  proveFromLog,
  showRecords,
  verifyAudit,
} from '#src/actions/member/index';
import { HomeSession } from '../../support/homes.ts';
import { actionsOf, environmentOf, PEOPLE_FILE, sessionWithSecret } from '../support.ts';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('the log of the home', () => {
  test('is verified with the key of the home, and proven', async () => {
    await using session = await sessionWithSecret();
    const environment = environmentOf(session);
    const earlier = await checkpointOf(environment, {});
    expect(await verifyAudit(environment, {}, { text: earlier })).toMatchObject({
      kind: 'log',
      report: { records: 1, problems: [] },
    });
    const wish = { collaboration: { manifest: PEOPLE_FILE }, key: 'age:a.key', isImported: false };
    await session.becomes('kim');
    await createSecret(environment, wish);
    await session.session.put('proof', await proveFromLog(environment, {}, { kind: 'growth', from: 1 }));
    const keys = { text: await keyLine(session) };
    const choice = { log: session.path('proof'), keys };
    expect(await verifyAudit(environment, choice, { text: earlier })).toMatchObject({
      kind: 'growth',
      report: { size: 2 },
    });
    await expect(verifyAudit(environment, choice, undefined)).rejects.toMatchObject({ code: 'USAGE_OPTION' });
    expect(await proveFromLog(environment, {}, { kind: 'record', record: 0 })).toContain('c2sp.org/tlog-proof');
  });

  test('is shown whole, or what was done with one key', async () => {
    await using session = await sessionWithSecret();
    const environment = environmentOf(session);
    expect(await all(showRecords(environment, {}, {}))).toHaveLength(1);
    expect(
      await all(showRecords(environment, {}, { about: { kind: 'wrapping-key', uri: `age:${session.path('a.key')}` } })),
    ).toHaveLength(1);
    expect(await all(showRecords(environment, {}, { about: { kind: 'wrapping-key', uri: 'age:/other' } }))).toEqual([]);
  });

  test('is exported for a member, and the export is verified', async () => {
    await using session = await HomeSession.start();
    const environment = environmentOf(session);
    await createMember(environment, { id: 'brand', isClassic: true });
    await createSecret(environment, {
      collaboration: { id: '5ea1ed00-0000-4000-8000-000000000000' },
      key: 'age:a.key',
      isImported: false,
    });
    const lines = await all(exportForMember(environment, {}, { member: 'brand' }));
    await session.session.put('export', lines.map((line) => `${line}\n`).join(''));
    const choice = { log: session.path('export'), keys: { text: await keyLine(session) } };
    expect(await verifyAudit(environment, choice, undefined)).toMatchObject({
      kind: 'export',
      report: { records: 1, problems: [] },
    });
    const seen = { text: await checkpointOf(environment, {}) };
    expect(await verifyAudit(environment, choice, seen)).toMatchObject({ report: { records: 1, problems: [] } });
    await createSecret(environment, {
      collaboration: { id: '5ea1ed00-0000-4000-8000-000000000001' },
      key: 'age:a.key',
      isImported: false,
    });
    const later = { text: await checkpointOf(environment, {}) };
    expect(await verifyAudit(environment, choice, later)).toMatchObject({
      report: { problems: [{ message: expect.stringMatching(/of a log of 2 records, and the export is of 1$/) }] },
    });
  });

  test('only auditors see it where the manifest has people, and a refusal is recorded', async () => {
    await using session = await sessionWithSecret();
    const environment = environmentOf(session);
    const auditor = { manifest: PEOPLE_FILE };
    await session.becomes('kim');
    await expect(all(showRecords(environment, {}, auditor))).rejects.toMatchObject({ code: 'RULE_ROLE' });
    const exported = all(exportForMember(environment, {}, { ...auditor, member: 'brand' }));
    await expect(exported).rejects.toMatchObject({ code: 'RULE_ROLE' });
    expect(await actionsOf(session)).toEqual(['create new', 'refuse audit', 'refuse audit']);
    await session.becomes('abe');
    expect(await all(showRecords(environment, {}, auditor))).toHaveLength(3);
  });

  test('of somebody else needs keys; what was seen is not empty', async () => {
    await using session = await sessionWithSecret();
    const environment = environmentOf(session);
    const log = session.path('home/log');
    await expect(verifyAudit(environment, { log }, undefined)).rejects.toMatchObject({ code: 'USAGE_OPTION' });
    await expect(verifyAudit(environment, {}, { text: '' })).rejects.toMatchObject({ code: 'USAGE_OPTION' });
    const other = { log: session.path('none'), keys: { text: await keyLine(session) } };
    await expect(verifyAudit(environment, other, undefined)).rejects.toMatchObject({ code: 'IO_READ' });
  });
});

/** The verifier key of the home's log. */
async function keyLine(session: HomeSession): Promise<string> {
  return (await readSignerFile(session.path('home/log.key'))).verifier.toString();
}

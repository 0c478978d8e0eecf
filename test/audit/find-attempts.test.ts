import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkInclusionProof } from 'sealroom/audit';
import { type AttemptTrace, findAttempts } from '#src/audit/index';
import { LogFolder, refused, released, start } from './support.ts';

function find(folder: LogFolder, ...attempts: readonly string[]): Promise<ReadonlyMap<string, AttemptTrace>> {
  return findAttempts({ directory: folder.directory, verifiers: [folder.signer.verifier] }, attempts);
}

test('finds what a log has of attempts: a start, an end with its proof, both, or nothing', async () => {
  await using folder = await LogFolder.create();
  const [running, over, none, other] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const refusal = refused();
  {
    await using log = await folder.open();
    for (const attempt of [running, over, other]) await start(log, attempt);
    await log.append(released(over));
    await log.append(refusal);
  }
  const found = await find(folder, running, over, none, refusal.attempt);
  expect([...found.keys()]).toEqual([running, over, refusal.attempt]);
  expect(found.get(running)).toMatchObject({
    start: { event: { kind: 'start', attempt: running }, time: '2026-11-24T12:00:00.000Z' },
    end: null,
  });
  expect(found.get(refusal.attempt)).toMatchObject({ start: null, end: { event: { outcome: { kind: 'refused' } } } });
  const { start: began, end } = found.get(over) ?? {};
  expect([began?.event.attempt, end?.event.attempt]).toEqual([over, over]);
  const { index = -1, record = '', proof = '', checkpoint } = end?.receipt ?? {};
  expect([index, record]).toEqual([3, (await folder.lines())[3]]);
  expect(checkpoint).toBe(await folder.read('checkpoint'));
  expect(checkInclusionProof(proof, Buffer.from(record), [folder.signer.verifier]).index).toBe(3);
});

test('does not take the text of a query for an attempt', async () => {
  await using folder = await LogFolder.create();
  const [attempt, named] = [randomUUID(), randomUUID()];
  {
    await using log = await folder.open();
    const question = { template: null, parameters: {}, sql: `"attempt":"${named}"`, sqlSha256: '0'.repeat(64) };
    await log.append(refused({ attempt, question }));
    await log.append(refused({ attempt: randomUUID(), ir: null, receivers: [`"attempt":"${named}"`] }));
  }
  expect([...(await find(folder, named)).keys()]).toEqual([]);
  expect([...(await find(folder, attempt, named)).keys()]).toEqual([attempt]);
});

test('refuses a log that is not as it was signed', async () => {
  await using folder = await LogFolder.create();
  await folder.fill(6);
  const lines = await folder.lines();
  const changed = lines.map((line, index) => (index === 2 ? line.replace('"brand"', '"rival"') : line));
  await writeFile(join(folder.directory, 'log.jsonl'), `${changed.join('\n')}\n`);
  await expect(find(folder, randomUUID())).rejects.toMatchObject({ code: 'AUDIT_CHAIN' });
});

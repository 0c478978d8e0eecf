import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type AuditReport,
  parseRecord,
  printRecord,
  signCheckpoint,
  verifyLog,
  verifyRecords,
  HashTree,
  hashLeaf,
} from 'sealroom/audit';
import { LogFolder, refused } from './support.ts';
import { runs } from '../support/runs.ts';

const RECORDS = 14;

let folder: LogFolder;
let bytes: Buffer;
let lines: readonly string[];
let checkpoint: string;

beforeAll(async () => {
  folder = await LogFolder.create();
  await folder.fill(RECORDS);
  bytes = Buffer.from(await folder.read('log.jsonl'));
  lines = await folder.lines();
  checkpoint = await folder.read('checkpoint');
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

function verify(seen: readonly string[] = []): Promise<AuditReport> {
  return verifyLog({ directory: folder.directory, verifiers: [folder.signer.verifier], seen });
}

async function verifyBytes(content: Uint8Array | string, seen: readonly string[] = []): Promise<AuditReport> {
  await folder.write('log.jsonl', content);
  try {
    const report = await verify(seen);
    // The same in memory, as a page does it.
    const trusted = { verifiers: [folder.signer.verifier], seen };
    expect(await verifyRecords(new Uint8Array(Buffer.from(content)), await folder.read('checkpoint'), trusted)).toEqual(
      report,
    );
    return report;
  } finally {
    await folder.write('log.jsonl', bytes);
  }
}

const joinLines = (some: readonly string[]): string => some.map((line) => `${line}\n`).join('');

/** The numbers of the records that a report is about. */
function blamed({ problems }: AuditReport): readonly (number | null)[] {
  return problems.map(({ record }) => record);
}

/** The checkpoint that the runner signed when the log had so many records. */
function checkpointAt(size: number): string {
  const tree = new HashTree(lines.slice(0, size).map((line) => hashLeaf(Buffer.from(line))));
  return signCheckpoint({ size, root: tree.root() }, folder.signer);
}

/** The log with a changed record, and all links after it made anew. */
function relink(index: number): string {
  let previous: string | null = null;
  return joinLines(
    lines.map((line, place) => {
      const record = parseRecord(Buffer.from(line));
      const time = place >= index ? '2026-11-24T12:00:00.001Z' : record.time;
      const printed = printRecord({ ...record, time, previous });
      previous = Buffer.from(hashLeaf(printed)).toString('hex');
      return Buffer.from(printed).toString('utf8');
    }),
  );
}

describe('A-50 verification', () => {
  test('finds nothing in a whole log', async () => {
    expect(await verify()).toMatchObject({
      origin: folder.signer.verifier.name,
      records: RECORDS,
      checkpoints: 1,
      signedBy: [`${folder.signer.verifier.name}+${folder.signer.verifier.keyId}`],
      unfinished: [],
      problems: [],
    });
    const earlier = [1, 5, RECORDS].map(checkpointAt);
    expect(await verify(earlier)).toMatchObject({ checkpoints: 4, problems: [] });
  });

  test('finds any changed byte, and says in which record it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (place, change) => {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(place) ^ change, place);
        const report = await verifyBytes(changed);
        const index = bytes.subarray(0, place).toString('utf8').split('\n').length - 1;
        // No record after the last one has its hash: if it is still a record, the checkpoint says that one of all was changed.
        const isLast = index === RECORDS - 1;
        expect(blamed(report)).toSatisfy(
          (all: readonly unknown[]) => all.includes(index) || (isLast && all.includes(null)),
        );
      }),
      { seed: 7, numRuns: runs(400) },
    );
  });

  test('finds any removed or inserted byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.option(fc.integer({ min: 0, max: 255 })), async (place, added) => {
        const middle = added === null ? [] : [added, bytes.readUInt8(place)];
        const changed = Buffer.concat([bytes.subarray(0, place), Buffer.from(middle), bytes.subarray(place + 1)]);
        expect((await verifyBytes(changed)).problems).not.toEqual([]);
      }),
      { seed: 7, numRuns: runs(200) },
    );
  });

  test('finds each removed record, and says which', async () => {
    for (const index of lines.keys()) {
      const report = await verifyBytes(joinLines(lines.filter((_, place) => place !== index)));
      expect(blamed(report)).toContain(index);
    }
  });

  test('finds each record that was put in twice, at any place', async () => {
    for (const [index, line] of lines.entries()) {
      for (const place of [0, 5, index, index + 1, RECORDS]) {
        const report = await verifyBytes(joinLines(lines.toSpliced(place, 0, line)));
        // A copy beside its original is the second of the two.
        expect(blamed(report)).toContain(place === index ? index + 1 : place);
      }
    }
  });

  test('finds any two records that were exchanged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(RECORDS - 1), fc.nat(RECORDS - 1), async (one, two) => {
        fc.pre(one !== two);
        const exchanged = lines.with(one, lines[two] ?? '').with(two, lines[one] ?? '');
        expect(blamed(await verifyBytes(joinLines(exchanged)))).toContain(Math.min(one, two));
      }),
      { seed: 7, numRuns: runs(100) },
    );
  });

  test('finds where a log was cut, also in the middle of a record', async () => {
    for (let index = 0; index < RECORDS; index++) {
      expect(blamed(await verifyBytes(joinLines(lines.slice(0, index))))).toEqual([index]);
    }
    expect(blamed(await verifyBytes(bytes.subarray(0, -1)))).toContain(RECORDS - 1);
  });

  test('finds text that is no record, and does not blame the records after it', async () => {
    for (const text of ['', 'x', '{}', '\u0000']) {
      expect(blamed(await verifyBytes(joinLines(lines.toSpliced(3, 0, text))))).toEqual([3, null, RECORDS]);
    }
  });

  test('finds records that were changed and linked anew', async () => {
    for (const index of [0, 6, RECORDS - 1]) {
      const [problem, ...others] = (await verifyBytes(relink(index))).problems;
      expect(others).toEqual([]);
      expect(problem?.record).toBe(RECORDS - 1);
      expect(problem?.message).toMatch(`the checkpoint of ${String(RECORDS)} records does not match`);
    }
  });

  test('narrows them down by the checkpoints seen before', async () => {
    const seen = lines.map((_, index) => checkpointAt(index + 1));
    for (const index of [0, 6, RECORDS - 1]) {
      const [problem] = (await verifyBytes(relink(index), seen)).problems;
      expect(problem?.record).toBe(index);
      expect(problem?.message).toMatch(`records ${String(index)} to ${String(index)} were changed`);
    }
  });

  test('finds a log that was put back to an earlier state, given a checkpoint seen since', async () => {
    await folder.write('checkpoint', checkpointAt(8));
    try {
      const cut = joinLines(lines.slice(0, 8));
      expect((await verifyBytes(cut)).problems).toEqual([]);
      expect(await verifyBytes(cut, [checkpoint])).toMatchObject({
        problems: [{ record: 8, message: `records up to ${String(RECORDS - 1)} were signed but are missing` }],
      });
      expect(blamed(await verify())).toEqual([8]);
    } finally {
      await folder.write('checkpoint', checkpoint);
    }
  });

  test('A-51 names a fork, with both checkpoints, and blames no record for it', async () => {
    const fork = signCheckpoint({ size: 6, root: new Uint8Array(32) }, folder.signer);
    const message = 'the signer of `runner.example/spring` signed two logs: its checkpoints of 6 records differ';
    expect((await verify([checkpointAt(6), fork])).problems).toEqual([
      { record: null, message, evidence: [checkpointAt(6), fork] },
    ]);
    const last = signCheckpoint({ size: RECORDS, root: new Uint8Array(32) }, folder.signer);
    expect((await verify([last])).problems).toMatchObject([{ evidence: [checkpoint, last] }]);
    // If neither matches, the records were changed, too.
    const second = signCheckpoint({ size: 6, root: new Uint8Array(32).fill(1) }, folder.signer);
    expect((await verify([fork, second])).problems).toMatchObject([
      { message, evidence: [fork, second] },
      { message: expect.stringContaining('records 0 to 5 were changed') },
    ]);
    // The same checkpoint twice is none.
    expect((await verify([checkpoint, checkpointAt(6), checkpointAt(6)])).problems).toEqual([]);
  });

  test('finds checkpoints that are not of this log, or not signed', async () => {
    await using other = await LogFolder.create();
    expect((await verify([await other.read('checkpoint')])).problems).toHaveLength(1);
    expect((await verify([checkpoint.replace('14', '15')])).problems).toHaveLength(1);
    expect((await verify(['x'])).problems[0]?.message).toMatch('checkpoint 1 seen before');
  });

  test('reads a copy that has no lock', async () => {
    const copy = join(folder.root, 'copy');
    await folder.copyTo(copy);
    await rm(join(copy, 'lock'));
    const report = await verifyLog({ directory: copy, verifiers: [folder.signer.verifier], seen: [] });
    expect(report.problems).toEqual([]);
  });

  test('reads records that are longer than a piece of the file', async () => {
    await using large = await LogFolder.create();
    {
      await using log = await large.open();
      for (const letter of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
        await log.append(refused({ ir: letter.repeat(99_000) }));
    }
    await using log = await large.open();
    await log.append(refused());
    const report = await verifyLog({ directory: large.directory, verifiers: [large.signer.verifier], seen: [] });
    expect(report).toMatchObject({ records: 9, problems: [] });
  });

  test('needs a log', async () => {
    await expect(verifyLog({ directory: '/nowhere', verifiers: [], seen: [] })).rejects.toMatchObject({
      code: 'IO_READ',
    });
  });
});

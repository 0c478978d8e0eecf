import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SealroomError } from 'sealroom';
import {
  checkConsistencyProof,
  type ExportReport,
  exportRecords,
  HashTree,
  hashLeaf,
  proveGrowth,
  signCheckpoint,
  verifyExport,
} from 'sealroom/audit';
import { checkedExport } from '#src/audit/index';
import { mutantsOf } from '../support/mutants.ts';
import { runs } from '../support/runs.ts';
import { LogFolder } from './support.ts';

let folder: LogFolder;
let short: readonly string[];
let long: readonly string[];
let checkpoint: string;

beforeAll(async () => {
  folder = await LogFolder.create();
  await folder.fill(5);
  short = await exportLines();
  await folder.fill(4);
  long = await exportLines();
  checkpoint = await folder.read('checkpoint');
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function exportLines(): Promise<readonly string[]> {
  const lines: string[] = [];
  const source = { directory: folder.directory, verifiers: [folder.signer.verifier] };
  for await (const line of exportRecords(source, 'brand')) lines.push(line);
  return lines;
}

function verify(lines: readonly string[], seen: readonly string[] = []): ExportReport {
  return verifyExport(lines.map((line) => `${line}\n`).join(''), [folder.signer.verifier], seen);
}

const messages = (report: ExportReport): readonly string[] => report.problems.map(({ message }) => message);

/** The export of another log that the same signer signed, of as many records. */
async function exportOfFork(): Promise<readonly string[]> {
  await using other = await LogFolder.create();
  const lines = await folder.lines();
  const tree = new HashTree(lines.map((line) => hashLeaf(Buffer.from(line.replace('brand', 'brane')))));
  const note = signCheckpoint({ size: tree.size, root: tree.root() }, folder.signer);
  await other.write('log.jsonl', lines.map((line) => `${line.replace('brand', 'brane')}\n`).join(''));
  await other.write('checkpoint', note);
  const exported: string[] = [];
  const source = { directory: other.directory, verifiers: [folder.signer.verifier] };
  for await (const line of exportRecords(source, 'brand')) exported.push(line);
  return exported;
}

describe('A-29 an export', () => {
  test('is of one log, under one checkpoint', () => {
    expect(verify(long)).toEqual({ records: 9, size: 9, problems: [] });
    expect(verify([])).toEqual({ records: 0, size: 0, problems: [] });
    expect(messages(verify([...short, ...long.slice(5)]))).toEqual(
      [6, 7, 8, 9].map((line) => `line ${String(line)}: its checkpoint is not that of the first line`),
    );
  });

  test('has its records in their order, each once', () => {
    const [first = '', second = '', ...rest] = long;
    expect(messages(verify([first, first, second]))).toEqual(['line 2: record 0 follows record 0']);
    expect(messages(verify([second, first, ...rest]))).toEqual(['line 2: record 0 follows record 1']);
    // What a member may not see is missing, which nobody can tell from what was left out.
    expect(verify([first, ...rest]).problems).toEqual([]);
  });

  test('is passed on as it arrives, up to the first line that is wrong', async () => {
    async function passed(lines: readonly string[]): Promise<readonly string[]> {
      const through: string[] = [];
      async function* arriving(): AsyncGenerator<string> {
        for (const line of lines) yield await Promise.resolve(line);
      }
      try {
        for await (const line of checkedExport(arriving(), [folder.signer.verifier])) through.push(line);
      } catch (error) {
        through.push(error instanceof SealroomError ? error.code : String(error));
      }
      return through;
    }
    const [first = '', second = ''] = long;
    expect(await passed(long)).toEqual(long);
    expect(await passed([first, second.replace('brand', 'brane'), ...long.slice(2)])).toEqual([first, 'AUDIT_PROOF']);
    expect(await passed([first, first])).toEqual([first, 'AUDIT_PROOF']);
    expect(await passed([first, '{}'])).toEqual([first, 'AUDIT_RECORD']);
  });

  test("A-51 of two logs of one signer is named as the signer's fork, with both checkpoints", async () => {
    const fork = await exportOfFork();
    const report = verify([...long.slice(0, 5), ...fork.slice(5)]);
    expect(report.problems[0]).toMatchObject({
      record: null,
      message: 'the signer of `runner.example/spring` signed two logs: its checkpoints of 9 records differ',
      evidence: [checkpoint, expect.stringContaining('\n9\n')],
    });
    expect(verify(long.slice(0, 5)).problems).toEqual([]);
  });

  test('A-51 is compared with checkpoints that were seen before', async () => {
    const fork = signCheckpoint({ size: 9, root: new Uint8Array(32) }, folder.signer);
    expect(verify(long, [checkpoint]).problems).toEqual([]);
    expect(verify(long, [fork]).problems).toMatchObject([{ record: null, evidence: [checkpoint, fork] }]);
    expect(messages(verify(short, [checkpoint]))).toEqual([
      'checkpoint 1 seen before: it is of a log of 9 records, and the export is of 5',
    ]);
    await using stranger = await LogFolder.create();
    expect(messages(verify(long, [await stranger.read('checkpoint'), 'x']))).toEqual([
      expect.stringMatching(/^checkpoint 1 seen before: none of the signatures/),
      expect.stringMatching(/^checkpoint 2 seen before: /),
    ]);
  });

  test('mutants of it are problems or no export, and never another error', () => {
    const text = Buffer.from(long.map((line) => `${line}\n`).join(''));
    fc.assert(
      fc.property(mutantsOf([text]), (bytes) => {
        try {
          const mutant = bytes.toString();
          const { problems } = verifyExport(mutant, [folder.signer.verifier]);
          // Whatever passes is whole lines of the export, in their order.
          if (problems.length > 0) return;
          const isLine = (line: string): boolean => long.some((known) => sameLine(known, line));
          expect(
            mutant
              .split('\n')
              .slice(0, -1)
              .filter((line) => !isLine(line)),
          ).toEqual([]);
        } catch (error) {
          expect(error).toMatchObject({ code: 'AUDIT_RECORD' });
          expect(error).toBeInstanceOf(SealroomError);
        }
      }),
      { seed: 7, numRuns: runs(10_000) },
    );
  });
});

/** Whether two lines mean the same record and proof; JSON has several forms of one text. */
function sameLine(known: string, line: string): boolean {
  const of = (text: string): unknown[] => {
    const { proof, record } = JSON.parse(text) as Record<string, unknown>;
    return [proof, record];
  };
  return JSON.stringify(of(known)) === JSON.stringify(of(line));
}

describe('A-51 a proof of growth', () => {
  test('between two checkpoints of one size that differ is a fork', async () => {
    const source = { directory: folder.directory, verifiers: [folder.signer.verifier] };
    const fork = signCheckpoint({ size: 9, root: new Uint8Array(32) }, folder.signer);
    const proof = await proveGrowth(source, 9);
    expect(checkConsistencyProof(proof, checkpoint, source.verifiers).size).toBe(9);
    let caught: unknown;
    try {
      checkConsistencyProof(proof, fork, source.verifiers);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code: 'AUDIT_FORK', evidence: [fork, checkpoint] });
  });
});

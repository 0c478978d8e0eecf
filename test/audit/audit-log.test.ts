import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { copyFile, open, readFile, rename, truncate, utimes, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import {
  AuditLog,
  type AuditRecord,
  checkInclusionProof,
  createAuditLog,
  createSignerFile,
  generateSignerText,
  hashLeaf,
  type KeyEvent,
  parseRecord,
  parseSigner,
  printRecord,
  type ReleaseRequest,
  verifyLog,
} from 'sealroom/audit';
import { withLock } from '#src/files/lock';
import { charge, LogFolder, refused, released, start, USE } from './support.ts';

const LIFETIME = { type: 'LIFETIME', autoRefresh: false } as const;
const WRITER = join(import.meta.dirname, 'writer.mjs');
const IN_TURN = join(import.meta.dirname, 'in-turn.mjs');

async function problems(folder: LogFolder): Promise<readonly unknown[]> {
  const { problems: found } = await verifyLog({
    directory: folder.directory,
    verifiers: [folder.signer.verifier],
    seen: [],
  });
  return found;
}

async function kinds(folder: LogFolder): Promise<string[]> {
  return (await folder.lines()).map((line) => parseRecord(Buffer.from(line)).event.kind);
}

describe('a log', () => {
  test('A-5, A-30 records a start and an end, signed when the call returns', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    const attempt = randomUUID();
    const started = await start(log, attempt, [{ ...LIFETIME, budget: 2 }]);
    expect(started).toMatchObject({ granted: true, budgets: [{ before: 2, after: 1 }], receipt: { index: 0 } });
    expect(started.granted && started.receipt.checkpoint).toBe(await folder.read('checkpoint'));
    expect(await log.append(released(attempt))).toMatchObject({ index: 1 });
    expect(await log.append(refused())).toMatchObject({ index: 2 });
    expect(await kinds(folder)).toEqual(['start', 'attempt', 'attempt']);
    expect(await problems(folder)).toEqual([]);
  });

  test('A-5 has one end for each attempt, and a start before each that ran', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    const attempt = randomUUID();
    await expect(log.append(released(attempt))).rejects.toThrow('its attempt never started');
    await start(log, attempt);
    await expect(start(log, attempt)).rejects.toThrow('its attempt has already started');
    await expect(log.append(refused({ attempt }))).rejects.toThrow('refused after it started');
    await log.append(released(attempt));
    await expect(log.append(released(attempt))).rejects.toThrow('its attempt is already over');
    expect(await kinds(folder)).toEqual(['start', 'attempt']);
    expect(await problems(folder)).toEqual([]);
  });

  test('A-10 links each record to the leaf hash of the one before', async () => {
    await using folder = await LogFolder.create();
    await folder.fill(3);
    let previous: string | null = null;
    for (const line of await folder.lines()) {
      expect(parseRecord(Buffer.from(line)).previous).toBe(previous);
      previous = createHash('sha256').update(`\0${line}`).digest('hex');
    }
  });

  test('refuses a malformed record and goes on', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    await expect(log.append(refused({ member: '' }))).rejects.toMatchObject({ code: 'AUDIT_RECORD' });
    await expect(log.append(refused({ findings: [] }))).rejects.toMatchObject({ code: 'AUDIT_RECORD' });
    await log.append(refused());
    expect(await kinds(folder)).toEqual(['attempt']);
  });

  test('A-7 does not become younger when the clock is set back', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    const daily = { type: 'CALENDAR_DAY', budget: 1, autoRefresh: true } as const;
    expect(await start(log, randomUUID(), [daily])).toMatchObject({ granted: true });
    folder.now = new Date('2026-11-23T12:00:00.000Z');
    expect(await start(log, randomUUID(), [daily])).toMatchObject({ granted: false });
    folder.now = new Date('2026-11-25T12:00:00.000Z');
    expect(await start(log, randomUUID(), [daily])).toMatchObject({ granted: true });
    expect(await problems(folder)).toEqual([]);
  });

  test('A-7 a clock that was set back by years is of no use, and is no problem of the log', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    await log.append(refused());
    folder.now = new Date('2016-11-24T12:00:00.000Z');
    await log.append(refused());
    await log.requireClock();
    expect((await folder.lines()).map((line) => parseRecord(Buffer.from(line)).time)).toEqual([
      '2026-11-24T12:00:00.000Z',
      '2026-11-24T12:00:00.000Z',
    ]);
    expect(await problems(folder)).toEqual([]);
  });

  test('A-42 spends nothing and records nothing where a budget is used up; a preview spends nothing', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    const limits = [{ ...LIFETIME, budget: 1 }];
    expect(await log.preview([charge(limits)])).toMatchObject({ granted: true, budgets: [{ before: 1 }] });
    expect(await start(log, randomUUID(), limits)).toMatchObject({ granted: true });
    expect(await start(log, randomUUID(), limits)).toMatchObject({ granted: false, exhausted: [{ table: USE.table }] });
    expect(await log.preview([charge(limits)])).toMatchObject({ granted: false });
    expect(await kinds(folder)).toEqual(['start']);
  });

  test('A-40 is the ledger: opened again, it knows what was spent', async () => {
    await using folder = await LogFolder.create();
    const limits = [{ ...LIFETIME, budget: 3 }];
    for (const before of [3, 2, 1]) {
      await using log = await folder.open();
      expect(await start(log, randomUUID(), limits)).toMatchObject({ granted: true, budgets: [{ before }] });
    }
    await using log = await folder.open();
    expect(await start(log, randomUUID(), limits)).toMatchObject({ granted: false });
  });

  test('is not made twice, nor opened where there is none, nor with the key of another', async () => {
    await using folder = await LogFolder.create();
    await expect(createAuditLog(folder.options())).rejects.toMatchObject({ code: 'IO_EXISTS' });
    const nowhere = { ...folder.options(), directory: join(folder.root, 'none') };
    await expect(AuditLog.open(nowhere)).rejects.toMatchObject({ code: 'IO_READ' });
    const stranger = { ...folder.options(), signer: parseSigner(generateSignerText('other.example/a')) };
    await expect(AuditLog.open(stranger)).rejects.toMatchObject({ code: 'AUDIT_NOTE' });
  });
});

describe('A-12 a clock that is more than a day past the last record', () => {
  const daily = { type: 'CALENDAR_DAY', budget: 1, autoRefresh: true } as const;
  const TEN_YEARS = new Date('2036-11-24T12:00:00.000Z');
  const NEXT_DAY = new Date('2026-11-25T12:00:00.000Z');

  test('is refused before anything is recorded, so that one wrong moment freezes no budget', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    expect(await start(log, randomUUID(), [daily])).toMatchObject({ granted: true });
    const before = await folder.read('log.jsonl');
    folder.now = TEN_YEARS;
    const message = 'the clock is 3,653 days past the last record of the log, of 2026-11-24T12:00:00.000Z';
    for (const write of [
      () => start(log, randomUUID(), [daily]),
      () => log.append(refused()),
      () => log.append({ kind: 'manifest', manifestSha256: USE.ruleSha256, replacedSha256: null }),
      () => log.requireClock(),
    ]) {
      await expect(write()).rejects.toMatchObject({ code: 'IO_CLOCK', message });
    }
    expect(await folder.read('log.jsonl')).toBe(before);
    // It can still be read, and what it says now is that nothing of the day is left.
    await using other = await folder.open();
    expect(await other.preview([charge([daily])])).toMatchObject({ granted: true });
    folder.now = NEXT_DAY;
    expect(await start(other, randomUUID(), [daily])).toMatchObject({ granted: true });
  });

  test('is accepted up to a day, and in a log without records', async () => {
    await using folder = await LogFolder.create();
    folder.now = TEN_YEARS;
    await using log = await folder.open();
    await log.append(refused());
    folder.now = new Date(TEN_YEARS.getTime() + 24 * 60 * 60 * 1000);
    await log.append(refused());
    folder.now = new Date(folder.now.getTime() + 24 * 60 * 60 * 1000 + 1);
    await expect(log.append(refused())).rejects.toMatchObject({ code: 'IO_CLOCK' });
    expect(await kinds(folder)).toEqual(['attempt', 'attempt']);
  });

  test('is accepted where it is allowed, and the log notes it', async () => {
    await using folder = await LogFolder.create();
    await folder.fill(1);
    folder.now = TEN_YEARS;
    await using log = await AuditLog.open({ ...folder.options(), allowClockJump: true });
    expect(await start(log, randomUUID(), [daily])).toMatchObject({ granted: true });
    expect(await start(log, randomUUID(), [daily])).toMatchObject({ granted: false });
    expect(await kinds(folder)).toEqual(['attempt', 'clock', 'start']);
    const [, line = ''] = await folder.lines();
    expect(parseRecord(Buffer.from(line))).toMatchObject({
      time: TEN_YEARS.toISOString(),
      event: { previousTime: '2026-11-24T12:00:00.000Z' },
    });
    expect(await problems(folder)).toEqual([]);
  });

  test('a query that started has its end all the same, and so has a log that is opened again', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    const [first, second] = [randomUUID(), randomUUID()];
    for (const attempt of [first, second]) await start(log, attempt);
    folder.now = TEN_YEARS;
    await log.append(released(first, { outcome: { kind: 'failed', code: 'TIMEOUT', duration: 'longer' } }));
    await log.release(released(second) as ReleaseRequest, [charge([daily])]);
    await folder.write('log.jsonl', `${await folder.read('log.jsonl')}{"half`);
    await using again = await folder.open();
    await expect(again.append(refused())).rejects.toMatchObject({ code: 'IO_CLOCK' });
    expect(await kinds(folder)).toEqual(['start', 'start', 'attempt', 'attempt', 'repair']);
    for (const line of await folder.lines())
      expect(parseRecord(Buffer.from(line)).time).toBe('2026-11-24T12:00:00.000Z');
    expect(await problems(folder)).toEqual([]);
  });

  test('does not concern a log of keys, which has no budgets', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    const event: KeyEvent = {
      kind: 'key',
      action: 'create',
      member: null,
      actor: null,
      collaborationId: '00000000-1111-2222-3333-444444444444',
      generation: 1,
      secretId: '0'.repeat(32),
      provider: 'age',
      key: 'age:a',
      purpose: 'create',
      peer: null,
      file: null,
    };
    await log.append(event);
    folder.now = TEN_YEARS;
    await log.append(event);
    expect(await kinds(folder)).toEqual(['key', 'key']);
    expect(await problems(folder)).toEqual([]);
  });

  test('that no record tells of is found by who checks the log, and so is a record that tells of none', async () => {
    await using folder = await LogFolder.create();
    await folder.fill(1);
    folder.now = TEN_YEARS;
    {
      await using log = await AuditLog.open({ ...folder.options(), allowClockJump: true });
      await log.append(refused());
    }
    const lines = await folder.lines();
    const relinked = (events: readonly AuditRecord[]): string => {
      let previous: string | null = null;
      return events
        .map((record, index) => {
          const line = printRecord({ ...record, index, previous });
          previous = Buffer.from(hashLeaf(line)).toString('hex');
          return `${Buffer.from(line).toString()}\n`;
        })
        .join('');
    };
    const records = lines.map((line) => parseRecord(Buffer.from(line)));
    const untold = records.filter(({ event }) => event.kind !== 'clock');
    await folder.write('log.jsonl', relinked(untold));
    expect(await problems(folder)).toContainEqual({
      record: 1,
      message: 'its time is more than a day after that of the record before it, and no `clock` record says so',
    });
    const wrong = records.map((record) =>
      record.event.kind === 'clock'
        ? { ...record, event: { kind: 'clock', previousTime: '2026-11-23T12:00:00.000Z' } as const }
        : record,
    );
    await folder.write('log.jsonl', relinked(wrong));
    expect(await problems(folder)).toContainEqual({ record: 1, message: 'the record before it has another time' });
  });
});

describe('A-45 the release of a result', () => {
  const rows = { type: 'LIFETIME', autoRefresh: false, unit: 'ROWS' } as const;
  const ended = (attempt: string, count: number): ReleaseRequest =>
    released(attempt, {
      outcome: { kind: 'released', rows: count, saltedResultSha256: USE.ruleSha256, duration: 'under 1 s' },
    }) as ReleaseRequest;

  test('spends its rows in the record that says so, with the proof that it is in the log', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    const charges = [charge([{ ...rows, budget: 10 }])];
    const attempt = randomUUID();
    expect(await start(log, attempt, [{ ...rows, budget: 10 }])).toMatchObject({
      budgets: [{ unit: 'ROWS', before: 10, after: 9 }],
    });
    const outcome = await log.release(ended(attempt, 4), charges);
    expect(outcome).toMatchObject({ granted: true, budgets: [{ unit: 'ROWS', before: 9, after: 6 }] });
    const { record, proof, checkpoint } = outcome.receipt;
    expect([await folder.read('log.jsonl')].join()).toContain(`${record}\n`);
    expect(checkpoint).toBe(await folder.read('checkpoint'));
    expect(checkInclusionProof(proof, Buffer.from(record), [folder.signer.verifier])).toMatchObject({ index: 1 });
    expect(parseRecord(Buffer.from(record)).event).toMatchObject({ budgets: [{ before: 9, after: 6 }] });
    expect(await problems(folder)).toEqual([]);
  });

  test('of more rows than are left is none: the attempt failed, and only its start is spent', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    const limits = [{ ...rows, budget: 3 }, { type: 'LIFETIME', autoRefresh: false, budget: 9 } as const];
    const attempt = randomUUID();
    await start(log, attempt, limits);
    const outcome = await log.release(ended(attempt, 4), [charge(limits)]);
    expect(outcome).toMatchObject({ granted: false, exhausted: [{ unit: 'ROWS', before: 2 }] });
    expect(parseRecord(Buffer.from(outcome.receipt.record)).event).toMatchObject({
      outcome: { kind: 'failed', code: 'ROW_BUDGET', duration: 'under 1 s' },
    });
    expect(await log.preview([charge(limits)])).toMatchObject({ budgets: [{ before: 2 }, { before: 8 }] });
    expect(await problems(folder)).toEqual([]);
  });

  test('that says another cost than the log leaves is refused', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    const attempt = randomUUID();
    await start(log, attempt);
    const { table, owner } = USE;
    const left = { budget: 10, before: 9, after: 8 };
    const budget = { table, owner, type: 'LIFETIME', unit: 'ROWS', period: 'lifetime', ...left } as const;
    await expect(log.append({ ...ended(attempt, 4), budgets: [budget] })).rejects.toThrow('its row budget of');
  });

  test('has a proof whatever the size of the log', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    for (let index = 0; index < 18; index += 1) {
      const { record, proof } = await log.append(refused());
      expect(checkInclusionProof(proof, Buffer.from(record), [folder.signer.verifier])).toMatchObject({ index });
    }
  });
});

describe('A-31 what is not signed', () => {
  test.each([
    ['half a record', (line: string): string => line.slice(0, 100)],
    ['a record without line break', (line: string): string => line],
    ['a whole record', (line: string): string => `${line}\n`],
    ['zeros', (): string => '\0'.repeat(4096)],
    ['several lines', (line: string): string => `${line}\nx\n${line}`],
  ])('is removed when the log is opened, and told of: %s', async (_what, tail) => {
    await using folder = await LogFolder.create();
    await folder.fill(3);
    const before = await folder.read('log.jsonl');
    const [, , last = ''] = await folder.lines();
    const added = tail(last);
    await folder.write('log.jsonl', before + added);
    expect(await problems(folder)).not.toEqual([]);
    await using log = await folder.open();
    await log.append(refused());
    const lines = await folder.lines();
    expect(lines.slice(0, 3)).toEqual(before.split('\n').slice(0, -1));
    expect(parseRecord(Buffer.from(lines[3] ?? '')).event).toMatchObject({
      kind: 'repair',
      removedBytes: added.length,
    });
    expect(lines).toHaveLength(5);
    expect(await problems(folder)).toEqual([]);
  });

  test('is removed by a process that has the log open, too', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    await log.append(refused());
    await folder.write('log.jsonl', `${await folder.read('log.jsonl')}{"half`);
    await log.append(refused());
    expect(await kinds(folder)).toEqual(['attempt', 'repair', 'attempt']);
    expect(await problems(folder)).toEqual([]);
  });
});

describe('A-32 a log that is not as it was signed', () => {
  test.each([
    [
      'a changed record',
      async (folder: LogFolder) =>
        folder.write('log.jsonl', (await folder.read('log.jsonl')).replace('brand', 'brane')),
    ],
    ['a shorter log', async (folder: LogFolder) => truncate(folder.path('log.jsonl'), 1000)],
    ['no records', async (folder: LogFolder) => folder.write('log.jsonl', '')],
    ['a broken checkpoint', async (folder: LogFolder) => folder.write('checkpoint', 'x')],
    [
      'an earlier checkpoint with another root',
      async (folder: LogFolder) =>
        folder.write('checkpoint', (await folder.read('checkpoint')).replace('\n4\n', '\n3\n')),
    ],
  ])('is not written to: %s', async (_what, change) => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    await folder.fill(4);
    await change(folder);
    const before = await folder.read('log.jsonl');
    for (const attempt of [() => folder.open(), () => log.append(refused())]) {
      await expect(attempt()).rejects.toMatchObject({ code: expect.stringMatching(/^AUDIT_/) });
    }
    expect(await folder.read('log.jsonl')).toBe(before);
  });

  test('is not written to by the process that wrote it, when it was put back', async () => {
    await using folder = await LogFolder.create();
    const [records, checkpoint] = [await folder.read('log.jsonl'), await folder.read('checkpoint')];
    await using log = await folder.open();
    await log.append(refused());
    await folder.write('log.jsonl', records);
    await folder.write('checkpoint', checkpoint);
    await expect(log.append(refused())).rejects.toMatchObject({ code: 'AUDIT_CHAIN' });
  });
});

describe('A-33 a log that is open', () => {
  const limits = [{ ...LIFETIME, budget: 40 }];

  async function left(log: AuditLog): Promise<number | undefined> {
    const outcome = await log.preview([charge(limits)]);
    return outcome.granted ? outcome.budgets[0]?.before : 0;
  }

  test('is not read again while nobody writes to it', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    await start(log, randomUUID(), limits);
    const verify = vi.spyOn(folder.signer.verifier, 'verifies');
    expect(await left(log)).toBe(39);
    await start(log, randomUUID(), limits);
    expect(await left(log)).toBe(38);
    expect(verify).not.toHaveBeenCalled();
    await utimes(folder.path('checkpoint'), 1, 1);
    expect(await left(log)).toBe(38);
    expect(verify).toHaveBeenCalledOnce();
  });

  test('is read on when another process has appended to it, in turn with this one', async () => {
    await using folder = await LogFolder.create();
    const file = await signerFile(folder);
    folder.now = new Date();
    const command = [IN_TURN, folder.directory, file, '40'];
    const child = spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'inherit'] });
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    await using log = await folder.open();
    for (let before = 40; before > 0; before -= 2) {
      expect(await start(log, randomUUID(), limits)).toMatchObject({ granted: true, budgets: [{ before }] });
      child.stdin.write('start\n');
      expect(await answers.next()).toMatchObject({ value: String(before - 1) });
    }
    expect(await start(log, randomUUID(), limits)).toMatchObject({ granted: false });
    child.stdin.end();
    await new Promise((resolve) => child.on('close', resolve));
    expect(await kinds(folder)).toHaveLength(40);
    expect(await problems(folder)).toEqual([]);
  });

  test('keeps what it knows when an event is refused, and says nothing false after it', async () => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    await start(log, randomUUID(), limits);
    await expect(log.append(refused({ member: '' }))).rejects.toMatchObject({ code: 'AUDIT_RECORD' });
    const verify = vi.spyOn(folder.signer.verifier, 'verifies');
    expect(await left(log)).toBe(39);
    expect(verify).not.toHaveBeenCalled();
  });

  const AUDIT_CHAIN = { code: 'AUDIT_CHAIN' };

  test.each([
    [
      'a record changed to one of equal size',
      async (folder: LogFolder) => {
        const text = await folder.read('log.jsonl');
        await folder.write('log.jsonl', text.replace('"member":"brand"', '"member":"brane"'));
      },
    ],
    ['a truncated file', (folder: LogFolder) => truncate(folder.path('log.jsonl'), 1000)],
    [
      'a copy in its place, although its records are the same',
      async (folder: LogFolder) => {
        await copyFile(folder.path('log.jsonl'), folder.path('copy'));
        await rename(folder.path('copy'), folder.path('log.jsonl'));
      },
    ],
  ])('is refused by who has it open, with nothing written, after: %s', async (_what, change) => {
    await using folder = await LogFolder.create();
    await using log = await folder.open();
    await start(log, randomUUID(), limits);
    await log.append(refused());
    await change(folder);
    const files = async (): Promise<readonly Buffer[]> =>
      Promise.all(['log.jsonl', 'checkpoint'].map((name) => readFile(folder.path(name))));
    const before = await files();
    await expect(log.preview([charge(limits)])).rejects.toMatchObject(AUDIT_CHAIN);
    await expect(start(log, randomUUID(), limits)).rejects.toMatchObject(AUDIT_CHAIN);
    expect(await files()).toEqual(before);
  });

  test('is refused when it was put back, or replaced by another one with the same key', async () => {
    await using folder = await LogFolder.create();
    const [records, checkpoint] = [await folder.read('log.jsonl'), await folder.read('checkpoint')];
    await using log = await folder.open();
    await start(log, randomUUID(), limits);
    const putBack = async (): Promise<void> => {
      await folder.write('log.jsonl', records);
      await folder.write('checkpoint', checkpoint);
    };
    await putBack();
    await expect(log.preview([charge(limits)])).rejects.toThrow('it is shorter than it was');
    await folder.fill(3);
    // Also after an error, what was seen before counts.
    await expect(log.preview([charge(limits)])).rejects.toThrow('its first records are not those');
    await putBack();
    await using other = await folder.open();
    expect(await left(other)).toBe(40);
  });
});

interface Writer {
  readonly process: ChildProcess;
  /** The attempts that it was allowed to run so far. */
  readonly granted: () => readonly string[];
  readonly ended: Promise<number | null>;
  readonly errors: () => string;
}

async function signerFile(folder: LogFolder): Promise<string> {
  const file = join(folder.root, 'runner.key');
  const signer = await createSignerFile(file, folder.signer.verifier.name);
  Object.assign(folder, { signer, directory: join(folder.root, 'shared') });
  await createAuditLog(folder.options());
  return file;
}

function startWriter(folder: LogFolder, file: string, budget: number, before = ''): Writer {
  const command = `${before} exec "${process.execPath}" "${WRITER}" "${folder.directory}" "${file}" ${String(budget)}`;
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { process: child, granted: () => out.split('\n').slice(0, -1), ended, errors: () => errors };
}

describe('processes', () => {
  test('A-30, A-43 that race for a budget get its units once each', async () => {
    await using folder = await LogFolder.create();
    const file = await signerFile(folder);
    const writers = [1, 2, 3].map(() => startWriter(folder, file, 25));
    expect(await Promise.all(writers.map(({ ended }) => ended))).toEqual([0, 0, 0]);
    const granted = writers.flatMap((writer) => writer.granted());
    expect(granted).toHaveLength(25);
    expect(new Set(granted).size).toBe(25);
    expect(await kinds(folder)).toHaveLength(25);
    expect(await problems(folder)).toEqual([]);
  });

  test('A-43 that are killed at any moment give no unit back', async () => {
    await using folder = await LogFolder.create();
    const file = await signerFile(folder);
    const granted: string[] = [];
    for (let round = 0; round < 6; round++) {
      const writer = startWriter(folder, file, 10_000);
      while (writer.granted().length < 2 + round)
        await new Promise((resolve) => writer.process.stdout?.once('data', resolve));
      writer.process.kill('SIGKILL');
      await writer.ended;
      granted.push(...writer.granted());
    }
    await using log = await folder.open();
    const left = await log.preview([charge([{ ...LIFETIME, budget: 10_000 }])]);
    // A start may be recorded whose process was killed before it could say so; never the other way round.
    const spent = left.granted ? 10_000 - (left.budgets[0]?.before ?? 0) : 10_000;
    const recorded = (await folder.lines()).flatMap((line) => {
      const { event } = parseRecord(Buffer.from(line));
      return event.kind === 'start' ? [event.attempt] : [];
    });
    expect(recorded).toEqual(expect.arrayContaining(granted));
    expect(spent).toBe(recorded.length);
    expect(await problems(folder)).toEqual([]);
  });

  test('A-43 for which the disk is full are refused, and give no unit back', async () => {
    await using folder = await LogFolder.create();
    const file = await signerFile(folder);
    // The shell's limit on the size of files stands for the disk.
    const writer = startWriter(folder, file, 10_000, "trap '' XFSZ; ulimit -f 8;");
    expect(await writer.ended).toBe(1);
    expect(writer.errors()).toBe('IO_WRITE\n');
    expect(writer.granted().length).toBeGreaterThan(2);
    await using log = await folder.open();
    const left = await log.preview([charge([{ ...LIFETIME, budget: 10_000 }])]);
    expect(left.granted && left.budgets[0]?.before).toBe(10_000 - writer.granted().length);
    expect((await kinds(folder)).at(-1)).toBe('repair');
    expect(await problems(folder)).toEqual([]);
  });
});

test('a log that another has locked is waited for', async () => {
  await using folder = await LogFolder.create();
  await using one = await folder.open();
  await using two = await folder.open();
  await Promise.all(Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? one : two).append(refused())));
  expect(await kinds(folder)).toHaveLength(10);
  expect(await problems(folder)).toEqual([]);
  await writeFile(folder.path('lock'), 'anything');
  await one.append(refused());
});

test('a log that another does not let go of is not waited for without end', async () => {
  await using folder = await LogFolder.create();
  await using log = await folder.open();
  const held = await open(folder.path('lock'), 'r+');
  const clock = vi.spyOn(performance, 'now');
  try {
    await withLock(held, 'held', async () => {
      let time = 0;
      clock.mockImplementation(() => (time += 20_000));
      await expect(log.append(refused())).rejects.toMatchObject({ code: 'IO_LOCKED' });
    });
  } finally {
    clock.mockRestore();
    await held.close();
  }
  await log.append(refused());
});

import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { exportRecords, parseRecord, parseVerifiers, saltedHash, verifyLog } from 'sealroom/audit';
import { type QueryOutcome, QueryRunner, type UnreleasedResult } from 'sealroom/query';
import { openRoom } from 'sealroom/room';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, NOW, SampleRoom } from './support.ts';

const COUNT = `SELECT COUNT(DISTINCT i.email) AS people FROM impressions i JOIN purchases p ON i.email = p.email`;

/** Texts that are only in what is asked: in constants, names and parameters. */
const MARK = 'marked-constant';
const WORD = 'marked_constant';

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

async function requireWholeLog(room: SampleRoom): Promise<void> {
  const { auditDirectory, verifierFile } = await openRoom(room.directory);
  const verifiers = parseVerifiers(await readFile(verifierFile, 'utf8'));
  expect((await verifyLog({ directory: auditDirectory, verifiers, seen: [] })).problems).toEqual([]);
}

/** The lines of an owner's export. */
async function exportOf(room: SampleRoom, member: string): Promise<readonly string[]> {
  const { auditDirectory, verifierFile } = await openRoom(room.directory);
  const verifiers = parseVerifiers(await readFile(verifierFile, 'utf8'));
  const lines: string[] = [];
  for await (const line of exportRecords({ directory: auditDirectory, verifiers }, member)) lines.push(line);
  return lines;
}

async function eventsOf(room: SampleRoom): Promise<readonly ReturnType<typeof parseRecord>['event'][]> {
  return (await room.log())
    .trimEnd()
    .split('\n')
    .map((line) => parseRecord(Buffer.from(line)).event);
}

async function lastAttempt(
  room: SampleRoom,
): Promise<Extract<Awaited<ReturnType<typeof eventsOf>>[0], { kind: 'attempt' }>> {
  const event = (await eventsOf(room)).at(-1);
  if (event?.kind !== 'attempt') throw new Error('the last record is not of an attempt');
  return event;
}

const template = (parameters: Readonly<Record<string, string>>): ReturnType<typeof ask> =>
  ask('', { query: { kind: 'template', id: 'pages-since', parameters } });

function tableOf(outcome: QueryOutcome): Uint8Array {
  if (outcome.kind === 'refused') throw new Error('refused');
  return outcome.result.table;
}

describe('a result before its release', () => {
  let room: SampleRoom;
  let runner: QueryRunner;

  beforeAll(async () => {
    room = await SampleRoom.start();
    runner = await room.runner();
  });

  afterAll(async () => {
    await runner[Symbol.asyncDispose]();
    await room[Symbol.asyncDispose]();
  });

  test('can be kept once its budgets are spent, and before the record says that it is released', async () => {
    const attempt = randomUUID();
    const events: unknown[] = [];
    const kept: UnreleasedResult[] = [];
    const beforeRelease = async (result: UnreleasedResult): Promise<void> => {
      kept.push(result);
      events.push((await eventsOf(room)).at(-1));
    };
    const outcome = await runner.run(ask(COUNT), { attempt, beforeRelease });
    expect(events).toMatchObject([{ kind: 'start', attempt }]);
    expect(await lastAttempt(room)).toMatchObject({ attempt, outcome: { kind: 'released' } });
    if (outcome.kind === 'refused') throw new Error('refused');
    const { statement, table } = outcome.result;
    expect(kept).toEqual([{ statement: { ...statement, proof: undefined }, table }]);
    await requireWholeLog(room);
  });

  test('that cannot be kept is released to nobody, and its attempt has failed', async () => {
    const attempt = randomUUID();
    const full = new Error('no space left: secret');
    const outcome = runner.run(ask(COUNT), { attempt, beforeRelease: () => Promise.reject(full) });
    await expect(outcome).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: `the query could not be completed; its id is ${attempt}`,
    });
    expect(await lastAttempt(room)).toMatchObject({ attempt, outcome: { kind: 'failed', code: 'NOT_KEPT' } });
    expect(await room.log()).not.toContain('secret:');
    await requireWholeLog(room);
  });

  test('is none of a query that is refused, whose record has the id that was given', async () => {
    const attempt = randomUUID();
    const never = (): Promise<void> => Promise.reject(new Error('called'));
    const sql = 'SELECT i.email FROM impressions i';
    expect(await runner.run(ask(sql), { attempt, beforeRelease: never })).toMatchObject({ kind: 'refused', attempt });
    expect(await lastAttempt(room)).toMatchObject({ attempt, outcome: { kind: 'refused' } });
    await expect(runner.run(ask(sql), { attempt })).rejects.toThrow('its attempt is already over');
    await requireWholeLog(room);
  });
});

describe('the record of an attempt', () => {
  let room: SampleRoom;
  let runner: QueryRunner;

  beforeAll(async () => {
    room = await SampleRoom.start();
    runner = await room.runner();
  });

  afterAll(async () => {
    await runner[Symbol.asyncDispose]();
    await room[Symbol.asyncDispose]();
  });

  test('R-67 has the default of a parameter as its value, and so has a package', async () => {
    const outcome = await runner.run(template({}));
    expect((await lastAttempt(room)).question).toMatchObject({
      template: 'pages-since',
      parameters: { since: '1500' },
    });
    if (outcome.kind === 'refused') throw new Error('refused');
    expect(outcome.result.statement.question).toMatchObject({ parameters: { since: '1500' } });
    const given = await runner.run(template({ since: '1500' }));
    expect(tableOf(given)).toEqual(tableOf(outcome));
    expect(tableOf(await runner.run(template({ since: '1' })))).not.toEqual(tableOf(outcome));
  });

  test('A-9 has a hash of the result that an owner cannot try out, and a receiver can check', async () => {
    const outcome = await runner.run(ask(COUNT));
    const hash = sha256(tableOf(outcome));
    for (const text of [await room.log(), (await exportOf(room, 'pub')).join('\n')]) {
      expect(text).toContain(outcome.attempt);
      expect(text).not.toContain(hash);
      expect(text).not.toContain(outcome.salt);
    }
    const { outcome: recorded } = await lastAttempt(room);
    expect(recorded).toMatchObject({ saltedResultSha256: saltedHash(outcome.salt, 'result', hash) });
    // The same answer has another hash each time.
    await runner.run(ask(COUNT));
    expect((await lastAttempt(room)).outcome).not.toMatchObject(recorded);
  });

  test('A-13 exists however long the names in a query are, and says how many findings it leaves out', async () => {
    const name = 'L'.repeat(9000);
    const stars = 't.*, '.repeat(900);
    const outcome = await runner.run(ask(`SELECT ${stars}COUNT(*) FROM (SELECT a AS "${name}" FROM t) t`));
    expect(outcome.kind).toBe('refused');
    expect(await lastAttempt(room)).toMatchObject({ attempt: outcome.attempt, outcome: { kind: 'refused' } });
    const columns = Array.from({ length: 300 }, (_, index) => `"${'x'.repeat(3000)}${String(index)}" + 0`).join(', ');
    for (const sql of [`SELECT ${'nothing, '.repeat(300)}1 FROM visits v`, `SELECT ${columns} FROM visits v`]) {
      const { attempt, ...asked } = await runner.run(ask(sql));
      const recorded = await lastAttempt(room);
      expect(recorded.attempt).toBe(attempt);
      const found = asked.kind === 'refused' ? asked.findings.length : 0;
      expect(recorded.findings).toHaveLength(Math.min(found, 100));
      expect(recorded.omittedFindings ?? 0).toBe(Math.max(found - 100, 0));
      for (const { message } of recorded.findings) expect(message.length).toBeLessThanOrEqual(1000);
    }
    await requireWholeLog(room);
  });

  test.each([
    ['a text of a million characters', ask('SELECT '.padEnd(1_000_000, '\u0001'))],
    ['half surrogate pairs', ask('\ud800'.repeat(90_000))],
    [
      'a thousand long parameters',
      template(
        Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`p${String(index)}`, '\u0001'.repeat(9000)])),
      ),
    ],
  ])('A-13 exists for %s', async (_, request) => {
    const outcome = await runner.run(request);
    const recorded = await lastAttempt(room);
    expect(recorded.attempt).toBe(outcome.attempt);
    // What is too large for a record is recorded as salted hashes.
    if (request.query.kind === 'template') expect(Object.keys(recorded.question)).toContain('saltedParameters');
    await requireWholeLog(room);
  });
});

describe('A-9 in a room whose owners want hashes of queries', () => {
  test('no constant, no parameter and no hash that can be tried out is in the log', async () => {
    await using room = await SampleRoom.start();
    await room.update((text) => text.replace('"version":1', '"version":1,"log":{"queryText":"hash"}'));
    await using runner = await QueryRunner.open({ directory: room.directory, env: {}, now: NOW });
    const texts = [
      `SELECT v.page, COUNT(*) AS "${MARK}" FROM visits v WHERE v.page = '${MARK}' GROUP BY v.page`,
      `SELECT v.page FROM visits v WHERE v.page = "${MARK}"`,
      `SELECT i.email AS "${MARK}" FROM impressions i WHERE i.region = '${MARK}'`,
      `SELECT "${MARK}"(v.page) FROM visits v`,
      `SELECT '${MARK}`,
      `SELECT * FROM "${MARK}"`,
      `SELECT v.page || '${MARK}' || CAST(v.seconds / (v.seconds - v.seconds) AS INTEGER) AS n FROM visits v`,
    ];
    const requests = [
      ...texts.map((sql) => ask(sql)),
      template({ since: '98765432101234567890' }),
      template({ since: MARK }),
      template({ [`p_${WORD}`]: '1' }),
      ask('', { query: { kind: 'template', id: MARK, parameters: { [WORD]: MARK } } }),
    ];
    const salts: string[] = [];
    const kinds: string[] = [];
    for (const request of requests) {
      const outcome = await runner.run(request);
      salts.push(outcome.salt);
      kinds.push(outcome.kind);
    }
    expect(new Set(salts).size).toBe(requests.length);
    expect(new Set(kinds)).toEqual(new Set(['released', 'refused']));
    const log = await room.log();
    expect(log).not.toMatch(/marked|98765432101234567890/);
    for (const text of [...texts, MARK, '98765432101234567890']) expect(log).not.toContain(sha256(text));
    for (const salt of salts) expect(log).not.toContain(salt);
    for (const event of await eventsOf(room)) {
      if (event.kind === 'start') expect(event.irSha256).toBeUndefined();
      if (event.kind !== 'attempt') continue;
      expect(event.ir).toBeNull();
      expect(Object.keys(event.question)).toEqual(expect.arrayContaining(['saltedParameters', 'saltedSqlSha256']));
      for (const { message, span } of event.findings) {
        expect({ message, span }).toEqual({ message: 'not recorded, because it may quote the query', span: null });
      }
    }
    await requireWholeLog(room);
  });
});

describe('R-14 a budget of rows', () => {
  const BUDGETS = [
    { type: 'LIFETIME', budget: 100 },
    { type: 'LIFETIME', 'x-unit': 'ROWS', budget: 8 },
  ];
  const PAGES = 'SELECT v.page, COUNT(*) AS n FROM visits v GROUP BY v.page';

  test('is spent by the rows that are released; a result with more than are left is not', async () => {
    await using room = await SampleRoom.start(['impressions', 'purchases', 'visits']);
    await room.update((text) => {
      const manifest = JSON.parse(text) as { tables: { name: string; accessBudgets?: unknown }[] };
      for (const table of manifest.tables) if (table.name === 'visits') table.accessBudgets = BUDGETS;
      return JSON.stringify(manifest);
    });
    await using runner = await room.runner();
    const costs = async (sql: string): Promise<unknown> => {
      const outcome = await runner.run(ask(sql));
      if (outcome.kind === 'refused') return outcome.findings.map(({ code }) => code);
      return outcome.budgets.map(({ unit = 'QUERIES', before, after }) => [unit, before, after]);
    };
    const check = async (sql: string): Promise<readonly number[]> =>
      (await runner.check(ask(sql))).budgets.map(({ before }) => before);
    expect(await check(PAGES)).toEqual([100, 8]);
    expect(await costs(PAGES)).toEqual([
      ['QUERIES', 100, 99],
      ['ROWS', 8, 5],
    ]);
    // An answer without rows costs one row, because it says something too.
    expect(await costs('SELECT v.page FROM visits v WHERE v.seconds < 0')).toEqual([
      ['QUERIES', 99, 98],
      ['ROWS', 5, 4],
    ]);
    const error = await costs('SELECT v.seconds FROM visits v WHERE v.seconds < 1005').catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({
      code: 'RULE_BUDGET',
      message: 'the result is not released: it has more rows than `visits` has left, 4 (LIFETIME lifetime)',
    });
    expect((await lastAttempt(room)).outcome).toMatchObject({ kind: 'failed', code: 'ROW_BUDGET' });
    // The attempt has told something, and has cost a row and a query.
    expect(await check(PAGES)).toEqual([97, 3]);
    expect(await costs(PAGES)).toEqual([
      ['QUERIES', 97, 96],
      ['ROWS', 3, 0],
    ]);
    expect(await costs(PAGES)).toEqual(['ACCESS_BUDGET']);
    expect(await runner.check(ask(PAGES))).toMatchObject({ verdict: { allowed: false }, budgets: [] });
    await requireWholeLog(room);
    // Opened again, the log still knows what was spent.
    await using other = await room.runner();
    expect(await other.run(ask(PAGES))).toMatchObject({ kind: 'refused' });
  });

  test('is not overdrawn by results that are ready at the same time', async () => {
    await using room = await SampleRoom.start(['impressions', 'purchases', 'visits']);
    await room.update((text) => {
      const manifest = JSON.parse(text) as { tables: { name: string; accessBudgets?: unknown }[] };
      for (const table of manifest.tables) if (table.name === 'visits') table.accessBudgets = BUDGETS;
      return JSON.stringify(manifest);
    });
    await using runner = await room.runner({ processes: 2 });
    const ended = await Promise.allSettled(Array.from({ length: 5 }, () => runner.run(ask(PAGES))));
    const released = ended.filter(
      ({ status, ...end }) => status === 'fulfilled' && 'value' in end && end.value.kind === 'released',
    );
    expect(released).toHaveLength(2);
    const rows = (await eventsOf(room)).flatMap((event) =>
      event.kind === 'attempt' && event.outcome.kind === 'released' ? [event.outcome.rows] : [],
    );
    expect(rows).toEqual([3, 3]);
    await requireWholeLog(room);
  });
});

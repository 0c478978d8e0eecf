import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { text as readText } from 'node:stream/consumers';
import fc from 'fast-check';
import { checkQuery, QueryParser, type Verdict, verifyFixes } from 'sealroom/query';
import { QueryChecker } from '#src/room/run/query-checker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkContextOf, FILE, SUITE } from '../../adversarial/adversarial-file.ts';
import { runs } from '../../support/runs.ts';
import { ROOT } from '../../tooling/run-tool.ts';
import { NASTY, NASTY_TEXTS } from './nasty.ts';
import { ask, checkersOf, SampleRoom, waitFor } from './support.ts';

const CUSTOM = checkContextOf({ context: 'customAny' });

/** More grouping sets than there is memory for. */
const HUGE = NASTY['many grouping sets'] ?? '';

let checker: QueryChecker;

beforeAll(() => {
  checker = new QueryChecker();
});

afterAll(async () => {
  await checker[Symbol.asyncDispose]();
});

async function codesOf(sql: string, asked = checker): Promise<readonly string[]> {
  const verdict = await asked.check(sql, CUSTOM);
  return verdict.allowed ? ['allowed'] : [...new Set(verdict.findings.map(({ code }) => code))];
}

/** Processor seconds of this process's children, as Linux counts them: those that have ended, and those that run. */
function childSeconds(): number {
  const ticksOf = (pid: number | string, fields: readonly number[]): number => {
    const path = `/proc/${String(pid)}/stat`;
    const stat = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const values = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.reduce((sum, field) => sum + Number(values[field - 3] ?? 0), 0);
  };
  const running = checkersOf(process.pid).map((pid) => ticksOf(pid, [14, 15]));
  return [...running, ticksOf('self', [16, 17])].reduce((sum, ticks) => sum + ticks, 0) / 100;
}

const HAS_PROC = existsSync('/proc/self/stat');

/** One second for the check, and the start of the next process if it was stopped, on a slow machine. */
const MOST_SECONDS = 3;

describe('a check in a process of its own', () => {
  test('gives the verdict that this process would give', async () => {
    using parser = await QueryParser.open();
    for (const each of FILE.cases.filter((one) => !SUITE.needsDifferentialPrivacy(one))) {
      const [sql, context] = [SUITE.sqlOf(each), SUITE.checkContextOf(each)];
      const check = async (text: string): Promise<Verdict> => checkQuery(await parser.parse(text), context);
      const expected = await verifyFixes(sql, await check(sql), check);
      expect(await checker.check(sql, context)).toEqual(expected);
    }
  });

  test('has a template that does not exist as its only finding', async () => {
    const { findings } = await checker.check('', { ...CUSTOM, template: 'none' });
    expect(findings.map(({ code }) => code)).toEqual(['TEMPLATE_UNKNOWN']);
  });

  test.runIf(HAS_PROC).each(Object.entries(NASTY))(
    'R-3 decides or stops within a second of processor time (the condition: a system that counts it): %s',
    async (_name, sql) => {
      const before = childSeconds();
      const codes = await codesOf(sql);
      expect(codes.length).toBeGreaterThan(0);
      expect(childSeconds() - before).toBeLessThan(MOST_SECONDS);
    },
  );

  test.runIf(HAS_PROC)('R-3 decides or stops random texts (the condition: a system that counts time)', async () => {
    let before = childSeconds();
    const property = fc.asyncProperty(NASTY_TEXTS, async (sql) => {
      expect((await codesOf(sql)).length).toBeGreaterThan(0);
      const now = childSeconds();
      expect(now - before).toBeLessThan(MOST_SECONDS);
      before = now;
    });
    await fc.assert(property, { numRuns: runs(200), seed: 20261129 });
  });
});

describe('a check that takes too long', () => {
  test('R-3 is stopped by memory or processor time, and the next one has its verdict', async () => {
    // The parser itself gives up if it notices first that there is no memory.
    expect(['CHECK_STOPPED', 'TOO_LARGE']).toContain((await codesOf(HUGE)).join());
    expect(await codesOf('SELECT page FROM visits')).toEqual(['allowed']);
  });

  test('R-3 is stopped by time that passes', async () => {
    await using quick = new QueryChecker(2000);
    expect(await codesOf('SELECT page FROM visits', quick)).toEqual(['allowed']);
    const stopped = checkersOf(process.pid);
    for (const pid of stopped) process.kill(pid, 'SIGSTOP');
    expect(await codesOf('SELECT page FROM visits', quick)).toEqual(['CHECK_STOPPED']);
    for (const pid of stopped.filter((each) => checkersOf(process.pid).includes(each))) process.kill(pid, 'SIGCONT');
    expect(await codesOf('SELECT page FROM visits', quick)).toEqual(['allowed']);
  });

  test('ends when its process is killed, also while it waits for the next one', async () => {
    for (const pid of checkersOf(process.pid)) process.kill(pid, 'SIGKILL');
    const codes = await Promise.all([codesOf('SELECT page FROM visits'), codesOf('SELECT seconds FROM visits')]);
    expect(codes.flat().every((code) => code === 'allowed' || code === 'CHECK_STOPPED')).toBe(true);
    expect(codes.at(-1)).toEqual(['allowed']);
  });

  test('ends when the caller stops it, and then the next one has its verdict', async () => {
    const abort = new AbortController();
    const stopped = checker.check(HUGE, CUSTOM, abort.signal);
    abort.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'IO_ABORTED' });
    await expect(checker.check('SELECT 1', CUSTOM, abort.signal)).rejects.toMatchObject({ code: 'IO_ABORTED' });
    expect(await codesOf('SELECT page FROM visits')).toEqual(['allowed']);
  });
});

describe('in a room', () => {
  interface Recorded {
    readonly event: {
      readonly outcome: { readonly kind: string };
      readonly findings: readonly { readonly code: string }[];
    };
  }

  async function lastRecord(room: SampleRoom): Promise<unknown> {
    const { event } = JSON.parse((await room.log()).trimEnd().split('\n').at(-1) ?? '') as Recorded;
    return [event.outcome.kind, ...event.findings.map(({ code }) => code)];
  }

  test('a check that was stopped has its record, and so has one that the caller stopped', async () => {
    await using room = await SampleRoom.start(['visits']);
    await using runner = await room.runner();
    const outcome = await runner.run(ask(HUGE));
    const codes = outcome.kind === 'refused' ? outcome.findings.map(({ code }) => code) : [];
    expect(['CHECK_STOPPED', 'TOO_LARGE']).toContain(codes.join());
    expect(await lastRecord(room)).toEqual(['refused', ...codes]);
    const abort = new AbortController();
    // Another text: if the first one was decided, its verdict is known.
    const stopped = runner.run(ask(`${HUGE} `), { signal: abort.signal });
    abort.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'IO_ABORTED' });
    expect(await lastRecord(room)).toEqual(['refused', 'ABORTED']);
    expect(await room.log()).not.toContain('"kind":"start"');
  });

  test('the process stops at once when it is told to, whatever the check does', async () => {
    await using room = await SampleRoom.start(['visits']);
    const argv = [
      'dist/bin/sealroom.js',
      'query',
      '--room',
      room.directory,
      '--as',
      'brand',
      '--clock-jump',
      'SELECT v.page FROM visits v',
    ];
    const child = spawn(process.execPath, argv, { cwd: ROOT, env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
    const words = readText(child.stderr);
    const pid = child.pid ?? 0;
    await waitFor(() => Promise.resolve(checkersOf(pid).length > 0));
    // A check that never ends.
    for (const each of checkersOf(pid)) process.kill(each, 'SIGSTOP');
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(await words).toContain('error: stopped before the query was checked');
    expect(await lastRecord(room)).toEqual(['refused', 'ABORTED']);
  });
});

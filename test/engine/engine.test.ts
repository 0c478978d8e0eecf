import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, test, vi } from 'vitest';
import { EngineTask } from '#src/engine/engine-task';
import { Engine, engineFailure } from '#src/engine/engine';
import { quoteIdentifier, quotePath, quoteText } from '#src/engine/sql';
import type { EngineTaskOptions } from '#src/engine/engine-messages';
import { batchOf, failureOf, fixedColumn, hexOfInteger, textColumn, wordsOf } from '../tabular/support.ts';

const TEXT = [{ name: 'v', type: { kind: 'string' } }] as const;
const LIMITS = { memoryMiB: 256, threads: 1, spillDirectory: null };

function taskOf(sql: string, options: Partial<EngineTaskOptions> = {}): EngineTask {
  return new EngineTask({ sql, fields: TEXT, limits: LIMITS, ...options });
}

describe('a query of the engine', () => {
  test('whose rows are fewer or more than expected fails, since the engine hides late errors', async () => {
    const engine = await Engine.open();
    const count = async (sql: string, rows: number): Promise<number> => {
      let seen = 0;
      for await (const batch of engine.stream(sql, TEXT, rows)) seen += batch.rows;
      return seen;
    };
    try {
      expect(await count("SELECT 'x' FROM range(5000)", 5000)).toBe(5000);
      expect((await failureOf(count("SELECT 'x' FROM range(5000)", 5001))).code).toBe('DATA_CORRUPT');
      expect((await failureOf(count("SELECT 'x' FROM range(5000)", 4999))).code).toBe('DATA_CORRUPT');
      const late = count(
        "SELECT CASE WHEN i = 90000 THEN error('MARKER') ELSE 'x' END FROM range(100000) t(i)",
        100_000,
      );
      await expect(late).rejects.toThrow('MARKER');
      expect(await count("SELECT 'x' FROM range(3)", 3)).toBe(3);
    } finally {
      engine.close();
    }
  });

  test('reaches no network and no extension', async () => {
    const engine = await Engine.open();
    try {
      await expect(engine.rows("SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')")).rejects.toThrow();
      const [row] = await engine.rows(
        "SELECT value FROM duckdb_settings() WHERE name = 'autoinstall_known_extensions'",
      );
      expect(String(row?.['value'])).toBe('false');
    } finally {
      engine.close();
    }
  });
});

describe('what is said of a failure of the engine', () => {
  test.each([
    ['Invalid Input Error: Error in file "x": value "MARKER"', 'Invalid Input Error'],
    ['IO Error: MARKER', 'IO Error'],
    ['Out of Memory Error: failed to allocate', 'Out of Memory Error'],
    ['Invalid Input Error: {"exception_type":"Out of Memory","exception_message":"MARKER"}', 'Out of Memory Error'],
    ['MARKER', 'unknown failure'],
    ['MARKER Error: x', 'MARKER Error'],
    ['', 'unknown failure'],
  ])('is its kind: %s', (message, kind) => {
    expect(engineFailure(new Error(message))).toBe(kind);
    expect(engineFailure(message)).toBe('unknown failure');
  });
});

describe('quoting', () => {
  test('keeps quotes in names, texts and paths, and takes glob characters for themselves', () => {
    expect(quoteIdentifier('a"b')).toBe('"a""b"');
    expect(quoteText("a'b")).toBe("'a''b'");
    expect(quotePath("/a'b/*?[x]")).toBe("'/a''b/[*][?][[]x]'");
  });
});

describe('a task of the engine', () => {
  test('groups what it is given, and takes batches of any length', async () => {
    const task = taskOf('SELECT v, count(*) n FROM $input GROUP BY v ORDER BY v', {});
    await task.push(batchOf(textColumn([])));
    await task.push(batchOf(textColumn(Array.from({ length: 5000 }, (_, row) => (row % 2 === 0 ? 'even' : 'odd')))));
    await task.push(batchOf(textColumn(['odd'])));
    expect(await task.finish()).toEqual([
      { v: 'even', n: 2500n },
      { v: 'odd', n: 2501n },
    ]);
    await task.abort();
  });

  test('takes names with `$` and with quotes', async () => {
    const task = taskOf('SELECT * FROM $input', { fields: [{ name: '$& "x" $input', type: { kind: 'string' } }] });
    await task.push(batchOf(textColumn(['y'])));
    expect(await task.finish()).toEqual([{ '$& "x" $input': 'y' }]);
    await task.abort();
  });

  test('with bad SQL fails at push or finish, without its text, and ends', async () => {
    const task = taskOf('SELECT MARKER FROM $input');
    const error = await failureOf(
      (async () => {
        for (let batch = 0; batch < 50; batch++) await task.push(batchOf(textColumn(['x'])));
        await task.finish();
      })(),
    );
    expect(error.code).toBe('IO_ENGINE');
    expect(wordsOf(error)).not.toContain('MARKER');
    expect((await failureOf(task.finish())).code).toBe('IO_ENGINE');
    await task.abort();
    await task.abort();
  });

  test('that fails on a value does not tell it', async () => {
    const task = taskOf('SELECT sum(v::INTEGER) FROM $input');
    await task.push(batchOf(textColumn(['MARKER'])));
    const error = await failureOf(task.finish());
    expect(error).toMatchObject({ code: 'IO_ENGINE', message: 'the table engine failed: Conversion Error' });
    expect(wordsOf(error)).not.toContain('MARKER');
    await task.abort();
  });

  test('whose thread dies fails', async () => {
    const task = taskOf('SELECT 1', { limits: { memoryMiB: NaN, threads: 1, spillDirectory: null } });
    expect((await failureOf(task.finish())).code).toBe('IO_ENGINE');
    await task.abort();
  });

  test('can be given up before it began, in the middle, after its end, and without anybody waiting', async () => {
    await taskOf('SELECT count(*) FROM $input').abort();
    const middle = taskOf('SELECT count(*) FROM $input');
    for (let batch = 0; batch < 20; batch++) await middle.push(batchOf(textColumn(['x'])));
    await middle.abort();
    expect((await failureOf(middle.push(batchOf(textColumn(['x']))))).code).toBe('IO_ENGINE');
    const ended = taskOf('SELECT count(*) n FROM $input');
    expect(await ended.finish()).toEqual([{ n: 0n }]);
    await ended.abort();
    await ended.abort();
  });

  test('does not run ahead of its reader by more than a few batches', async () => {
    const task = taskOf('SELECT count(*) n FROM $input', { fields: [{ name: 'v', type: { kind: 'bigint' } }] });
    const values = Array.from({ length: 2048 }, (_, row) => hexOfInteger(BigInt(row), 8));
    for (let batch = 0; batch < 100; batch++) await task.push(batchOf(fixedColumn(8, values)));
    expect(await task.finish()).toEqual([{ n: 204_800n }]);
    await task.abort();
  });
});

describe('the thread of a task', () => {
  const count = async (): Promise<unknown> => {
    const task = taskOf('SELECT count(*) n FROM $input');
    await task.push(batchOf(textColumn(['x'])));
    const rows = await task.finish();
    await task.abort();
    return rows;
  };

  /** How many threads were started while something was done: their numbers go up by one. */
  const threadsOf = async (action: () => Promise<unknown>): Promise<number> => {
    const next = async (): Promise<number> => {
      const worker = new Worker('', { eval: true });
      const { threadId } = worker;
      await once(worker, 'exit');
      return threadId;
    };
    const before = await next();
    await action();
    return (await next()) - before - 1;
  };

  test('takes the next task, and is not used again after a failure', async () => {
    await count();
    expect(await threadsOf(count)).toBe(0);
    const failing = taskOf('SELECT error(v) FROM $input');
    await failing.push(batchOf(textColumn(['x'])));
    await failureOf(failing.finish());
    await failing.abort();
    expect(await threadsOf(count)).toBe(1);
    await taskOf('SELECT count(*) FROM $input').abort();
    expect(await threadsOf(count)).toBe(1);
    expect(await threadsOf(() => Promise.all([count(), count(), count()]))).toBe(2);
    expect(await threadsOf(count)).toBe(0);
  });

  test('that is about to end takes no task', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      for (let round = 0; round < 5; round++) {
        await count();
        // Its time is over, and it has not ended yet.
        vi.advanceTimersByTime(60_000);
        expect(await count()).toEqual([{ n: 1n }]);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  test('brings nothing of one task to the next', async () => {
    const settings = `SELECT current_setting('memory_limit') m, current_setting('threads')::INTEGER t,
      current_setting('default_null_order') o, (SELECT count(*) FROM duckdb_tables()) n`;
    const first = taskOf(
      `CREATE TABLE t AS SELECT * FROM $input; CREATE TEMP TABLE u AS SELECT 1; SET default_null_order = 'nulls_first'`,
      { limits: { memoryMiB: 64, threads: 2, spillDirectory: null } },
    );
    await first.push(batchOf(textColumn(['x'])));
    await first.finish();
    await first.abort();
    const second = taskOf(settings);
    expect(await second.finish()).toEqual([{ m: '256.0 MiB', t: 1, o: 'NULLS_LAST', n: 0n }]);
    await second.abort();
  });

  test('lets the process end while it waits', async () => {
    const script = `
      import { Worker } from 'node:worker_threads';
      import { EngineTask } from ${JSON.stringify(import.meta.resolve('#src/engine/engine-task'))};
      Worker.prototype.terminate = () => console.log('waited for');
      const task = new EngineTask({ sql: 'SELECT 1 v', fields: [], limits: ${JSON.stringify(LIMITS)} });
      console.log(JSON.stringify(await task.finish()));
      await task.abort();`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
    expect(stdout).toBe('[{"v":1}]\n');
  });
});

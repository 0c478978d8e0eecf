import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { Server } from 'node:net';
import { basename, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { BATCH_BYTES, MAX_ROW_BYTES } from '#src/columns/limits';
import { openDataLink } from '#src/engine/data-link';
import { openReading, ReadingFailure } from '#src/engine/reading-process';
import type { ReadingQuery } from '#src/engine/reading-messages';
import type { Batch } from 'sealroom/tabular';
import { describe, expect, test, vi } from 'vitest';
import { failureOf, Folder, valuesOf } from '../tabular/support.ts';

const FIELDS = [
  { name: 'number', type: { kind: 'int' } },
  { name: 'text', type: { kind: 'string' } },
] as const;

const folder = new Folder();

/** The rows that a query gives, as texts, and the bytes of each batch. */
async function read(sql: string, query: Partial<ReadingQuery> = {}): Promise<{ rows: string[]; bytes: number[] }> {
  const [rows, bytes]: [string[], number[]] = [[], []];
  const reading = await openReading();
  try {
    const asked = { sql, fields: FIELDS, expectedRows: 0, maxValueBytes: undefined, ...query };
    for await (const { columns } of reading.stream(asked) as AsyncIterable<Batch>) {
      const [numbers = [], texts = []] = columns.map(valuesOf);
      rows.push(...numbers.map((number, row) => `${String(number)}:${String(texts[row]?.length)}`));
      bytes.push(columns.reduce((sum, column) => sum + (column.layout === 'bytes' ? column.bytes.length : 0), 0));
    }
    return { rows, bytes };
  } finally {
    await reading.close();
  }
}

/** The ids of the reading processes that this process has started, on Linux. */
function readingPids(): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const isChild = readFileSync(`/proc/${pid}/status`, 'latin1').includes(`\nPPid:\t${String(process.pid)}\n`);
      return isChild && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('reading-main.js');
    } catch {
      // It has ended.
      return false;
    }
  });
}

describe('a table that is read in a process of its own', () => {
  test('comes in batches of few bytes, whose rows, nulls and numbers are those of the query', async () => {
    // One text for all rows, as a dictionary has it: it costs nothing before it is copied.
    const sql = (column: string): string =>
      `SELECT CASE WHEN i % 7 = 0 THEN NULL ELSE i END::INT, CASE WHEN i % 5 = 0 THEN NULL ELSE ${column} END ` +
      "FROM range(3000) t(i), (SELECT repeat('x', 50000) AS long, '' AS none) ORDER BY i";
    const hex = (value: number): string => {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32LE(value);
      return bytes.toString('hex');
    };
    const expected = Array.from(
      { length: 3000 },
      (_, i) => `${i % 7 === 0 ? 'null' : hex(i)}:${i % 5 === 0 ? 'undefined' : '50000'}`,
    );
    const { rows, bytes } = await read(sql('long'), { expectedRows: 3000 });
    expect(rows).toEqual(expected);
    expect(Math.max(...bytes)).toBeLessThanOrEqual(BATCH_BYTES);
    expect(bytes.length).toBeGreaterThan(10);
    // Short ones are not split.
    expect((await read(sql('none'), { expectedRows: 3000 })).bytes).toHaveLength(2);
  });

  test('is refused at a value that is too long, and at a row, by row and column', async () => {
    const at = "CASE WHEN i = 2500 THEN repeat('x', 101) ELSE 'y' END";
    const long = read(`SELECT i::INT, ${at} FROM range(3000) t(i)`, { expectedRows: 3000, maxValueBytes: 100 });
    expect(await failureOf(long)).toMatchObject({
      code: 'DATA_LENGTH',
      message: 'a value is at most 100 bytes, got 101',
      where: { row: 2501, column: 'text' },
    });
    const texts = ['a', 'b', 'c'].map((name) => ({ name, type: { kind: 'string' } }) as const);
    const wide = read("SELECT repeat('x', 24 << 20), repeat('x', 25 << 20), repeat('x', 24 << 20)", {
      expectedRows: 1,
      fields: texts,
    });
    expect(await failureOf(wide)).toMatchObject({ code: 'DATA_LENGTH', where: { row: 1, column: 'b' } });
    expect(73 << 20).toBeGreaterThan(MAX_ROW_BYTES);
  });

  test.skipIf(process.platform !== 'linux')(
    'costs no more than the system allows, though the engine counts less',
    async () => {
      const path = folder.newPath('.parquet');
      const instance = await DuckDBInstance.create();
      const connection = await instance.connect();
      await connection.run(
        `COPY (SELECT repeat('x', 600000) AS text FROM range(2048)) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`,
      );
      connection.closeSync();
      instance.closeSync();
      expect(readFileSync(path).length).toBeLessThan(2000);
      const failure = await read(`SELECT 1, text FROM read_parquet('${path}')`, { expectedRows: 2048 }).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(ReadingFailure);
      expect((failure as ReadingFailure).kind).toMatch(/^(Out of Memory Error|ended)$/);
      // The next reading has a process that works.
      expect((await read("SELECT 1::INT, 'x'", { expectedRows: 1 })).rows).toEqual(['01000000:1']);
    },
  );

  test.skipIf(process.platform !== 'linux')(
    'is read with no environment, and no file can be written there',
    async () => {
      process.env['C3R_SHARED_SECRET'] = 'MARKER';
      const reading = await openReading();
      try {
        expect(await reading.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
        const environments = readingPids().map((pid) => readFileSync(`/proc/${pid}/environ`, 'latin1'));
        expect(environments).toHaveLength(1);
        expect(environments[0]).not.toContain('C3R');
        const path = folder.newPath('.csv');
        await expect(reading.rows(`COPY (SELECT 'x' FROM range(100000)) TO '${path}'`)).rejects.toThrow(ReadingFailure);
      } finally {
        delete process.env['C3R_SHARED_SECRET'];
        await reading.close();
      }
    },
  );

  test('that is given up leaves the process to the next one, with none of its rows', async () => {
    const query = { fields: FIELDS, maxValueBytes: undefined };
    const sql = "SELECT i::INT, repeat('x', 1000) FROM range(1000000) t(i)";
    let isKept = false;
    // A process that takes long to end the stream, as on a machine with much to do, is replaced.
    for (let attempt = 0; attempt < 5 && !isKept; attempt++) {
      const parent = await openReading();
      for await (const batch of parent.stream({ ...query, sql, expectedRows: 1_000_000 })) {
        expect(batch.rows).toBe(2048);
        break;
      }
      const before = process.platform === 'linux' ? readingPids() : [];
      await parent.close();
      const next = await openReading();
      try {
        const found: number[] = [];
        for await (const { rows } of next.stream({ ...query, sql: "SELECT 7::INT, 'y'", expectedRows: 1 }))
          found.push(rows);
        expect(found).toEqual([1]);
        isKept = process.platform !== 'linux' || readingPids().join() === before.join();
      } finally {
        await next.close();
      }
    }
    expect(isKept).toBe(true);
  });

  test.skipIf(process.platform !== 'linux')(
    'of many columns leaves no process to the next one, which needs the room',
    async () => {
      const path = folder.newPath('.parquet');
      const names = Array.from({ length: 1600 }, (_, column) => `c${String(column)}`);
      const instance = await DuckDBInstance.create();
      const connection = await instance.connect();
      await connection.run(
        `COPY (SELECT ${names.map((name) => `md5(i || '${name}') AS ${name}`).join()} FROM range(3) t(i)) TO '${path}' (FORMAT parquet)`,
      );
      connection.closeSync();
      instance.closeSync();
      const fields = names.map((name) => ({ name, type: { kind: 'string' } as const }));
      const pids: string[] = [];
      for (let turn = 0; turn < 3; turn++) {
        const reading = await openReading();
        try {
          await reading.rows('SELECT 1 AS one');
          pids.push(...readingPids());
          const query = {
            sql: `SELECT * FROM read_parquet('${path}')`,
            fields,
            expectedRows: 3,
            maxValueBytes: undefined,
          };
          for await (const { rows } of reading.stream(query)) expect(rows).toBe(3);
        } finally {
          await reading.close();
        }
      }
      expect(pids).toHaveLength(3);
      expect(new Set(pids).size).toBe(3);
    },
  );

  test.skipIf(process.platform !== 'linux')('leaves no process behind when its own ends', () => {
    const script = `
      import { readdirSync, readFileSync } from 'node:fs';
      import { openReading } from '#src/engine/reading-process';
      const reading = await openReading();
      await reading.rows('SELECT 1');
      await reading.close();
      const pid = String(process.pid);
      console.log(readFileSync('/proc/' + pid + '/task/' + pid + '/children', 'utf8'));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
    const pid = Number(stdout);
    expect(pid).toBeGreaterThan(0);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  test.skipIf(process.platform === 'win32')('arrives whole, also where there is no place for a socket', () => {
    const script = `
      import { createHash } from 'node:crypto';
      import { openReading } from '#src/engine/reading-process';
      const fields = [{ name: 'text', type: { kind: 'string' } }, { name: 'number', type: { kind: 'bigint' } }];
      const sql = "SELECT CASE WHEN i % 3 = 0 THEN NULL ELSE repeat(i::VARCHAR, 40) END, i FROM range(20000) t(i) ORDER BY i";
      const reading = await openReading();
      const hash = createHash('sha256');
      let rows = 0;
      for await (const batch of reading.stream({ sql, fields, expectedRows: 20000, maxValueBytes: undefined })) {
        rows += batch.rows;
        const [text, number] = batch.columns;
        hash.update(text.offsets).update(text.bytes).update(text.validity).update(number.values);
      }
      await reading.close();
      console.log(rows, hash.digest('hex'));`;
    const usual = folder.newPath('');
    mkdirSync(usual);
    const long = join(usual, 'd'.repeat(120));
    mkdirSync(long);
    const outputs = [usual, long, join(usual, 'missing')].map((TMPDIR) => {
      const options = { encoding: 'utf8', env: { ...process.env, TMPDIR } } as const;
      return spawnSync(process.execPath, ['--input-type=module', '--eval', script], options).stdout;
    });
    expect(outputs[0]).toMatch(/^20000 [0-9a-f]{64}\n$/);
    expect(new Set(outputs).size).toBe(1);
    expect(readdirSync(usual)).toEqual([basename(long)]);
    expect(readdirSync(long)).toEqual([]);
  });
});

// Windows has no such sockets.
test.skipIf(process.platform === 'win32')(
  'there is no link for batches where none may listen, and nothing is left of it',
  async () => {
    const listen = vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server) {
      process.nextTick(() => this.emit('error', new Error('EPERM')));
      return this;
    });
    // A promise that was left behind would end this process.
    expect(await openDataLink(() => true)).toBeNull();
    expect(listen).toHaveBeenCalledOnce();
    listen.mockRestore();
  },
);

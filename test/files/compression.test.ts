import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, truncateSync } from 'node:fs';
import process from 'node:process';
import * as zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compressingSink, decompressed } from '#src/files/compression';
import { fileSink } from '#src/files/byte-sink';
import { openFile } from '#src/files/byte-source';
import { createTarget } from '#src/files/output-target';
import { createTable, openTable } from 'sealroom/tabular';
import { batchOf, failureOf, Folder, readTable, textColumn } from '../tabular/support.ts';

const folder = new Folder();
const HAS_ZSTD = 'createZstdDecompress' in zlib;
const FIELDS = [{ name: 'a', type: { kind: 'string' } }] as const;

/** A CSV table of so many rows, with quotes and breaks in them. */
function tableOf(rows: number): string {
  return `a,b\n${Array.from({ length: rows }, (_, row) => `${String(row)},"x ""${String(row)}""\n y"\n`).join('')}`;
}

describe('a CSV file with .gz', () => {
  test('F-132 has the rows of what it contains, also if it has several members', async () => {
    const text = tableOf(50_000);
    const plain = await readTable(folder.write('.csv', text));
    for (const at of [text.length, 1_000_001]) {
      const members = [zlib.gzipSync(text.slice(0, at)), zlib.gzipSync(text.slice(at))];
      const path = folder.write('.csv.gz', Buffer.concat(members.slice(0, at === text.length ? 1 : 2)));
      const reader = await openTable(path);
      expect(reader.warnings).toEqual([]);
      expect(reader).toMatchObject({ rows: 50_000, bytes: text.length, format: 'csv' });
      expect(await reader.sha256()).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'));
      await reader.close();
      expect(await readTable(path)).toEqual(plain);
    }
  });

  test('F-132 that needs the exact reader has the same rows too', async () => {
    const text = 'a,b\n1,x"y\n 2 , " z" \n';
    const path = folder.write('.csv.gz', zlib.gzipSync(text));
    expect(await readTable(path)).toEqual(await readTable(folder.write('.csv', text)));
  });

  test.each([
    ['is truncated', (bytes: Buffer) => bytes.subarray(0, bytes.length - 20)],
    ['is truncated in its trailer', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1)],
    ['is empty', () => Buffer.alloc(0)],
    ['is none', () => Buffer.from('a,b\n1,2\n')],
    ['is followed by other bytes', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('more')])],
    [
      'was changed',
      (bytes: Buffer) => {
        bytes.writeUInt8((bytes[bytes.length - 8] ?? 0) ^ 1, bytes.length - 8);
        return bytes;
      },
    ],
  ])('F-132 that %s is refused', async (_, spoil) => {
    const path = folder.write('.csv.gz', spoil(zlib.gzipSync(tableOf(1000))));
    expect(await failureOf(openTable(path))).toMatchObject({ code: 'DATA_CORRUPT', where: { file: path } });
  });

  test('F-132 that becomes more than a thousand times as long is refused, before it is all there', async () => {
    const path = folder.write('.csv.gz', zlib.gzipSync(Buffer.alloc(64 << 20, 'a'), { level: 9 }));
    expect(await failureOf(openTable(path))).toMatchObject({ code: 'DATA_LENGTH', where: { file: path } });
  });

  test('F-132 is written as gzip, and not as CSV under another name', async () => {
    const path = folder.newPath('.csv.gz');
    const writer = await createTable(path, FIELDS);
    for (let part = 0; part < 20; part++) {
      await writer.write(batchOf(textColumn(Array.from({ length: 5000 }, (_, row) => `value ${String(part * row)}`))));
    }
    const bytes = await writer.close();
    const text = zlib.gunzipSync(readFileSync(path)).toString();
    expect(bytes).toBe(readFileSync(path).length);
    expect(text.split('\n')).toHaveLength(100_002);
    expect(text.startsWith('a\n"value 0"\n')).toBe(true);
  });

  test('that is not finished leaves nothing', async () => {
    const path = folder.newPath('.csv.gz');
    const writer = await createTable(path, FIELDS);
    await writer.write(batchOf(textColumn(['x'.repeat(1 << 20)])));
    await writer.abort();
    expect((await failureOf(openTable(path))).code).toBe('IO_READ');
  });
});

test('a pass that ends early, or fails, leaves no file open', async () => {
  const path = folder.write('.csv.gz', zlib.gzipSync(tableOf(200_000)));
  for (let pass = 0; pass < 50; pass++) {
    const source = decompressed(await openFile(path), 'gzip');
    for await (const chunk of source.chunks()) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  }
  if (process.platform === 'linux') {
    const open = readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path;
      } catch {
        return false;
      }
    });
    expect(open).toEqual([]);
  }
});

test('a sink that fails fails the writing', async () => {
  const target = await createTarget(folder.newPath('.csv.gz'), { overwrite: false });
  const inner = await fileSink(target, 'x');
  const sink = compressingSink({ ...inner, write: () => Promise.reject(new Error('full')) }, 'gzip', 'x');
  const write = async (): Promise<void> => {
    for (let part = 0; part < 100; part++) await sink.write(Buffer.from(String(Math.random()).repeat(10_000)));
    await sink.close();
  };
  await expect(write()).rejects.toThrow('full');
  await sink.abort();
});

describe('zstd', () => {
  test.runIf(HAS_ZSTD)('F-132 is read and written as gzip is', async () => {
    const path = folder.newPath('.csv.zst');
    const writer = await createTable(path, FIELDS);
    await writer.write(batchOf(textColumn(['x', 'y'])));
    await writer.close();
    expect((await readTable(path)).columns).toEqual([['x', 'y']]);
    truncateSync(path, readFileSync(path).length - 2);
    expect((await failureOf(openTable(path))).code).toBe('DATA_CORRUPT');
  });

  test.runIf(!HAS_ZSTD)('F-132 is refused where the runtime does not have it, with what has', async () => {
    const path = folder.write('.csv.zst', 'x');
    const error = { code: 'IO_FORMAT', where: { file: path }, message: expect.stringContaining('22.15') };
    expect(await failureOf(openTable(path))).toMatchObject(error);
    const output = folder.newPath('.csv.zst');
    expect(await failureOf(createTable(output, FIELDS))).toMatchObject({ code: 'IO_FORMAT' });
    expect((await failureOf(openTable(output))).code).toBe('IO_READ');
  });
});

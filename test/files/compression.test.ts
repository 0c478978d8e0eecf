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

/** The CRC-32 of bytes, which a gzip file has behind its content. */
function crc32(bytes: Uint8Array): number {
  return zlib.gzipSync(bytes).readUInt32LE(zlib.gzipSync(bytes).length - 8);
}

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
      const slow = 'gzip with several members, a comment or padding';
      expect(reader.slowReason).toBe(at === text.length ? null : slow);
      expect(reader).toMatchObject({ rows: 50_000, bytes: text.length, format: 'csv' });
      expect(await reader.sha256()).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'));
      await reader.close();
      expect({ ...(await readTable(path)), warnings: [] }).toEqual(plain);
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

  test('F-132 has the same rows whatever its header, its members and its padding are', async () => {
    const content = Buffer.from(tableOf(5000));
    const plain = zlib.gzipSync(content);
    const withFlag = (flag: number, field: Buffer): Buffer =>
      Buffer.concat([plain.subarray(0, 3), Buffer.of(flag), plain.subarray(4, 10), field, plain.subarray(10)]);
    const header = withFlag(2, Buffer.alloc(0)).subarray(0, 10);
    const checksum = Buffer.alloc(2);
    checksum.writeUInt16LE(crc32(header) & 0xffff);
    const members = Array.from({ length: Math.ceil(content.length / 7001) }, (_, at) =>
      zlib.gzipSync(content.subarray(at * 7001, (at + 1) * 7001)),
    );
    const rowsIn = async (path: string) => ({ ...(await readTable(path)), warnings: [] });
    const expected = await rowsIn(folder.write('.csv', content));
    for (const [name, bytes] of Object.entries({
      plain,
      'with a name': withFlag(8, Buffer.from('in.csv\0')),
      'with a comment': withFlag(16, Buffer.from('of May\0')),
      'with an extra field': withFlag(4, Buffer.of(6, 0, 0x42, 0x43, 2, 0, 0, 0)),
      'with a checksum of the header': withFlag(2, checksum),
      'of many members': Buffer.concat(members),
      'with an empty member first': Buffer.concat([zlib.gzipSync(''), plain]),
      'with an empty member last': Buffer.concat([plain, zlib.gzipSync('')]),
      'with one zero after it': Buffer.concat([plain, Buffer.alloc(1)]),
      'with zeros after it': Buffer.concat([plain, Buffer.alloc(512)]),
    })) {
      expect([name, await rowsIn(folder.write('.csv.gz', bytes))]).toEqual([name, expected]);
    }
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

import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { streamSink } from '#src/files/byte-sink';
import { openFile, spoolStream } from '#src/files/byte-source';
import type { ByteSource } from '#src/files/byte-source';
import { checkTarget, createTarget } from '#src/files/output-target';
import { createTable, formatOf, openTable } from 'sealroom/tabular';
import type { Field } from 'sealroom/tabular';
import { unnamedFilesOf } from '../support/open-files.ts';
import { batchOf, columnsOf, failureOf, Folder, latin, readTable, textColumn, writeTable } from './support.ts';

const folder = new Folder();
const FIELDS: Field[] = [{ name: 'v', type: { kind: 'string' } }];
const isRoot = process.getuid?.() === 0;

async function bytesOf(source: ByteSource): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of source.chunks()) parts.push(Uint8Array.from(chunk));
  return Buffer.concat(parts).toString();
}

/** A writable that keeps what it gets. */
class Collector extends Writable {
  readonly parts: Buffer[] = [];

  override _write(chunk: Buffer, _: string, callback: () => void): void {
    this.parts.push(Buffer.from(chunk));
    setImmediate(callback);
  }

  get text(): string {
    return Buffer.concat(this.parts).toString();
  }
}

describe('a target', () => {
  test('is a file of mode 0600 that has its name only when it is complete', async () => {
    const path = folder.newPath('.csv');
    const writer = await createTable(path, FIELDS);
    await writer.write(batchOf(textColumn(['x'])));
    expect(existsSync(path)).toBe(false);
    await writer.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toBe('v\nx\n');
  });

  test('F-91 takes the stale checksum file beside it away, and no other', async () => {
    const path = folder.newPath('.parquet');
    const directory = folder.path;
    const sidecar = join(directory, `.${path.slice(directory.length + 1)}.crc`);
    writeFileSync(sidecar, 'crc');
    writeFileSync(`${sidecar}2`, 'other');
    const writer = await createTable(path, FIELDS);
    expect(existsSync(sidecar)).toBe(true);
    await writer.close();
    expect(existsSync(sidecar)).toBe(false);
    expect(existsSync(`${sidecar}2`)).toBe(true);
  });

  test('may have a name that is as long as names can be', async () => {
    const path = join(folder.path, `${'é'.repeat(120)}.csv`);
    await writeTable(path, FIELDS, []);
    expect(existsSync(path)).toBe(true);
  });

  test.each(['abort', 'close'] as const)('leaves nothing but what it should on %s', async (end) => {
    const directory = mkdtempSync(join(folder.path, 'target-'));
    const writer = await createTable(join(directory, 'x.csv'), FIELDS);
    await writer[end]();
    expect(readdirSync(directory)).toEqual(end === 'close' ? ['x.csv'] : []);
  });

  test('that exists needs `overwrite`', async () => {
    const path = folder.write('.csv', 'old');
    expect(await failureOf(createTable(path, FIELDS))).toMatchObject({ code: 'IO_EXISTS', where: { file: path } });
    expect(readFileSync(path, 'utf8')).toBe('old');
    const dangling = folder.newPath('.csv');
    symlinkSync('/nowhere', dangling);
    expect((await failureOf(createTable(dangling, FIELDS))).code).toBe('IO_EXISTS');
  });

  test.each(['/dev/null', '/dev/full'].filter((path) => existsSync(path)))('is never a device: %s', async (path) => {
    expect(await failureOf(checkTarget(path, { overwrite: true }))).toMatchObject({
      code: 'IO_WRITE',
      where: { file: path },
    });
    expect(lstatSync(path).isCharacterDevice()).toBe(true);
  });

  test('is neither a directory, nor in one that is missing, no directory, or read-only', async () => {
    const directory = mkdtempSync(join(folder.path, 'ro-'));
    const file = folder.write('.txt', 'x');
    for (const path of [directory, join(directory, 'none', 'x.csv'), join(file, 'x.csv')]) {
      expect(await failureOf(checkTarget(path, { overwrite: true }))).toMatchObject({
        code: 'IO_WRITE',
        where: { file: path },
      });
    }
    chmodSync(directory, 0o500);
    const target = checkTarget(join(directory, 'x.csv'), { overwrite: true });
    if (!isRoot) expect((await failureOf(target)).code).toBe('IO_WRITE');
    else await target;
  });

  test('is not the input, by whatever name', async () => {
    const input = folder.write('.csv', 'v\n');
    const link = folder.newPath('.csv');
    symlinkSync(input, link);
    const twin = folder.newPath('.csv');
    linkSync(input, twin);
    mkdirSync(join(folder.path, 'sub'), { recursive: true });
    for (const output of [input, link, twin, join(folder.path, 'sub', '..', input.slice(folder.path.length))]) {
      expect(await failureOf(checkTarget(output, { overwrite: true, input }))).toMatchObject({
        code: 'IO_WRITE',
        where: { file: output },
      });
    }
    await checkTarget(folder.newPath('.csv'), { overwrite: false, input: folder.newPath('.csv') });
  });

  test.each([
    [true, 'IO_WRITE'],
    [false, 'IO_EXISTS'],
  ])(
    'that cannot get its name, because a directory has it by now, fails (overwrite: %j: %s)',
    async (overwrite, code) => {
      const path = folder.newPath('.csv');
      const target = await createTarget(path, { overwrite });
      mkdirSync(path);
      expect(await failureOf(target.commit())).toMatchObject({ code, where: { file: path } });
      await target.abort();
      expect(existsSync(target.path)).toBe(false);
    },
  );
});

describe('a format', () => {
  test.each([
    ['a.csv', 'csv'],
    ['a.CSV', 'csv'],
    ['a.b.Parquet', 'parquet'],
    ['a.arrow', 'arrow'],
    ['a.arrows', 'arrow'],
    ['a.ipc', 'arrow'],
    ['csv', null],
    ['a.csv.gz', 'csv'],
    ['a.TSV.GZ', 'csv'],
    ['a.csv.zst', 'csv'],
    ['a.gz', null],
    ['a.parquet.gz', null],
    ['.csv', null],
    ['a.constructor', null],
  ])('is told by the extension: %s', (path, format) => {
    expect(formatOf(path)).toBe(format);
  });

  test('that nothing says is asked for', async () => {
    const text = folder.write('.txt', 'v\n');
    expect(await failureOf(openTable(text))).toMatchObject({ code: 'IO_FORMAT', where: { file: text } });
    expect(await failureOf(createTable('a.txt', FIELDS))).toMatchObject({
      code: 'IO_FORMAT',
      where: { file: 'a.txt' },
    });
    expect((await readTable({ kind: 'file', path: folder.write('.txt', 'v\nx\n'), format: 'csv' })).columns).toEqual([
      ['x'],
    ]);
  });
});

describe('an input', () => {
  test('that is missing, a directory or unreadable is refused', async () => {
    const missing = folder.newPath('.csv');
    expect(await failureOf(openTable(missing))).toMatchObject({ code: 'IO_READ', where: { file: missing } });
    expect(await failureOf(openTable(`${folder.path}/x/../y.csv`))).toMatchObject({ code: 'IO_READ' });
    const directory = mkdtempSync(join(folder.path, 'd-'));
    expect(await failureOf(openTable({ kind: 'file', path: directory, format: 'csv' }))).toMatchObject({
      code: 'IO_READ',
      where: { file: directory },
    });
    const secret = folder.write('.csv', 'v\n');
    chmodSync(secret, 0);
    const opening = openTable(secret);
    if (!isRoot) expect((await failureOf(opening)).code).toBe('IO_READ');
    else await (await opening).close();
  });

  test('that vanishes after it was opened fails as IO_READ', async () => {
    const path = folder.write('.csv', ' "x",y\n');
    const source = await openFile(path);
    execFileSync('rm', [path]);
    const reading = (async () => {
      for await (const chunk of source.chunks()) expect(chunk).toBeDefined();
    })();
    expect(await failureOf(reading)).toMatchObject({ code: 'IO_READ', where: { file: path } });
  });

  test.runIf(process.platform === 'linux')('that is a pipe is kept as a stream is', async () => {
    const pipe = folder.newPath('.csv');
    execFileSync('sh', ['-c', `mkfifo '${pipe}'`]);
    const writer = spawn('sh', ['-c', `printf 'v\\nx\\n' > '${pipe}'`]);
    expect((await readTable(pipe)).columns).toEqual([['x']]);
    await new Promise((resolve) => writer.once('exit', resolve).exitCode === null || resolve(null));
    const parquet = spawn('sh', ['-c', `printf x > '${pipe}'`]);
    expect((await failureOf(openTable({ kind: 'file', path: pipe, format: 'parquet' }))).code).toBe('IO_FORMAT');
    parquet.kill();
  });
});

describe('a stream', () => {
  test('can be read any number of times', async () => {
    const text = 'é"\n'.repeat(700_000);
    const source = await spoolStream(Readable.from([Buffer.from(text.slice(0, 5)), text.slice(5)]), '-', {
      tempDirectory: folder.path,
    });
    expect(source.bytes).toBe(Buffer.byteLength(text));
    expect(await bytesOf(source)).toBe(text);
    expect(await bytesOf(source)).toBe(text);
    await source.close();
  });

  test.runIf(process.platform === 'linux')('lies in a file without a name, and not in clear', async () => {
    const directory = mkdtempSync(join(folder.path, 'spool-'));
    const source = await spoolStream(Readable.from([Buffer.from('MARKER'.repeat(100_000))]), '-', {
      tempDirectory: directory,
    });
    expect(readdirSync(directory)).toEqual([]);
    const [open = ''] = unnamedFilesOf(directory);
    const kept = readFileSync(open);
    expect(kept).toHaveLength(600_000);
    expect(kept.includes('MARKER')).toBe(false);
    await source.close();
    expect(unnamedFilesOf(directory)).toEqual([]);
  });

  test('that fails is IO_READ, one that is stopped ends, and neither leaves a file open', async () => {
    const directory = mkdtempSync(join(folder.path, 'spool-'));
    const failing = new Readable({
      read() {
        this.destroy(Object.assign(new Error('MARKER'), { code: 'EIO' }));
      },
    });
    const error = await failureOf(spoolStream(failing, '-', { tempDirectory: directory }));
    expect(error).toMatchObject({ code: 'IO_READ', where: { file: '-' } });
    const abort = new AbortController();
    const silent = new PassThrough();
    const spooling = spoolStream(silent, '-', { tempDirectory: directory, signal: abort.signal });
    setImmediate(() => {
      abort.abort();
    });
    expect((await failureOf(spooling)).code).toBe('IO_READ');
    if (process.platform === 'linux') expect(unnamedFilesOf(directory)).toEqual([]);
  });

  test('has no place where the directory for temporary files is missing', async () => {
    const directory = join(folder.path, 'missing');
    const spooling = spoolStream(Readable.from([]), '-', { tempDirectory: directory });
    expect(await failureOf(spooling)).toMatchObject({ code: 'IO_WRITE', where: { file: directory } });
  });

  test('of Parquet is refused without being read', async () => {
    const stream = new PassThrough();
    const refused = { code: 'IO_FORMAT', where: { file: '-' } };
    expect(await failureOf(openTable({ kind: 'stream', stream, format: 'parquet' }))).toMatchObject(refused);
    expect(stream.listenerCount('data') + stream.listenerCount('readable')).toBe(0);
    const bytes = new Uint8Array(0);
    expect(await failureOf(openTable({ kind: 'memory', bytes, format: 'parquet' }))).toMatchObject(refused);
    const collector = { kind: 'stream', stream: new Collector() } as const;
    expect(await failureOf(createTable(collector, FIELDS))).toMatchObject({
      code: 'IO_FORMAT',
      message: 'standard output has no name that says its format',
      hint: 'give the format with `--output-format csv|arrow`',
    });
  });

  test.each(['csv', 'arrow'] as const)('of %s goes out and comes in', async (format) => {
    const stream = new Collector();
    const values = ['é', null, '', 'x'.repeat(3000)];
    const batches = Array.from({ length: 300 }, () => batchOf(textColumn(values)));
    const size = await writeTable({ kind: 'stream', stream, format }, FIELDS, batches);
    const bytes = Buffer.concat(stream.parts);
    expect(size).toBe(bytes.length);
    expect(stream.listenerCount('error')).toBe(0);
    const halves = [bytes.subarray(0, 1000), bytes.subarray(1000)];
    const reader = await openTable({ kind: 'stream', stream: Readable.from(halves), format }, { csvInputNull: '' });
    const [column] = await columnsOf(reader);
    await reader.close();
    // A null of a lone column is an empty text in CSV.
    const expected = format === 'csv' ? [latin('é'), '', '', values[3]] : [latin('é'), null, '', values[3]];
    expect(column).toEqual(Array.from({ length: 300 }, () => expected).flat());
  });

  test('of lines is what was written, however late it is read', async () => {
    // It passes on what it is given by reference, and keeps it until it is asked.
    const stream = new PassThrough({ highWaterMark: 8 << 20 });
    const texts = Array.from({ length: 4 }, (_, batch) => String(batch).repeat(600_000));
    const batches = texts.map((text) => batchOf(textColumn([text])));
    const size = await writeTable({ kind: 'stream', stream, format: 'csv' }, FIELDS, batches);
    const bytes: unknown = stream.read(size);
    expect(String(bytes)).toBe(['v', ...texts, ''].join('\n'));
  });

  test('that cannot take Parquet says so', async () => {
    const output = { kind: 'stream', stream: new Collector(), format: 'parquet' } as const;
    expect((await failureOf(createTable(output, FIELDS))).code).toBe('IO_FORMAT');
  });

  test('whose other end is gone fails as IO_WRITE, at any write', async () => {
    const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const broken = new Writable({
      write(_chunk, _encoding, callback) {
        setImmediate(() => {
          callback(gone);
        });
      },
    });
    const sink = streamSink(broken);
    expect(await failureOf(sink.write(Buffer.from('x')))).toMatchObject({
      code: 'IO_WRITE',
      message: 'cannot write to standard output: the other end is closed',
    });
    expect((await failureOf(sink.write(Buffer.from('y')))).code).toBe('IO_WRITE');
    await sink.abort();
    const destroyed = new PassThrough();
    destroyed.destroy();
    expect((await failureOf(streamSink(destroyed).write(Buffer.from('x')))).code).toBe('IO_WRITE');
  });

  test('that is slow is waited for, and no listeners pile up', async () => {
    const slow = new Collector({ highWaterMark: 1 });
    const sink = streamSink(slow);
    for (let count = 0; count < 50; count++) await sink.write(Buffer.from('x'));
    expect(slow.listenerCount('drain') + slow.listenerCount('error')).toBeLessThan(3);
    expect(await sink.close()).toBe(50);
    expect(slow.text).toBe('x'.repeat(50));
  });
});

describe('memory', () => {
  test.each(['csv', 'arrow'] as const)(
    'of %s is written whole, once it is complete, and read as it is',
    async (format) => {
      const received: Uint8Array[] = [];
      const receive = (table: Uint8Array): void => {
        received.push(table);
      };
      const values = ['é', null, '', 'x'.repeat(3000)];
      const writer = await createTable({ kind: 'memory', format, receive }, FIELDS);
      // More than the pieces that a reader gets.
      for (let batch = 0; batch < 500; batch++) await writer.write(batchOf(textColumn(values)));
      expect(received).toEqual([]);
      const size = await writer.close();
      const [bytes = new Uint8Array(0)] = received;
      expect([received.length, bytes.length]).toEqual([1, size]);
      const before = Buffer.from(bytes);
      const reader = await openTable({ kind: 'memory', bytes, format, name: 'a result' }, { csvInputNull: '' });
      expect([reader.name, reader.bytes]).toEqual(['a result', size]);
      const [column] = await columnsOf(reader);
      const expected = format === 'csv' ? [latin('é'), '', '', values[3]] : [latin('é'), null, '', values[3]];
      expect(column).toEqual(Array.from({ length: 500 }, () => expected).flat());
      expect(await reader.sha256()).toBe(createHash('sha256').update(before).digest('hex'));
      await reader.close();
      expect(before.equals(bytes)).toBe(true);
    },
  );

  test('gets nothing of a table that is refused before it is complete, and no Parquet', async () => {
    const received: Uint8Array[] = [];
    const receive = (table: Uint8Array): void => {
      received.push(table);
    };
    const refuse = (written: { readonly bytes: number }): Promise<never> =>
      Promise.reject(new Error(`refused ${String(written.bytes)} bytes`));
    const writer = await createTable({ kind: 'memory', format: 'csv', receive }, FIELDS, { beforeCommit: refuse });
    await writer.write(batchOf(textColumn(['x'])));
    await expect(writer.close()).rejects.toThrow('refused 4 bytes');
    const parquet = createTable({ kind: 'memory', format: 'parquet', receive }, FIELDS);
    expect(await failureOf(parquet)).toMatchObject({ code: 'IO_FORMAT' });
    expect(received).toEqual([]);
  });
});

test('a string is the path of a file, also `-`', async () => {
  expect(await failureOf(openTable('-'))).toMatchObject({ code: 'IO_READ', where: { file: '-' } });
  expect(await failureOf(openTable({ kind: 'file', path: '-', format: 'csv' }))).toMatchObject({ code: 'IO_READ' });
});

describe.runIf(existsSync('/dev/fd/1'))('standard output', () => {
  const script = `
    const { createTable } = await import('sealroom/tabular');
    const writer = await createTable({ kind: 'stream', stream: process.stdout, format: 'parquet' }, [{ name: 'v', type: { kind: 'string' } }]);
    await writer.write({ rows: 1, columns: [{ layout: 'bytes', rows: 1, offsets: Int32Array.of(0, 1), bytes: Uint8Array.of(120), validity: null }] });
    await writer.close();`;

  test.each(['>', '| cat >'])('takes Parquet by way of %s', async (way) => {
    const path = folder.newPath('.parquet');
    execFileSync('sh', ['-c', `"$0" --input-type=module --eval "$1" ${way} "$2"`, process.execPath, script, path]);
    expect((await readTable(path)).columns).toEqual([['x']]);
  });
});

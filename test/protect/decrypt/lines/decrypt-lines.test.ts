import { randomBytes } from 'node:crypto';
import { createReadStream, readFileSync, mkdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { type DecryptOptions, type DecryptSummary, deriveSealingRoot, parseSharedSecret } from 'sealroom';
import { type ClientType, type ClientValue, encodeNull, encodeValue, parseCollaborationId } from 'sealroom/crypto';
import { decryptLines, type LineDecryption } from '#src/protect/decrypt/lines/decrypt-lines';
import { LineOpener } from '#src/protect/decrypt/lines/line-opener';
import { ID, SECRET } from '../../../support/cli.ts';
import { runs } from '../../../support/runs.ts';
import { Bench, cellOf, schemaOf, textCell } from '../../../support/tables.ts';
import { failureOf, SEED } from '../../../tabular/support.ts';

const SHARED_SECRET = parseSharedSecret(SECRET);
const ROOT = deriveSealingRoot(SHARED_SECRET, parseCollaborationId(ID));
const FINGERPRINT = `02:hmac:${Buffer.alloc(32, 7).toString('base64')}`;

interface LineOptions extends Partial<DecryptOptions> {
  /** Bytes of a range of the input. */
  readonly rangeBytes?: number;
}

/** Attempts to open the lines of a file. */
function openLines(
  bench: Bench,
  input: string,
  output: string,
  { rangeBytes, ...options }: LineOptions = {},
): Promise<LineDecryption> {
  const { secret = SHARED_SECRET } = options;
  const all = { secret, collaborationId: ID, input: bench.path(input), output: bench.path(output), ...options };
  return decryptLines(all, secret === null ? null : ROOT, { outputFormat: 'csv', held: undefined }, rangeBytes);
}

/** What both ways of decryption say about a table. */
function factsOf(summary: Omit<DecryptSummary, 'elapsedMs' | 'kernel'>): object {
  const { rows, columns, openedCells, unsealedCells, inputBytes, outputBytes, warnings } = summary;
  return { rows, columns, openedCells, unsealedCells, inputBytes, outputBytes, warnings };
}

/**
 * Decrypts a file in both ways and compares bytes and facts. What the ordinary way refuses, the other must leave to it. Returns whether the
 * lines were opened.
 */
async function compareWays(bench: Bench, input: string, options: LineOptions): Promise<boolean> {
  const attempt = await openLines(bench, input, 'fast.csv', { ...options, overwrite: true });
  const outcome = await bench
    .decrypt(input, 'ordinary.csv', { ...options, kernel: 'node', overwrite: true })
    .catch((error: unknown) => error);
  if (attempt.kind === 'left') return false;
  if (outcome instanceof Error) throw outcome;
  expect(readFileSync(bench.path('fast.csv'))).toEqual(readFileSync(bench.path('ordinary.csv')));
  expect(factsOf(attempt.outcome)).toEqual(factsOf(outcome as DecryptSummary));
  return true;
}

/** A field in quotes. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

const TEXT = fc.string({
  unit: fc.constantFrom('a', 'b', '7', ' ', ',', '"', '\n', '\r', '#', 'é', '🙂', '\0', '02:', 'hmac:', 'enc:'),
  maxLength: 24,
});

/** A field without quotes that no reader takes for anything else. */
const PLAIN = fc
  .string({ unit: fc.constantFrom('a', 'é', '🙂', '0', '#', ':'), minLength: 1, maxLength: 60 })
  .filter((text) => !text.startsWith('#'));

const SEALED = fc.oneof(
  TEXT.map(textCell),
  fc.nat(1000).map((length) => textCell('x'.repeat(length))),
  fc.constant(cellOf('03')),
  TEXT.map((text) => cellOf(Buffer.concat([Buffer.of(2), Buffer.from(text)]), '01:enc:')),
);

/** A field of a column, as it is in the file. */
const FIELD: Readonly<Record<string, fc.Arbitrary<string>>> = {
  sealed: fc.oneof(
    { weight: 8, arbitrary: SEALED },
    { weight: 2, arbitrary: SEALED.map(quoted) },
    { weight: 1, arbitrary: SEALED.map((cell) => ` ${cell}\t`) },
    { weight: 1, arbitrary: fc.constantFrom('', '""', 'NULL') },
  ),
  fingerprint: fc.constantFrom(FINGERPRINT, FINGERPRINT, quoted(FINGERPRINT), 'abchmac:', ''),
  cleartext: fc.oneof(PLAIN, PLAIN, TEXT.map(quoted), fc.constantFrom('', ' ', '""', ' x ', 'NULL', '"NULL"', 'enc:')),
};

const FILE = fc
  .array(fc.constantFrom('sealed', 'fingerprint', 'cleartext'), { minLength: 1, maxLength: 4 })
  .chain((kinds) =>
    fc.record({
      headers: fc.constant(kinds.map((kind, index) => `${kind}${String(index)}`)),
      rows: fc.array(
        fc.oneof(
          { weight: 12, arbitrary: fc.tuple(...kinds.map((kind) => FIELD[kind] ?? PLAIN)) },
          { weight: 1, arbitrary: fc.constantFrom([''], [' \t']) },
        ),
        { maxLength: 24 },
      ),
      lineBreak: fc.constantFrom('\n', '\n', '\r\n'),
      hasMark: fc.boolean(),
      endsWithBreak: fc.boolean(),
    }),
  )
  .map(({ headers, rows, lineBreak, hasMark, endsWithBreak }) => {
    const lines = [headers, ...rows].map((fields) => fields.join(','));
    return (hasMark ? '\ufeff' : '') + lines.join(lineBreak) + (endsWithBreak || rows.length === 0 ? lineBreak : '');
  });

const READING = fc.record({
  csvInputNull: fc.constantFrom(undefined, undefined, '', '""', 'NULL', ['NULL', '']),
  csvOutputNull: fc.constantFrom(undefined, undefined, '', '""', 'NULL', ' ', 'a b'),
  allowMixedColumns: fc.constantFrom(undefined, true),
});

test('lines that are opened become the bytes and counts of the ordinary way', async () => {
  await using bench = await Bench.start();
  let opened = 0;
  await fc.assert(
    fc.asyncProperty(FILE, READING, fc.constantFrom(1 << 20, 700, 64), async (text, reading, rangeBytes) => {
      await bench.put('in.csv', text);
      if (await compareWays(bench, 'in.csv', { ...reading, rangeBytes })) opened++;
    }),
    { seed: SEED, numRuns: runs(240) },
  );
  expect(opened).toBeGreaterThan(runs(240) / 4);
});

test('blank lines are no rows, wherever a range begins', async () => {
  await using bench = await Bench.start();
  const rows = Array.from({ length: 40 }, (_, row) => `${textCell(String(row))},${'\n'.repeat((row * 7) % 90)}`);
  await bench.put('in.csv', `s,c\n${rows.join('\n \n')}\n\n`);
  for (const rangeBytes of [1 << 20, 64, 17]) expect(await compareWays(bench, 'in.csv', { rangeBytes })).toBe(true);
});

describe('the types of sealed values', () => {
  const INTEGERS: readonly (readonly [ClientType, bigint])[] = [
    [{ kind: 'smallint' }, 16n],
    [{ kind: 'int' }, 32n],
    [{ kind: 'bigint' }, 64n],
    [{ kind: 'date' }, 32n],
    ...(['ms', 'us', 'ns'] as const).flatMap((unit) =>
      [true, false].map((utc): [ClientType, bigint] => [{ kind: 'timestamp', unit, utc }, 64n]),
    ),
  ];

  /** Values of a type whose text has no fraction: at the limits of the type, near 0, and random ones of all magnitudes. */
  function integersOf(type: ClientType, bits: bigint): ClientValue[] {
    const half = 1n << (bits - 1n);
    const random = Array.from({ length: 200 }, (_, index) => {
      const value = BigInt(`0x${randomBytes(8).toString('hex')}`) >> BigInt(index % 62);
      return BigInt.asIntN(Number(bits), index % 2 === 0 ? value : -value);
    });
    const around = [half - 1n, -half, -half + 1n, 0n, 1n, -1n, 9n, 10n, -719_468n, 2_932_896n, 2_932_897n, -719_529n];
    return [...around.map((value) => BigInt.asIntN(Number(bits), value)), ...random].map((value) =>
      type.kind === 'bigint' || type.kind === 'timestamp' ? value : Number(value),
    );
  }

  const TYPED: readonly (readonly [ClientType, readonly ClientValue[]])[] = [
    ...INTEGERS.map(([type, bits]) => [type, integersOf(type, bits)] as const),
    [{ kind: 'boolean' }, [true, false]],
    [{ kind: 'char' }, ['', 'x', 'é🙂']],
    [{ kind: 'varchar', maxLength: 4 }, ['', 'abcd', '🙂🙂', 'é,"']],
  ];

  test('that are written as text come out as in the ordinary way', async () => {
    await using bench = await Bench.start();
    const cells = TYPED.flatMap(([type, values]) => [
      ...values.map((value) => cellOf(encodeValue({ type, value }))),
      cellOf(encodeNull(type)),
      cellOf(encodeNull(type).slice(0, 1)),
    ]);
    const decimal: ClientType = { kind: 'decimal', precision: 3, scale: 1 };
    const nulls = [decimal, { kind: 'double' } as const].map((type) => cellOf(encodeNull(type)));
    await bench.put('in.csv', `a\n${[...cells, ...nulls].join('\n')}\n`);
    expect(await compareWays(bench, 'in.csv', { rangeBytes: 4096 })).toBe(true);
  });

  test.each<[string, ClientType, ClientValue]>([
    ['a decimal', { kind: 'decimal', precision: 3, scale: 1 }, '1.5'],
    ['a double', { kind: 'double' }, 0.1],
    ['a float', { kind: 'float' }, 0.5],
  ])('that are not, such as %s, are left to it', async (_, type, value) => {
    await using bench = await Bench.start();
    await bench.put('in.csv', `a\n${cellOf(encodeValue({ type, value }))}\n`);
    expect(await openLines(bench, 'in.csv', 'out.csv')).toEqual({
      kind: 'left',
      reason: 'cells or values that need a closer look',
    });
    expect(await bench.decrypt('in.csv', 'out.csv')).toMatchObject({
      openedCells: 1,
      slowReason: 'cells or values that need a closer look',
      notes: [],
    });
  });
});

describe('what has to be refused is left to the ordinary way, without a trace', () => {
  const good = textCell('good');
  const forged = `${good.slice(0, 60)}${good[60] === 'A' ? 'B' : 'A'}${good.slice(61)}`;

  test.each<[string, string, string, Partial<DecryptOptions>?]>([
    ['a changed cell', 'FORMAT_TAG', `a\n${good}\n${forged}\n`],
    ['a short cell', 'FORMAT_CELL', `a\n${good}\n02:enc:AAAA\n`],
    ['a cell that is not Base64', 'FORMAT_CELL', `a\n${good.slice(0, 40)}*${good.slice(41)}\n`],
    ['a cell of a later version', 'FORMAT_CELL', `a\n03${good.slice(2)}\n`],
    ['a text that is not UTF-8 in a cell', 'FORMAT_VALUE', `a\n${cellOf('02ff')}\n`],
    ['an unknown type', 'FORMAT_VALUE', `a\n${cellOf('7e00')}\n`],
    ['a null with a value', 'FORMAT_VALUE', `a\n${cellOf('0300')}\n`],
    ['a boolean of 2', 'FORMAT_VALUE', `a\n${cellOf('0602')}\n`],
    ['an integer that is too long', 'FORMAT_VALUE', `a\n${cellOf('120000000000')}\n`],
    ['a timestamp of an unknown unit', 'FORMAT_VALUE', `a\n${cellOf('1600000000030000000000000000')}\n`],
    ['a varchar beyond its length', 'FORMAT_VALUE', `a\n${cellOf('18000000016161')}\n`],
    ['a cell that is not sealed', 'FORMAT_CELL', `a\n${good}\nx\n`],
    ['an empty field that is no null', 'FORMAT_CELL', `a\n${good}\nNULL\n`, { csvInputNull: '' }],
    ['a cell without a secret', 'SECRET_MISSING', `a\n${good}\n`, { secret: null }],
    ['a fingerprint', 'RULE_FINGERPRINT', `a\n${FINGERPRINT}\n`, { failOnFingerprintColumns: true }],
    ['a sealed column without sealed cells', 'FORMAT_CELL', 'a\nx\n', { sealedColumns: ['a'] }],
    ['a record with too many fields', 'DATA_FIELDS', `a,b\n${good},x\n${good},x,y\n`],
    ['a blank header', 'DATA_HEADER', `a, \n${good},x\n`],
  ])('%s', async (_, code, text, options = {}) => {
    await using bench = await Bench.start();
    await bench.put('in.csv', text);
    for (const threads of [1, 3]) {
      expect(await openLines(bench, 'in.csv', 'out.csv', { ...options, threads, rangeBytes: 80 })).toMatchObject({
        kind: 'left',
      });
    }
    expect(await bench.names()).toEqual(['in.csv', 'tmp']);
    const error = await failureOf(bench.decrypt('in.csv', 'out.csv', options));
    expect(error.code).toBe(code);
    const { message, where } = await failureOf(bench.decrypt('in.csv', 'out.csv', { ...options, kernel: 'node' }));
    expect(error).toMatchObject({ message, where });
    expect(await bench.names()).toEqual(['in.csv', 'tmp']);
  });

  test('a text that is not UTF-8, outside of cells', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', Buffer.from('a\nx\n\xff\n', 'latin1'));
    expect(await openLines(bench, 'in.csv', 'out.csv')).toMatchObject({ kind: 'left' });
  });
});

describe('a table is left to the ordinary way, and its summary says why', () => {
  test.each<[string, string, Partial<DecryptOptions>?]>([
    ['a quote inside a field on line 2', 'a,b\nx"y,z\n'],
    ['lines that are not regular', 'a,b\n#x,y\n'],
    ['text that is not UTF-8', 'a,b\nx,y\n', { csvEncoding: 'latin1' }],
    ['lines that end with CR', 'a,b\rx,y\r'],
    ['very long records', `a,b\nx,${'y'.repeat(2 << 20)}\n`],
    ['a long text for nulls', 'a,b\nx,y\n', { csvOutputNull: 'n'.repeat(33) }],
  ])('%s', async (reason, text, options = {}) => {
    await using bench = await Bench.start();
    await bench.put('in.csv', text);
    const { slowReason } = await bench.decrypt('in.csv', 'out.csv', options);
    expect(slowReason).toBe(reason);
  });

  test('but nothing is said of other formats, streams and kernels', async () => {
    await using bench = await Bench.start();
    await bench.put('in.csv', 'a,b\nx,y\n');
    await bench.decrypt('in.csv', 'in.arrow');
    for (const [input, output] of [
      ['in.arrow', 'out.csv'],
      ['in.csv', 'out.arrow'],
    ] as const) {
      expect(await bench.decrypt(input, output)).toMatchObject({ slowReason: null, notes: [] });
    }
    expect(await bench.decrypt('in.csv', 'node.csv', { kernel: 'node' })).toMatchObject({
      slowReason: null,
      notes: [],
    });
  });
});

describe('a table of many ranges', () => {
  /** A protected table with line breaks in quotes, nulls and texts of all lengths. */
  async function protectedTable(bench: Bench, rows: number): Promise<void> {
    const lines = Array.from({ length: rows }, (_, row) => {
      const text = row % 5 === 0 ? `"line ""${String(row)}""\nbreak,"` : `text ${'é'.repeat(row % 40)}`;
      return `${String(row)},${row % 7 === 0 ? '' : text},${text}`;
    });
    await bench.put('source.csv', `k,s,c\n${lines.join('\n')}\n`);
    await bench.encrypt('source.csv', 'in.csv', schemaOf('k:fingerprint', 's:sealed max 4', 'c:cleartext'));
  }

  test.each([1, 3])('comes out the same from %i threads, whatever the ranges', async (threads) => {
    await using bench = await Bench.start();
    await protectedTable(bench, 1200);
    const expected = await bench.decrypt('in.csv', 'expected.csv', { kernel: 'node' });
    let done = 0;
    for (const rangeBytes of [1000, 30_000, 1 << 20]) {
      const attempt = await openLines(bench, 'in.csv', 'out.csv', { threads, rangeBytes, overwrite: true });
      // A range can begin where a line break in quotes looks like the end of a record.
      if (attempt.kind === 'left') {
        expect(attempt.reason).toBe('line breaks in quotes');
        continue;
      }
      done++;
      expect(factsOf(attempt.outcome)).toEqual(factsOf(expected));
      expect(attempt.outcome.threads).toBe(rangeBytes === 1 << 20 ? 1 : threads);
      expect(readFileSync(bench.path('out.csv'))).toEqual(readFileSync(bench.path('expected.csv')));
    }
    expect(done).toBe(3);
  });

  test('is opened once, also if its records are long, and up to 256 KiB on this path', async () => {
    await using bench = await Bench.start();
    const opens = vi.spyOn(LineOpener.prototype, 'open');
    for (const recordBytes of [40_000, 200_000]) {
      const record = `${textCell('x'.repeat(100))},${'y'.repeat(16_000)}`.padEnd(recordBytes, 'z');
      await bench.put('in.csv', `s,c\n${`${record}\n`.repeat(Math.ceil(4_000_000 / recordBytes))}`);
      await bench.decrypt('in.csv', 'expected.csv', { kernel: 'node', overwrite: true });
      opens.mockClear();
      expect(await openLines(bench, 'in.csv', 'out.csv', { threads: 1, overwrite: true })).toMatchObject({
        kind: 'done',
      });
      expect(readFileSync(bench.path('out.csv')).equals(readFileSync(bench.path('expected.csv')))).toBe(true);
      // Four ranges; the first one finds out how much lies behind.
      expect(opens.mock.calls.length).toBeLessThanOrEqual(4 + 2);
    }
    opens.mockRestore();
    await bench.put('in.csv', `s,c\n${`${textCell('x')},${'y'.repeat(700_000)}\n`.repeat(8)}`);
    expect(await openLines(bench, 'in.csv', 'out.csv', { overwrite: true })).toMatchObject({ kind: 'left' });
  });

  test('comes out the same from memory, and from and to compressed files', async () => {
    await using bench = await Bench.start();
    await protectedTable(bench, 3000);
    const source = readFileSync(bench.path('in.csv'));
    await bench.put('in.csv.gz', gzipSync(source));
    await bench.decrypt('in.csv', 'expected.csv', { kernel: 'node' });
    const expected = readFileSync(bench.path('expected.csv'), 'utf8');
    let received = '';
    const receive = (table: Uint8Array): void => {
      received = Buffer.from(table).toString();
    };
    const inputs = [bench.path('in.csv.gz'), { kind: 'memory', bytes: source, format: 'csv' }] as const;
    for (const input of inputs) {
      const output = { kind: 'memory', format: 'csv', receive } as const;
      expect(await openLines(bench, 'in.csv', 'out.csv', { input, output })).toMatchObject({ kind: 'done' });
      expect(received).toBe(expected);
    }
    expect(await openLines(bench, 'in.csv.gz', 'out.csv')).toMatchObject({ kind: 'done' });
    expect(await bench.text('out.csv')).toBe(expected);
  });

  test('comes out the same from several files', async () => {
    await using bench = await Bench.start();
    await protectedTable(bench, 3000);
    mkdirSync(bench.path('parts'));
    const text = await bench.text('in.csv');
    await bench.put('parts/a.csv', text.trimEnd());
    await bench.put('parts/b.csv.gz', gzipSync(text));
    await bench.put('parts/c.csv', 'k,s,c\n');
    expect(await compareWays(bench, 'parts', {})).toBe(true);
    await bench.put('parts/d.csv', `k,s,c\n1,,"open\n`);
    await bench.put('parts/e.csv', `k,s,c\n1,,"\n`);
    expect(await compareWays(bench, 'parts', {})).toBe(false);
  });

  test('comes out the same from a stream, which is read once whichever way it takes', async () => {
    await using bench = await Bench.start();
    await protectedTable(bench, 5000);
    await bench.decrypt('in.csv', 'expected.csv', { kernel: 'node' });
    const inputOf = (name: string): DecryptOptions['input'] => {
      return { kind: 'stream', stream: createReadStream(bench.path(name)), format: 'csv' };
    };
    const summary = await bench.decrypt('', 'out.csv', { input: inputOf('in.csv') });
    expect(summary).toMatchObject({ rows: 5000, slowReason: null, notes: [] });
    expect(readFileSync(bench.path('out.csv'))).toEqual(readFileSync(bench.path('expected.csv')));
    await bench.put('stray.csv', `${await bench.text('in.csv')}1,,a"b\n`);
    const left = await bench.decrypt('', 'left.csv', { input: inputOf('stray.csv') });
    expect(left.slowReason).toBe('a quote inside a field on line 6002');
    expect(await bench.text('left.csv')).toBe(`${await bench.text('expected.csv')}1,,"a""b"\n`);
    expect(await bench.names()).not.toContainEqual(expect.stringContaining('tmp/'));
  });

  test('leaves nothing behind if it is stopped, or its last step fails', async () => {
    await using bench = await Bench.start();
    await protectedTable(bench, 3000);
    const before = await bench.names();
    for (const threads of [1, 2]) {
      const stop = new AbortController();
      const stopped = openLines(bench, 'in.csv', 'out.csv', {
        ...{ threads, rangeBytes: 4096, signal: stop.signal },
        onProgress: () => {
          stop.abort();
        },
      });
      expect((await failureOf(stopped)).code).toBe('IO_ABORTED');
      const fails = (): Promise<void> => Promise.reject(new Error('no'));
      const failed = openLines(bench, 'in.csv', 'out.csv', { threads, rangeBytes: 4096, beforeCommit: fails });
      await expect(failed).rejects.toThrow('no');
      expect(await bench.names()).toEqual(before);
    }
  });

  test('is opened by a dry run, which writes nothing', async () => {
    await using bench = await Bench.start();
    await protectedTable(bench, 500);
    const before = await bench.names();
    const expected = await bench.decrypt('in.csv', 'out.csv', { kernel: 'node', dryRun: true });
    const attempt = await openLines(bench, 'in.csv', 'out.csv', { dryRun: true });
    expect(attempt.kind === 'done' && factsOf(attempt.outcome)).toEqual(factsOf(expected));
    expect(await bench.names()).toEqual(before);
  });

  test('tells how far it is', async () => {
    await using bench = await Bench.start();
    await protectedTable(bench, 3000);
    const rows: number[] = [];
    const totals: (number | null)[] = [];
    await openLines(bench, 'in.csv', 'out.csv', {
      rangeBytes: 60_000,
      onProgress(progress) {
        rows.push(progress.rows);
        totals.push(progress.totalRows);
      },
    });
    expect([rows.at(-1), totals.at(-1)]).toEqual([3000, 3000]);
    expect(totals[0]).toBeGreaterThan(2000);
    expect(rows.slice(1).every((count, index) => count >= (rows[index] ?? 0))).toBe(true);
  });
});

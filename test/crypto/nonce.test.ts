import { createHmac, hkdfSync, createHash } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { encryptColumns, parseSharedSecret, tableOfTexts, textsOfTable } from 'sealroom';
import { createKernel, randomNonces, sealCell, sealingRootFromBytes } from 'sealroom/crypto';
import { freshNonces, type SealedValues } from '#src/crypto/index';
import { byteColumnOf, encodeUtf8 } from '#src/bytes/index';
import { ID, SECRET } from '../support/cli.ts';
import { schemaOf, settingsOf } from '../support/tables.ts';
import { RUNNABLE_KERNELS } from '../support/kernels.ts';

const ROOT = sealingRootFromBytes(Buffer.alloc(32, 9));

test('F-29 a row has 32 random bytes of its own', () => {
  const rows = 5000; // more than one call of the generator gives
  const nonces = Buffer.from(randomNonces(rows));
  expect(nonces.length).toBe(rows * 32);
  const distinct = new Set(Array.from({ length: rows }, (_, row) => nonces.toString('hex', row * 32, row * 32 + 32)));
  expect(distinct.size).toBe(rows);
  expect(nonces.subarray(-32).every((byte) => byte === 0)).toBe(false);
});

test('no rows need no nonces', () => {
  expect(randomNonces(0).length).toBe(0);
});

/** A text column to be sealed. */
function textsOf(
  texts: readonly (string | null)[],
  targetHeader = 'a',
  padTargetBytes: number | null = null,
): SealedValues {
  const values = byteColumnOf(texts.map((text) => (text === null ? null : encodeUtf8(text))));
  return { task: { targetHeader, padTargetBytes, prefix: Uint8Array.of(2), nullEncoding: Uint8Array.of(3) }, values };
}

/** Runs `act` with a generator that repeats itself: every byte is a seven. */
function withBrokenGenerator<Result>(act: () => Result): Result {
  const generator = vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation((array) => {
    if (array instanceof Uint8Array) array.fill(7);
    return array;
  });
  try {
    return act();
  } finally {
    generator.mockRestore();
  }
}

/** The nonces of columns with a generator that repeats itself, in hexadecimal. */
function noncesOf(rows: number, ...columns: SealedValues[]): string[] {
  const nonces = Buffer.from(withBrokenGenerator(() => freshNonces(ROOT, columns, rows)));
  return Array.from({ length: rows }, (_, row) => nonces.toString('hex', row * 32, row * 32 + 32));
}

test('F-93 a nonce is random, exclusive-or the HMAC of what is sealed with it and the number of the row', () => {
  const i32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const described = Buffer.concat([i32(1), Buffer.from('a'), i32(1), Buffer.of(2), i32(1), Buffer.of(3), i32(40)]);
  const hash = createHash('sha256').update(described).digest();
  const info = Buffer.concat([Buffer.from('sealroom nonce v1'), hash]);
  const key = Buffer.from(ROOT.use((root) => hkdfSync('sha256', root, '', info, 32)));
  const offsets = Buffer.from(Int32Array.of(0, 1, 3).buffer);
  const mask = createHmac('sha256', key)
    .update(Buffer.concat([i32(2), i32(-1), offsets, Buffer.from('xyz')]))
    .digest();
  const expected = [0, 1].map((row) => {
    const nonce = mask.map((byte) => byte ^ 7);
    const first = new Uint32Array(Uint8Array.from(nonce.subarray(0, 4)).buffer).map((word) => word ^ row);
    return Buffer.concat([Buffer.from(first.buffer), nonce.subarray(4)]).toString('hex');
  });
  expect(noncesOf(2, textsOf(['x', 'yz'], 'a', 40))).toEqual(expected);
});

test('F-93 a generator that repeats itself gives no two rows among other values one nonce', () => {
  const all = [
    noncesOf(1, textsOf(['x'])),
    noncesOf(1, textsOf(['y'])),
    noncesOf(1, textsOf([''])),
    noncesOf(1, textsOf([null])),
    noncesOf(1, textsOf(['x'], 'b')),
    noncesOf(1, textsOf(['x'], 'a', 10)),
    noncesOf(1, textsOf(['x'], 'a', 11)),
    noncesOf(1, textsOf(['x']), textsOf(['y'], 'b')),
    noncesOf(1, textsOf(['y']), textsOf(['x'], 'b')),
    noncesOf(1, textsOf(['xy']), textsOf([''], 'b')),
    noncesOf(1, textsOf(['']), textsOf(['xy'], 'b')),
    noncesOf(3, textsOf(['x', 'x', 'x'])),
    noncesOf(3, textsOf(['x', 'x', 'y'])),
    noncesOf(3, textsOf(['x', null, 'x'])),
    noncesOf(3, textsOf(['x', '', 'x'])),
  ].flat();
  expect(new Set(all).size).toBe(all.length);
  expect(noncesOf(1, textsOf(['x']))).toEqual(all.slice(0, 1));
});

test('F-93 with a generator that works, the same row has another nonce each time', () => {
  const rows = 3000;
  const nonces = Buffer.from(freshNonces(ROOT, [textsOf(Array.from({ length: rows }, () => 'x'))], rows));
  const distinct = new Set(Array.from({ length: rows }, (_, row) => nonces.toString('hex', row * 32, row * 32 + 32)));
  expect(distinct.size).toBe(rows);
});

test.each(RUNNABLE_KERNELS)('F-93 single cells too have nonces that depend on their values, on kernel %s', (name) => {
  const kernel = createKernel(name);
  const target = { targetHeader: 'a', padTargetBytes: null };
  const [x, y] = withBrokenGenerator(() =>
    ['x', 'y'].map((value) => sealCell(kernel, ROOT, target, { type: { kind: 'string' }, value })),
  );
  const nonceOf = (cell = ''): string => Buffer.from(cell.slice(7), 'base64').toString('hex', 0, 32);
  expect(nonceOf(x)).not.toBe(nonceOf(y));
});

test('F-93 a table that is encrypted twice with a generator that repeats itself shares no nonce once a value differs', async () => {
  const seal = async (last: string): Promise<Set<string>> => {
    const rows = [...Array.from({ length: 50 }, (_, row) => [String(row)]), [last]];
    const sealed = await encryptColumns(tableOfTexts(['a'], rows), {
      secret: parseSharedSecret(SECRET),
      collaborationId: ID,
      settings: settingsOf({}),
      schema: schemaOf('a:sealed'),
    });
    return new Set(
      textsOfTable(sealed).map(([cell = '']) => Buffer.from((cell ?? '').slice(7), 'base64').toString('hex', 0, 32)),
    );
  };
  let state = 0;
  const generator = vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation((array) => {
    if (array instanceof Uint8Array)
      for (let i = 0; i < array.length; i++) array[i] = Math.imul((state += 1), 2654435761) >>> 24;
    return array;
  });
  try {
    const first = await seal('x');
    state = 0;
    const second = await seal('y');
    expect([first.size, second.size, new Set([...first, ...second]).size]).toEqual([51, 51, 102]);
  } finally {
    generator.mockRestore();
  }
});

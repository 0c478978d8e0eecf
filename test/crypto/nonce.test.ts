import { createHmac, hkdfSync, createHash } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { createKernel, KERNEL_NAMES, randomNonces, sealCell, sealingRootFromBytes } from 'sealroom/crypto';
import { freshNonces, type SealedValues } from '#src/crypto/index';
import { byteColumnOf, encodeUtf8 } from '#src/bytes/index';

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

test.each(KERNEL_NAMES)(
  'F-93 a nonce is the HMAC of 32 random bytes and the values of the row, on kernel %s',
  (name) => {
    const columns = [textsOf(['x', null]), textsOf(['yz', ''], 'b', 40)];
    const nonces = withBrokenGenerator(() => freshNonces(createKernel(name), ROOT, columns, 2));
    const length = (value: number): Buffer => {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(value);
      return bytes;
    };
    const described = (header: string, pad: number): Buffer =>
      Buffer.concat([length(1), Buffer.from(header), length(1), Buffer.of(2), length(1), Buffer.of(3), length(pad)]);
    const hash = createHash('sha256').update(described('a', -1)).update(described('b', 40)).digest();
    const info = Buffer.concat([Buffer.from('sealroom nonce v1'), hash]);
    const key = Buffer.from(ROOT.use((root) => hkdfSync('sha256', root, '', info, 32)));
    const nonce = (...parts: Buffer[]): Buffer =>
      createHmac('sha256', key)
        .update(Buffer.alloc(32, 7))
        .update(Buffer.concat([...parts, Buffer.of(0xff)]))
        .digest();
    const first = nonce(length(1), Buffer.from('x'), length(2), Buffer.from('yz'));
    const second = nonce(length(-1), length(0));
    expect(Buffer.from(nonces)).toEqual(Buffer.concat([first, second]));
  },
);

test('F-93 a generator that repeats itself gives no two rows of other values one nonce', () => {
  const kernel = createKernel();
  const nonceOf = (...columns: SealedValues[]): string =>
    Buffer.from(withBrokenGenerator(() => freshNonces(kernel, ROOT, columns, 1))).toString('hex');
  const all = [
    nonceOf(textsOf(['x'])),
    nonceOf(textsOf(['y'])),
    nonceOf(textsOf([''])),
    nonceOf(textsOf([null])),
    nonceOf(textsOf(['x'], 'b')),
    nonceOf(textsOf(['x'], 'a', 10)),
    nonceOf(textsOf(['x'], 'a', 11)),
    nonceOf(textsOf(['x']), textsOf(['y'], 'b')),
    nonceOf(textsOf(['y']), textsOf(['x'], 'b')),
    nonceOf(textsOf(['xy']), textsOf([''], 'b')),
    nonceOf(textsOf(['']), textsOf(['xy'], 'b')),
  ];
  expect(new Set(all).size).toBe(all.length);
  expect(nonceOf(textsOf(['x']))).toBe(all[0]);
});

test('F-93 with a generator that works, the same row has another nonce each time', () => {
  const kernel = createKernel();
  const rows = 3000;
  const nonces = Buffer.from(freshNonces(kernel, ROOT, [textsOf(Array.from({ length: rows }, () => 'x'))], rows));
  const distinct = new Set(Array.from({ length: rows }, (_, row) => nonces.toString('hex', row * 32, row * 32 + 32)));
  expect(distinct.size).toBe(rows);
});

test('F-93 single cells too have nonces that depend on their values', () => {
  const kernel = createKernel();
  const target = { targetHeader: 'a', padTargetBytes: null };
  const [x, y] = withBrokenGenerator(() =>
    ['x', 'y'].map((value) => sealCell(kernel, ROOT, target, { type: { kind: 'string' }, value })),
  );
  const nonceOf = (cell = ''): string => Buffer.from(cell.slice(7), 'base64').toString('hex', 0, 32);
  expect(nonceOf(x)).not.toBe(nonceOf(y));
});

import { createDecipheriv, createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  CELL_CLEARTEXT,
  CELL_FINGERPRINT,
  CELL_NULL,
  CELL_SEALED,
  fingerprintKeyFromBytes,
  sealingRootFromBytes,
} from 'sealroom/crypto';
import type { FingerprintTask, Kernel, SealTask } from 'sealroom/crypto';
import { byteColumnOf, encodeUtf8, isValid, valueAt } from '#src/bytes/index';
import type { ByteColumn } from '#src/bytes/index';
import { SealroomError } from '#src/errors/sealroom-error';
import { KERNELS } from '../c3r-vectors.ts';
import { errorOf, FIXED, sealPayload } from '../support.ts';

const ROOT = sealingRootFromBytes(new Uint8Array(32).fill(1));
const KEY = fingerprintKeyFromBytes(new Uint8Array(32).fill(2));

/** Columns of up to 40 values with nulls, in part laid out with gaps before and after and with bytes under nulls. */
const columns = fc
  .tuple(fc.array(fc.option(fc.uint8Array({ maxLength: 200 })), { maxLength: 40 }), fc.boolean())
  .map(([values, isLoose]): ByteColumn => {
    if (!isLoose) return byteColumnOf(values);
    const column = byteColumnOf([Uint8Array.of(9, 9, 9), ...values.map((value) => value ?? Uint8Array.of(8, 8))]);
    const validity = byteColumnOf(values).validity;
    return { rows: values.length, offsets: column.offsets.subarray(1), bytes: column.bytes, validity };
  });

const seals = fc
  .record({
    targetHeader: fc.stringMatching(/^[a-z]{1,120}$/u),
    prefix: fc.uint8Array({ minLength: 1, maxLength: 9 }),
    nullEncoding: fc.option(fc.uint8Array({ minLength: 1, maxLength: 9 })),
    padTargetBytes: fc.option(fc.integer({ min: 150, max: 230 })),
  })
  .map((task): SealTask => task);

function noncesOf(rows: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: rows * 32 }, (_, i) => (i * 31 + (i >> 5) * 7 + seed) & 0xff);
}

interface Outcome {
  readonly cells: readonly (string | null)[];
  readonly error: string | null;
}

function outcomeOf(run: () => ByteColumn): Outcome {
  try {
    const column = run();
    const cells = Array.from({ length: column.rows }, (_, row) => {
      const cell = valueAt(column, row);
      return cell === null ? null : Buffer.from(cell).toString('latin1');
    });
    return { cells, error: null };
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    return { cells: [], error: `${error.code} ${error.message} row ${error.where.row ?? '?'}` };
  }
}

function agree(run: (kernel: Kernel) => ByteColumn): Outcome {
  const [first, ...others] = KERNELS.map((kernel) => outcomeOf(() => run(kernel)));
  if (first === undefined) throw new Error('expected a kernel');
  for (const other of others) expect(other).toEqual(first);
  return first;
}

test('kernels give the same fingerprints', () => {
  fc.assert(
    fc.property(columns, fc.integer({ min: 0, max: 127 }), (values, half) => {
      const task: FingerprintTask = { key: KEY, typeByte: half * 2, nulls: 'keep' };
      const { cells } = agree((kernel) => kernel.fingerprintColumn(task, values));
      expect(cells.length).toBe(values.rows);
    }),
    FIXED,
  );
});

test('kernels give the same sealed cells and refusals, and open each other’s', () => {
  fc.assert(
    fc.property(seals, columns, fc.nat(), (task, values, seed) => {
      const nonces = noncesOf(values.rows, seed);
      const { cells } = agree((kernel) => {
        using keys = kernel.deriveRowKeys(ROOT, nonces);
        return kernel.sealColumn(task, keys, values);
      });
      const sealed = byteColumnOf(cells.map((cell) => (cell === null ? null : encodeUtf8(cell))));
      const opened = agree((kernel) => kernel.openColumn(ROOT, sealed).values);
      cells.forEach((cell, row) => {
        const value = valueAt(values, row);
        const encoded = value === null ? task.nullEncoding : Buffer.concat([task.prefix, value]);
        const expected = cell === null || encoded === null ? null : Buffer.from(encoded).toString('latin1');
        expect(opened.cells[row]).toBe(expected);
      });
    }),
    { ...FIXED, numRuns: 60 },
  );
});

test('kernels give the same refusals of damaged cells', () => {
  const good = sealPayload(ROOT, encodeUtf8('\u0002value\0\0'));
  const damages = fc.oneof(
    fc.nat(good.length).map((at) => good.slice(0, at)),
    fc
      .tuple(fc.nat(good.length - 1), fc.constantFrom('A', '=', '*', ' ', '-', '\n', 'é'))
      .map(([at, character]) => good.slice(0, at) + character + good.slice(at + 1)),
    fc.nat(good.length).map((at) => `${good.slice(0, at)}=${good.slice(at)}`),
    fc.string({ maxLength: 90 }).map((tail) => `02:enc:${tail}`),
    fc.uint8Array({ maxLength: 100 }).map((body) => `02:enc:${Buffer.from(body).toString('base64')}`),
    fc.uint8Array({ maxLength: 20 }).map((payload) => sealPayload(ROOT, payload)),
  );
  fc.assert(
    fc.property(damages, (cell) => {
      agree((kernel) => kernel.openColumn(ROOT, byteColumnOf([null, encodeUtf8('x'), encodeUtf8(cell)])).values);
    }),
    { ...FIXED, numRuns: 600 },
  );
});

describe.each(KERNELS)('kernel $name', (kernel) => {
  test('F-52 a cell over 16383 bytes is refused with its row', () => {
    using keys = kernel.deriveRowKeys(ROOT, noncesOf(2, 0));
    const task = { targetHeader: 'a', prefix: Uint8Array.of(2), nullEncoding: null, padTargetBytes: null };
    const column = byteColumnOf([new Uint8Array(12_219), new Uint8Array(12_220)]);
    const error = errorOf(() => kernel.sealColumn(task, keys, column));
    expect(error.code).toBe('DATA_LENGTH');
    expect(error.message).toBe('sealed cell too long: at most 16383 bytes, got 16387');
    expect(error.where.row).toBe(1);
  });

  test('F-28 nulls of a fingerprint column stay null or become random, as the task says', () => {
    const values = byteColumnOf([null, encodeUtf8('a'), null, encodeUtf8('a')]);
    const kept = kernel.fingerprintColumn({ key: KEY, typeByte: 2, nulls: 'keep' }, values);
    expect([0, 1, 2, 3].map((row) => isValid(kept.validity, row))).toEqual([false, true, false, true]);
    expect([...kept.offsets]).toEqual([0, 0, 52, 52, 104]);
    const filled = kernel.fingerprintColumn({ key: KEY, typeByte: 2, nulls: 'random' }, values);
    const cells = [0, 1, 2, 3].map((row) => Buffer.from(valueAt(filled, row) ?? []).toString('latin1'));
    expect(cells.every((cell) => cell.length === 52)).toBe(true);
    expect(new Set(cells).size).toBe(3);
    expect(cells[1]).toBe(cells[3]);
    expect(cells[1]).toBe(Buffer.from(valueAt(kept, 1) ?? []).toString('latin1'));
  });

  test('F-28 a random null is the HMAC of 32 random bytes and the null type byte', () => {
    const generator = vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation((array) => {
      if (array instanceof Uint8Array) array.fill(7);
      return array;
    });
    try {
      const filled = kernel.fingerprintColumn({ key: KEY, typeByte: 2, nulls: 'random' }, byteColumnOf([null]));
      const known = { key: KEY, typeByte: 3, nulls: 'keep' } as const;
      const expected = kernel.fingerprintColumn(known, byteColumnOf([new Uint8Array(32).fill(7)]));
      expect(filled.bytes).toEqual(expected.bytes);
    } finally {
      generator.mockRestore();
    }
  });

  test('F-39 a payload without a type byte is refused with its row', () => {
    const cell = encodeUtf8(sealPayload(ROOT, new Uint8Array(2)));
    const error = errorOf(() => kernel.openColumn(ROOT, byteColumnOf([null, cell])));
    expect([error.code, error.where.row]).toEqual(['FORMAT_VALUE', 1]);
  });

  test('F-32 a payload is the encoded value, zeros, and how many', () => {
    const nonces = noncesOf(1, 0);
    using keys = kernel.deriveRowKeys(ROOT, nonces);
    const task = { targetHeader: 'a', prefix: Uint8Array.of(2), nullEncoding: null, padTargetBytes: 300 };
    const sealed = kernel.sealColumn(task, keys, byteColumnOf([encodeUtf8('ab')]));
    const body = Buffer.from(Buffer.from(sealed.bytes).toString('latin1').slice(7), 'base64');
    const cellKey = ROOT.use((root) => createHash('sha256').update(root).update(nonces).digest());
    const decipher = createDecipheriv('aes-256-gcm', cellKey, body.subarray(32, 44))
      .setAAD(Buffer.from('02:enc:'))
      .setAuthTag(body.subarray(-16));
    const payload = Buffer.concat([decipher.update(body.subarray(44, -16)), decipher.final()]);
    expect(payload.toString('hex')).toBe(`026162${'00'.repeat(297)}0129`);
  });

  test('F-35 nulls of a sealed column stay null if the task has no encoding for them', () => {
    using keys = kernel.deriveRowKeys(ROOT, noncesOf(2, 0));
    const task = { targetHeader: 'a', prefix: Uint8Array.of(2), nullEncoding: null, padTargetBytes: null };
    const cells = kernel.sealColumn(task, keys, byteColumnOf([null, encodeUtf8('a')]));
    expect([0, 1].map((row) => isValid(cells.validity, row))).toEqual([false, true]);
  });

  test('a column of all kinds of cells is told apart, and only sealed cells change', () => {
    const texts = [null, 'text', '02:hmac:AAAA', sealPayload(ROOT, encodeUtf8('\u0002secret\0\0')), ''];
    const cells = byteColumnOf(texts.map((text) => (text === null ? null : encodeUtf8(text))));
    const { kinds, values } = kernel.openColumn(ROOT, cells);
    expect([...kinds]).toEqual([CELL_NULL, CELL_CLEARTEXT, CELL_FINGERPRINT, CELL_SEALED, CELL_CLEARTEXT]);
    const opened = texts.map((_, row) => {
      const value = valueAt(values, row);
      return value === null ? null : Buffer.from(value).toString('latin1');
    });
    expect(opened).toEqual([null, 'text', '02:hmac:AAAA', '\u0002secret', '']);
  });

  test('an error in a column tells its row', () => {
    const bad = encodeUtf8(`02:enc:${Buffer.alloc(70).toString('base64')}`);
    const error = errorOf(() => kernel.openColumn(ROOT, byteColumnOf([null, encodeUtf8('x'), bad])));
    expect([error.code, error.where.row]).toEqual(['FORMAT_TAG', 2]);
    const malformed = errorOf(() => kernel.openColumn(ROOT, byteColumnOf([null, encodeUtf8('02:enc:')])));
    expect([malformed.code, malformed.where.row]).toEqual(['FORMAT_CELL', 1]);
  });

  test('row keys are of the rows they were derived for, and end with their disposal', () => {
    const task = { targetHeader: 'a', prefix: Uint8Array.of(2), nullEncoding: null, padTargetBytes: null };
    const keys = kernel.deriveRowKeys(ROOT, noncesOf(2, 0));
    expect(keys.rows).toBe(2);
    expect(() => kernel.sealColumn(task, keys, byteColumnOf([null]))).toThrow(RangeError);
    expect(() => kernel.deriveRowKeys(ROOT, new Uint8Array(33))).toThrow(RangeError);
    keys[Symbol.dispose]();
    expect(() => kernel.sealColumn(task, keys, byteColumnOf([encodeUtf8('a'), null]))).toThrow(TypeError);
    const foreign = { rows: 1, nonces: new Uint8Array(32), [Symbol.dispose]: () => undefined };
    expect(() => kernel.sealColumn(task, foreign, byteColumnOf([null]))).toThrow(RangeError);
  });

  test('empty columns are empty', () => {
    const empty = byteColumnOf([]);
    using keys = kernel.deriveRowKeys(ROOT, new Uint8Array());
    const task = { targetHeader: 'a', prefix: Uint8Array.of(2), nullEncoding: null, padTargetBytes: null };
    expect(kernel.sealColumn(task, keys, empty).rows).toBe(0);
    expect(kernel.fingerprintColumn({ key: KEY, typeByte: 2, nulls: 'random' }, empty).rows).toBe(0);
    expect(kernel.openColumn(ROOT, empty).values.rows).toBe(0);
  });
});

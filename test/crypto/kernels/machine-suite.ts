import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createKernel, fingerprintKeyFromBytes, randomNonces, sealingRootFromBytes } from 'sealroom/crypto';
import type { Kernel, SealTask } from 'sealroom/crypto';
import { type ByteColumn, byteColumnOf, encodeUtf8, valueAt } from '#src/bytes/index';
import { createMachineKernel, type MachineKernelName } from '#src/crypto/kernels/wasm/kernel';
import type { WasmMachine } from '#src/crypto/kernels/wasm/machine';
import { Session } from '#src/crypto/kernels/wasm/session';
import { errorOf, sealPayload } from '../support.ts';

const ROOT_BYTES = createHash('sha256').update('a root').digest();
const ROOT = sealingRootFromBytes(ROOT_BYTES);
const TASK: SealTask = { targetHeader: 'a', prefix: Uint8Array.of(2), nullEncoding: null, padTargetBytes: null };
const node = createKernel('node');

function cellKey(nonce: Uint8Array): Uint8Array {
  return createHash('sha256').update(ROOT_BYTES).update(nonce).digest();
}

function nonceOf(nonces: Uint8Array, row: number): Uint8Array {
  return nonces.subarray(row * 32, row * 32 + 32);
}

function columnOf(rows: number, bytesOf: (row: number) => number): ByteColumn {
  return byteColumnOf(Array.from({ length: rows }, (_, row) => new Uint8Array(bytesOf(row)).fill(0x41 + (row % 26))));
}

function sealBy(kernel: Kernel, nonces: Uint8Array, task: SealTask, values: ByteColumn): ByteColumn {
  using keys = kernel.deriveRowKeys(ROOT, nonces);
  return kernel.sealColumn(task, keys, values);
}

/** Compares as `toEqual` does, without its cost for large buffers. */
function expectSame(one: ByteColumn, other: ByteColumn): void {
  expect(one.rows).toBe(other.rows);
  expect(Buffer.compare(one.bytes, other.bytes)).toBe(0);
  expect(Buffer.compare(new Uint8Array(one.offsets.buffer), new Uint8Array(other.offsets.buffer))).toBe(0);
  expect(one.validity).toEqual(other.validity);
}

/** Tests a kernel on machines of one kind: what it leaves in their memories, sizes, lanes, slots and refusals. */
export function testMachine(name: MachineKernelName, createMachine: () => WasmMachine): void {
  const kernel = createMachineKernel(name, new Session(undefined, createMachine));

  function expectSameOpened(column: ByteColumn): void {
    const [mine, theirs] = [kernel.openColumn(ROOT, column), node.openColumn(ROOT, column)];
    expect(Buffer.compare(mine.kinds, theirs.kinds)).toBe(0);
    expectSame(mine.values, theirs.values);
  }

  describe('what is left in the memory', () => {
    const session = new Session(undefined, createMachine);
    const kernel = createMachineKernel(name, session);
    const holds = (bytes: Uint8Array): boolean =>
      Buffer.from(session.machine.bytes.buffer).includes(Buffer.from(bytes));
    /** Bytes of the regions that hold keys, scratch, values and cells which are not zero. */
    const residue = (): number => {
      const { bytes, rowNoncesAt, keyAt, prefixAt } = session.machine;
      const slotMapsAt = rowNoncesAt - 2 * 4 * session.machine.slots;
      const count = (from: number, to: number): number => {
        let sum = 0;
        for (let at = from; at < to; at++) if (bytes[at] !== 0) sum++;
        return sum;
      };
      // Between them lie the maps of slots, nonces, IVs and descriptions; behind `prefixAt` the prefix.
      return count(4096, slotMapsAt) + count(keyAt, prefixAt) + count(prefixAt + 12_288, bytes.length);
    };
    const secretText = encodeUtf8('a value that nobody may find, of more than one block');
    const values = byteColumnOf(Array.from({ length: 20 }, () => secretText));

    test('row keys are there until they are disposed, and not after', () => {
      const nonces = randomNonces(20);
      const keys = kernel.deriveRowKeys(ROOT, nonces);
      kernel.sealColumn(TASK, keys, values);
      expect([0, 7, 19].map((row) => holds(cellKey(nonceOf(nonces, row))))).toEqual([true, true, true]);
      keys[Symbol.dispose]();
      expect(Array.from({ length: 20 }, (_, row) => holds(cellKey(nonceOf(nonces, row))))).not.toContain(true);
      expect(residue()).toBe(0);
    });

    test('values, the root and the fingerprint key are gone when a call ends', () => {
      using keys = kernel.deriveRowKeys(ROOT, randomNonces(20));
      const cells = kernel.sealColumn(TASK, keys, values);
      expect([holds(secretText), holds(ROOT_BYTES)]).toEqual([false, false]);
      kernel.openColumn(ROOT, cells);
      expect([holds(secretText), holds(ROOT_BYTES)]).toEqual([false, false]);
      const key = randomBytes(32);
      kernel.fingerprintColumn({ key: fingerprintKeyFromBytes(key), typeByte: 2, nulls: 'random' }, values);
      expect([holds(secretText), holds(key)]).toEqual([false, false]);
    });

    test('keys of opened rows last as long as the caller goes on without pause', async () => {
      const nonces = randomNonces(20);
      const cells = sealBy(kernel, nonces, TASK, values);
      kernel.openColumn(ROOT, cells);
      expect(holds(cellKey(nonceOf(nonces, 3)))).toBe(true);
      await Promise.resolve();
      expect(holds(cellKey(nonceOf(nonces, 3)))).toBe(false);
      expect(residue()).toBe(0);
    });

    test('a refused column leaves nothing behind', async () => {
      const cells = sealBy(kernel, randomNonces(20), TASK, values);
      const bad = sealPayload(ROOT, encodeUtf8('an authentic payload\u0000\u7fff'));
      const column = byteColumnOf([...Array.from({ length: 20 }, (_, row) => valueAt(cells, row)), encodeUtf8(bad)]);
      expect(errorOf(() => kernel.openColumn(ROOT, column)).code).toBe('FORMAT_VALUE');
      expect(holds(secretText)).toBe(false);
      await Promise.resolve();
      expect(residue()).toBe(0);
    });

    test('keys that others pushed out are wiped, and derived again when they are needed', () => {
      const [first, second] = [randomNonces(2048), randomNonces(3)];
      const many = columnOf(2048, () => 10);
      const few = columnOf(3, () => 10);
      using firstKeys = kernel.deriveRowKeys(ROOT, first);
      using secondKeys = kernel.deriveRowKeys(ROOT, second);
      const before = kernel.sealColumn(TASK, firstKeys, many);
      expectSame(kernel.sealColumn(TASK, secondKeys, few), sealBy(node, second, TASK, few));
      expect(holds(cellKey(nonceOf(first, 2047)))).toBe(false);
      expectSame(kernel.sealColumn(TASK, firstKeys, many), before);
      expectSame(before, sealBy(node, first, TASK, many));
    });

    test('a memory that had to grow far is given back', () => {
      const before = session.machine;
      const key = fingerprintKeyFromBytes(new Uint8Array(32));
      const huge = byteColumnOf([new Uint8Array(40_000_000).fill(1)]);
      const task = { key, typeByte: 2, nulls: 'keep' } as const;
      expectSame(kernel.fingerprintColumn(task, huge), node.fingerprintColumn(task, huge));
      expect(session.machine).not.toBe(before);
      expect(session.machine.bytes.length).toBeLessThan(8_000_000);
    });
  });

  describe('sizes', () => {
    test.each([2047, 2048, 2049, 5000])('columns of %i rows, in windows', (rows) => {
      const nonces = randomNonces(rows);
      const values = columnOf(rows, (row) => row % 40);
      using keys = kernel.deriveRowKeys(ROOT, nonces);
      for (const targetHeader of ['first', 'second']) {
        const cells = kernel.sealColumn({ ...TASK, targetHeader }, keys, values);
        expectSame(cells, sealBy(node, nonces, { ...TASK, targetHeader }, values));
        expectSameOpened(cells);
      }
    });

    test('more bytes than a chunk has', () => {
      const nonces = randomNonces(600);
      const values = columnOf(600, (row) => (row % 3 === 0 ? 12_000 : row % 90));
      const cells = sealBy(kernel, nonces, TASK, values);
      expectSame(cells, sealBy(node, nonces, TASK, values));
      expectSameOpened(cells);
    });

    test('F-52 opening has no limit: cells of three megabytes between others', () => {
      const cells = [10, 3_000_000, 0, 100].map((bytes) =>
        encodeUtf8(sealPayload(ROOT, new Uint8Array(bytes + 3).fill(bytes === 0 ? 0 : 2, 0, bytes + 1))),
      );
      const column = byteColumnOf(cells);
      expectSameOpened(column);
    });

    test('fingerprints of 0 to 300 and of 100000 bytes', () => {
      const values = columnOf(303, (row) => (row > 300 ? 100_000 + row : row));
      const task = { key: fingerprintKeyFromBytes(ROOT_BYTES), typeByte: 4, nulls: 'keep' } as const;
      expectSame(kernel.fingerprintColumn(task, values), node.fingerprintColumn(task, values));
    });

    test.each([1, 22, 23, 24, 25, 31, 32, 55, 63, 64, 65, 120, 128, 500])(
      'F-31 headers of %i characters, one to four bytes each',
      (length) => {
        const nonces = randomNonces(5);
        const values = columnOf(5, (row) => row);
        for (const character of ['x', 'é', '漢', '😀']) {
          const task = { ...TASK, targetHeader: character.repeat(length) };
          expectSame(sealBy(kernel, nonces, task, values), sealBy(node, nonces, task, values));
        }
      },
    );

    test('F-45 pads up to the limit', () => {
      const nonces = randomNonces(9);
      const values = byteColumnOf([null, ...Array.from({ length: 8 }, (_, row) => new Uint8Array(row * 100).fill(7))]);
      for (const padTargetBytes of [701, 4096, 11_999, 12_000]) {
        const task = { ...TASK, nullEncoding: Uint8Array.of(3), padTargetBytes };
        expectSame(sealBy(kernel, nonces, task, values), sealBy(node, nonces, task, values));
      }
    });

    test('a prefix that no cell has room for does no harm where there are only nulls', () => {
      const task = { ...TASK, prefix: new Uint8Array(1_000_000), nullEncoding: Uint8Array.of(3) };
      const nonces = randomNonces(1);
      expectSame(sealBy(kernel, nonces, task, byteColumnOf([null])), sealBy(node, nonces, task, byteColumnOf([null])));
    });

    test('the module traps on a description that leaves its buffers', () => {
      const machine = createMachine();
      const end = machine.bytes.length;
      const describe = (...fields: number[]): void => machine.cells.set(fields);
      const traps = (act: () => void): void => expect(act).toThrow('unreachable');
      describe(machine.ioAt - 1, 1, 1, 0, machine.ioAt + 64, 0);
      traps(() => machine.exports.fingerprintCells(1));
      traps(() => machine.exports.sealCells(1));
      traps(() => machine.exports.openCells(1, 0));
      describe(machine.ioAt, 1, 1, 0, end - 100, 0);
      traps(() => machine.exports.fingerprintCells(1));
      traps(() => machine.exports.sealCells(1));
      describe(machine.ioAt, 12_500, 1, 0, machine.ioAt + 20_000, 0);
      traps(() => machine.exports.sealCells(1));
      describe(machine.ioAt, 1, 1, -1, machine.ioAt + 64, 0);
      traps(() => machine.exports.sealCells(1));
      describe(machine.ioAt, 1, 1, 0, machine.ioAt + 64, 2048);
      traps(() => machine.exports.sealCells(1));
      describe(machine.ioAt, 90, 70, 0, 0, 0);
      traps(() => machine.exports.openCells(1, 0));
      describe(machine.ioAt, -1, 0, 0, 0, 0);
      traps(() => machine.exports.openCells(1, 0));
      for (const count of [0, -1, 2049]) traps(() => machine.exports.sealCells(count));
      expect(machine.bytes.length).toBe(end);
    });
  });

  describe('sharing of row keys when opening', () => {
    const nonces = randomNonces(50);
    const other = randomNonces(50);
    const first = sealBy(
      node,
      nonces,
      TASK,
      columnOf(50, (row) => row),
    );

    test.each([
      ['the same nonces', nonces],
      ['other nonces', other],
      ['the same nonces in other rows', Uint8Array.from([...nonces.subarray(32), ...nonces.subarray(0, 32)])],
      ['some of the nonces', Uint8Array.from([...nonces.subarray(0, 800), ...other.subarray(800)])],
    ])('a neighbour with %s', (_, neighbourNonces) => {
      const second = sealBy(
        node,
        neighbourNonces,
        TASK,
        columnOf(50, (row) => 60 - row),
      );
      for (let round = 0; round < 3; round++) {
        for (const column of [first, second]) expectSameOpened(column);
      }
    });

    test('more tables side by side than there are slots', () => {
      const tables = Array.from({ length: 5 }, () =>
        sealBy(
          node,
          randomNonces(1000),
          TASK,
          columnOf(1000, () => 5),
        ),
      );
      for (const column of tables) expectSameOpened(column);
    });

    test('another root does not use them', () => {
      const strange = sealingRootFromBytes(new Uint8Array(32));
      kernel.openColumn(ROOT, first);
      expect(errorOf(() => kernel.openColumn(strange, first)).code).toBe('FORMAT_TAG');
      const disposed = sealingRootFromBytes(ROOT_BYTES);
      kernel.openColumn(disposed, first);
      disposed[Symbol.dispose]();
      expect(() => kernel.openColumn(disposed, first)).toThrow(TypeError);
    });
  });

  test('cells of very different lengths side by side, in every lane', () => {
    for (let long = 0; long < 8; long++) {
      const nonces = randomNonces(16);
      const values = columnOf(16, (row) => (row % 8 === long ? 1500 + row : row));
      const cells = sealBy(kernel, nonces, TASK, values);
      expectSame(cells, sealBy(node, nonces, TASK, values));
      expectSameOpened(cells);
    }
  });

  test('F-55 cells of old clients open beside new ones', () => {
    const payload = encodeUtf8('\u0002old\0\0');
    const column = byteColumnOf(['01:enc:', '02:enc:'].map((prefix) => encodeUtf8(sealPayload(ROOT, payload, prefix))));
    expectSameOpened(column);
  });

  test('F-38 every bit of a cell is authenticated', () => {
    const nonce = randomNonces(1);
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', cellKey(nonce), iv).setAAD(Buffer.from('02:enc:'));
    const body = Buffer.concat([
      nonce,
      iv,
      cipher.update('\u0002some value\0\0', 'latin1'),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    const open = (bytes: Buffer): unknown =>
      kernel.openColumn(ROOT, byteColumnOf([encodeUtf8(`02:enc:${bytes.toString('base64')}`)]));
    open(body);
    for (let bit = 0; bit < body.length * 8; bit++) {
      const changed = Buffer.from(body);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(errorOf(() => open(changed)).code).toBe('FORMAT_TAG');
    }
  });
}

import { beforeAll, describe, expect, test } from 'vitest';
import { fingerprintKeyFromBytes, sealingRootFromBytes } from 'sealroom/crypto';
import type { Kernel, SealTask } from 'sealroom/crypto';
import { type ByteColumn, byteColumnOf } from '#src/bytes/index';
import { WASM_BASE64 } from '#src/crypto/kernels/wasm/binary';
import { createWasmKernel } from '#src/crypto/kernels/wasm/kernel';
import { WasmMachine, type WasmExports } from '#src/crypto/kernels/wasm/machine';
import { Session } from '#src/crypto/kernels/wasm/session';
import { SeededRandom } from './random.ts';
import { TracedModule } from './traced-module.ts';

const ROWS = 45;
const lengths = Array.from({ length: ROWS }, (_, row) => (row === 7 ? 900 : (row * 7) % 61));
const nonces = new SeededRandom(1).bytes(ROWS * 32);

let kernel: Kernel;
let traced: TracedModule<WasmExports>;

beforeAll(async () => {
  traced = await TracedModule.instantiate<WasmExports>(WASM_BASE64);
  kernel = createWasmKernel(new Session(undefined, () => new WasmMachine(traced.exports)));
});

/** Values of the same lengths, whatever the seed. */
function valuesOf(seed: number): ByteColumn {
  const random = new SeededRandom(seed);
  return byteColumnOf(lengths.map((length, row) => (row % 9 === 4 ? null : random.bytes(length))));
}

/** Secrets of all sorts: random ones, all bits clear, all bits set. */
function secretOf(seed: number): Uint8Array {
  if (seed === 0) return new Uint8Array(32);
  return seed === 1 ? new Uint8Array(32).fill(0xff) : new SeededRandom(seed).bytes(32);
}

function sealWith(seed: number, padTargetBytes: number | null): ByteColumn {
  const task: SealTask = { targetHeader: 'a header', prefix: Uint8Array.of(2), nullEncoding: null, padTargetBytes };
  const root = sealingRootFromBytes(secretOf(seed));
  using keys = kernel.deriveRowKeys(root, nonces);
  return kernel.sealColumn(task, keys, valuesOf(seed));
}

describe('what the module branches on and addresses is the same for all secrets', () => {
  const SEEDS = Array.from({ length: 12 }, (_, seed) => seed);

  test('when it makes fingerprints', () => {
    const traces = SEEDS.map((seed) =>
      traced.traceOf(() => {
        const key = fingerprintKeyFromBytes(secretOf(seed));
        kernel.fingerprintColumn({ key, typeByte: 2, nulls: 'keep' }, valuesOf(seed));
      }),
    );
    expect(new Set(traces).size).toBe(1);
    expect(traced.events).toBeGreaterThan(1000);
  });

  test.each([null, 950])('when it seals, pad %s', (padTargetBytes) => {
    const traces = SEEDS.map((seed) => traced.traceOf(() => sealWith(seed, padTargetBytes)));
    expect(new Set(traces).size).toBe(1);
    expect(traced.events).toBeGreaterThan(10_000);
  });

  test.each([null, 950])('when it opens, pad %s', async (padTargetBytes) => {
    const traces: string[] = [];
    for (const seed of SEEDS) {
      const cells = sealWith(seed, padTargetBytes);
      const root = sealingRootFromBytes(secretOf(seed));
      traces.push(traced.traceOf(() => kernel.openColumn(root, cells)));
      // The row keys are wiped, so that each run derives them.
      await Promise.resolve();
    }
    expect(new Set(traces).size).toBe(1);
    expect(traced.events).toBeGreaterThan(10_000);
  });

  test('and would show it otherwise: lengths, which are public, do change it', () => {
    const root = sealingRootFromBytes(secretOf(2));
    const task: SealTask = { targetHeader: 'h', prefix: Uint8Array.of(2), nullEncoding: null, padTargetBytes: null };
    const traces = [1, 15, 31].map((bytes) =>
      traced.traceOf(() => {
        using keys = kernel.deriveRowKeys(root, nonces.subarray(0, 32));
        kernel.sealColumn(task, keys, byteColumnOf([new Uint8Array(bytes)]));
      }),
    );
    expect(new Set(traces).size).toBe(3);
  });
});

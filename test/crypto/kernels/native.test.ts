import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createKernel, nativeKernelProblem } from 'sealroom/crypto';
import { examineAddon } from '#src/crypto/kernels/native/examine-addon';
import { SOURCES_DIGEST } from '#src/crypto/kernels/native/sources';
import { nativeSupport } from '#src/crypto/kernels/native/support';
import { type WasmExports, WasmMachine } from '#src/crypto/kernels/wasm/machine';
import { type NativeAddon, loadNativeAddon } from '#src/platform/index';
import { errorOf } from '../support.ts';
import { Differential } from './differential.ts';
import { testMachine } from './machine-suite.ts';

const support = nativeSupport();
const BUILT = fileURLToPath(new URL('../../../native/build/linux-x64/native.node', import.meta.url));

if (support.kind === 'sound') {
  const createMachine = (): WasmMachine => new WasmMachine(support.createExports());
  testMachine('native', createMachine);

  test('the native kernel agrees with the others on 50000 cells of all kinds, good and bad', () => {
    const rivals = [createKernel('wasm'), createKernel('node')];
    const differential = new Differential(20_261_129, createKernel('native'), rivals, null);
    while (differential.cells < 50_000) differential.runTable();
    const { fingerprints, seals, opens, refusals } = differential.counts;
    expect(Math.min(fingerprints, seals, opens)).toBeGreaterThan(5000);
    expect(refusals).toBeGreaterThan(1000);
  });

  describe('the memory of a native machine', () => {
    test('grows without a change of what it holds, and detaches the buffer of before', () => {
      const machine = createMachine();
      const { memory } = machine.exports;
      const before = memory.buffer;
      expect(memory.buffer).toBe(before);
      machine.bytes[machine.ioAt] = 7;
      machine.reserve(before.byteLength);
      expect(before.byteLength).toBe(0);
      expect(machine.bytes[machine.ioAt]).toBe(7);
      expect(machine.bytes.length).toBeGreaterThan(machine.ioAt + 4_194_304);
    });

    test('does not grow over 4 GiB', () => {
      const machine = createMachine();
      const { byteLength } = machine.exports.memory.buffer;
      expect(() => machine.exports.memory.grow(65_536)).toThrow(RangeError);
      expect(machine.exports.memory.buffer.byteLength).toBe(byteLength);
    });

    test('is there for calls, whatever a caller does to its buffer', () => {
      const { exports, ioAt } = createMachine();
      const { buffer } = exports.memory;
      expect(() => {
        structuredClone(buffer, { transfer: [buffer] });
        (buffer as { transfer?: (bytes: number) => ArrayBuffer }).transfer?.(16);
      }).not.toThrow('unreachable');
      exports.setRoot();
      exports.wipeCall(64);
      exports.memory.grow(1);
      expect(new Uint8Array(exports.memory.buffer, ioAt, 64).every((byte) => byte === 0)).toBe(true);
    });

    test('lives as long as anything of it', () => {
      const { exports } = createMachine();
      const { buffer } = createMachine().exports.memory;
      const machines = Array.from({ length: 200 }, () => createMachine());
      exports.setRoot();
      expect(new Uint8Array(buffer).every((byte) => byte === 0)).toBe(true);
      expect(machines.every(({ bytes }) => bytes.length > 0)).toBe(true);
    });
  });
} else {
  test.skip(`not built here (\`npm run build:native\`): ${support.reason}`);
}

describe('an addon is refused, and the reason said, if', () => {
  const UNCONFIRMED = {
    sources: SOURCES_DIGEST,
    isConfirmed: () => false,
    confirm: () => {
      throw new Error('confirmed');
    },
  };

  /** The machine of the WebAssembly kernel as an addon, with changes. */
  const addon = (changes: Partial<WasmExports> = {}, missing = ''): NativeAddon => ({
    ...UNCONFIRMED,
    missingInstructions: () => missing,
    createMachine: () => ({ ...new WasmMachine().exports, ...changes }),
  });
  const reasonOf = (load: () => NativeAddon): string | null => {
    const verdict = examineAddon(load);
    return verdict.kind === 'refused' ? verdict.reason : null;
  };

  test('none of these holds, it is not refused, and that is noted', () => {
    expect(reasonOf(() => addon())).toBe('confirmed');
  });

  test('there is none', () => {
    const reason = reasonOf(() => {
      throw new Error('@sealroom/native-plan9-mips is not installed');
    });
    expect(reason).toBe('@sealroom/native-plan9-mips is not installed');
  });

  test.runIf(existsSync(BUILT))('it is a built one of another version', () => {
    // The same but for the digest of its sources.
    const other = Buffer.from(readFileSync(BUILT, 'latin1').replaceAll(SOURCES_DIGEST, '0'.repeat(64)), 'latin1');
    const folder = mkdtempSync(join(tmpdir(), 'sealroom-native-'));
    const path = join(folder, 'native.node');
    writeFileSync(path, other);
    try {
      expect(reasonOf(() => createRequire(import.meta.url)(path) as NativeAddon)).toBe(
        'it was built from other sources',
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('it was compiled from other sources, or does not say from which', () => {
    expect(reasonOf(() => ({ ...addon(), sources: '0'.repeat(64) }))).toBe('it was built from other sources');
    const old = addon();
    Reflect.deleteProperty(old, 'sources');
    expect(reasonOf(() => old)).toBe('it was built from other sources');
  });

  test('the processor lacks an instruction', () => {
    expect(reasonOf(() => addon({}, 'AVX2 SHA'))).toBe('the processor lacks AVX2 SHA');
  });

  test('a known answer does not come out', () => {
    expect(reasonOf(() => addon({ fingerprintCells: () => undefined }))).toContain('self-test');
    expect(reasonOf(() => addon({ openCells: () => 0 }))).not.toBe('confirmed');
  });

  test('it gives other cells for random values', () => {
    // Right for the single cell of a known answer, wrong in the memory behind 40 cells.
    const wrong = (act: 'fingerprintCells' | 'sealCells'): NativeAddon => ({
      ...UNCONFIRMED,
      missingInstructions: () => '',
      createMachine: () => {
        const machine = new WasmMachine();
        const change = (count: number): void => {
          machine.exports[act](count);
          const target = machine.cells[39 * 8 + 4] ?? 0;
          if (count > 40) machine.bytes[target + 20] = (machine.bytes[target + 20] ?? 0) ^ 1;
        };
        return { ...machine.exports, [act]: change };
      },
    });
    expect(reasonOf(() => wrong('fingerprintCells'))).toBe('its fingerprints are not those of `wasm`');
    expect(reasonOf(() => wrong('sealCells'))).toBe('its sealed cells are not those of `wasm`');
  });
});

test('who asks for the native kernel where there is none is told why', () => {
  const problem = nativeKernelProblem();
  if (problem === null) {
    expect(createKernel().name).toBe('native');
    expect(loadNativeAddon().missingInstructions()).toBe('');
  } else {
    const error = errorOf(() => createKernel('native'));
    expect([error.code, error.message]).toEqual(['USAGE_OPTION', expect.stringContaining(problem)]);
  }
});

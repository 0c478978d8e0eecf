import { byteColumnOf, decodeBase64, encodeUtf8, equalConstantTime } from '../../../bytes/index.ts';
import type { ByteColumn } from '../../../bytes/index.ts';
import { fingerprintKeyFromBytes, sealingRootFromBytes } from '../../keys.ts';
import type { SealingRoot } from '../../keys.ts';
import type { FingerprintTask, Kernel, OpenCellOptions, RowKeys, SealTask } from '../kernel.ts';
import { fingerprintColumn } from './fingerprint-column.ts';
import { openColumn } from './open-column.ts';
import { SlotKeys } from './row-keys.ts';
import { sealColumn } from './seal-column.ts';
import type { WasmMachine } from './machine.ts';
import { Session } from './session.ts';

/** The kernels whose computations a machine does: in WebAssembly, or in native code with the same exports. */
export type MachineKernelName = 'wasm' | 'native';

function kernelOn(name: MachineKernelName, session: Session): Kernel {
  return Object.freeze({
    name,
    fingerprintColumn: (task: FingerprintTask, values: ByteColumn) => fingerprintColumn(session, task, values),
    deriveRowKeys: (root: SealingRoot, nonces: Uint8Array): RowKeys => new SlotKeys(session, root, nonces),
    sealColumn: (task: SealTask, keys: RowKeys, values: ByteColumn) => sealColumn(session, task, keys, values),
    openColumn: (root: SealingRoot, cells: ByteColumn, options?: OpenCellOptions) =>
      openColumn(session, root, cells, options),
  });
}

// Known answers from the unit tests of C3R 3.0.5, whose messages include the type byte that we append.
const ROOT = 'hf8mygsPSdb9+B/mqFMHdB5p2kB0+/GWltt47D5jTns=';
const NONCE = 'nonce01234567890nonce01234567890';
const HEADER = 'label';
const VALUE = 'some cleartext data';
const FINGERPRINT = '02:hmac:S2WgUaexdXJ1wbgJ829QYUfEioKyF+soXJCQuH/p020=';
const CELL =
  '02:enc:bm9uY2UwMTIzNDU2Nzg5MG5vbmNlMDEyMzQ1Njc4OTBqfRYZ98t5KU6aWfsQmMshIXB+aQeNKcVLRIG4IqVn2RSlGoabQoytMye/pDz15Oas';

function matches(column: ByteColumn, text: string): boolean {
  return equalConstantTime(column.bytes, encodeUtf8(text));
}

/** Whether the kernel gives the known answers, and refuses a wrong one. */
function passesSelfTest(kernel: Kernel): boolean {
  const key = decodeBase64(ROOT) ?? new Uint8Array();
  const value = encodeUtf8(VALUE);
  using fingerprintKey = fingerprintKeyFromBytes(key);
  const fingerprint = kernel.fingerprintColumn(
    { key: fingerprintKey, typeByte: value.at(-1) ?? 0, nulls: 'keep' },
    byteColumnOf([value.subarray(0, -1)]),
  );
  using root = sealingRootFromBytes(key);
  using keys = kernel.deriveRowKeys(root, encodeUtf8(NONCE));
  const task = { targetHeader: HEADER, prefix: new Uint8Array(), nullEncoding: null, padTargetBytes: null };
  const sealed = kernel.sealColumn(task, keys, byteColumnOf([value]));
  const opened = kernel.openColumn(root, byteColumnOf([encodeUtf8(CELL)]));
  return (
    matches(fingerprint, FINGERPRINT) &&
    matches(sealed, CELL) &&
    matches(opened.values, VALUE) &&
    refusesForgery(kernel, root)
  );
}

function refusesForgery(kernel: Kernel, root: SealingRoot): boolean {
  try {
    kernel.openColumn(root, byteColumnOf([encodeUtf8(CELL.replace('QmMsh', 'QmMsi'))]));
    return false;
  } catch {
    // The expected refusal.
    return true;
  }
}

/**
 * The kernel on a machine, which processes many cells at a time. It is tested against known answers before it is returned.
 *
 * @param session has the machine; shared with no other kernel
 * @throws {Error} if a known answer does not come out: the machine is broken.
 */
export function createMachineKernel(name: MachineKernelName, session: Session): Kernel {
  const kernel = kernelOn(name, session);
  if (!passesSelfTest(kernel)) throw new Error(`the \`${name}\` kernel failed its self-test`);
  return kernel;
}

/**
 * Tests a machine that is used without a kernel against known answers.
 *
 * @throws {Error} as {@link createMachineKernel}.
 */
export function verifyMachine(name: MachineKernelName, machine: WasmMachine): void {
  const session = new Session(undefined, () => machine);
  createMachineKernel(name, session);
  // Wipes the keys of the answers. Otherwise the session would wipe the slots once this thread rests, which have other keys by then.
  session.claimSlots(session, 0);
}

/**
 * The kernel in WebAssembly with vector instructions. See `docs/kernel.md`.
 *
 * @param session is its memory, shared with no other kernel
 * @throws {SealroomError} USAGE_OPTION if this runtime has no WebAssembly with SIMD.
 * @throws {Error} as {@link createMachineKernel}.
 */
export function createWasmKernel(session: Session = new Session()): Kernel {
  return createMachineKernel('wasm', session);
}

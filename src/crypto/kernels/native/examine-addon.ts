import type { NativeAddon } from '../../../platform/index.ts';
import { createMachineKernel, createWasmKernel } from '../wasm/kernel.ts';
import { canRunKernel, type WasmExports, WasmMachine } from '../wasm/machine.ts';
import { Session } from '../wasm/session.ts';
import { compareKernels } from './comparison.ts';
import { SOURCES_DIGEST } from './sources.ts';

/** Whether the native kernel is used here: with what makes the exports of its machines, or why not, in a few words. */
export type NativeSupport =
  | { readonly kind: 'sound'; readonly createExports: () => WasmExports }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Whether an addon can be trusted with cells: it loads, it was compiled from the sources beside this code, the processor has its instructions, it gives the known answers, and it
 * gives the same as the WebAssembly kernel for a batch of random values. Any doubt is a refusal.
 *
 * @param load gives the addon, or throws an error that says why there is none
 */
export function examineAddon(load: () => NativeAddon): NativeSupport {
  const refused = (reason: string): NativeSupport => ({ kind: 'refused', reason });
  try {
    const addon = load();
    // Then its machines have the exports and the memory that this code expects.
    if (addon.sources !== SOURCES_DIGEST) return refused('it was built from other sources');
    const createExports = (): WasmExports => addon.createMachine() as WasmExports;
    if (!addon.isConfirmed()) {
      const missing = addon.missingInstructions();
      if (missing !== '') return refused(`the processor lacks ${missing}`);
      if (!canRunKernel()) return refused('there is no WebAssembly to compare it with');
      const native = createMachineKernel('native', new Session(undefined, () => new WasmMachine(createExports())));
      const difference = compareKernels(native, createWasmKernel());
      if (difference !== null) return refused(difference);
      addon.confirm();
    }
    return { kind: 'sound', createExports };
  } catch (error) {
    return refused(error instanceof Error ? error.message : 'the addon failed');
  }
}

import { loadNativeAddon } from '../../../platform/index.ts';
import { examineAddon, type NativeSupport } from './examine-addon.ts';

let support: NativeSupport | null = null;

/** Whether the native kernel is used in this runtime and on this machine: found out once in a thread. */
export function nativeSupport(): NativeSupport {
  return (support ??= examineAddon(loadNativeAddon));
}

import { wipe } from '../bytes/index.ts';
import { KEY_BYTES } from './limits.ts';
import type { SecretBytes } from './secret-bytes.ts';

/** Copies of keys of 32 bytes in shared memory, one after another, to be handed to other threads. The caller wipes it. */
export function shareKeys(keys: readonly SecretBytes[]): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(keys.length * KEY_BYTES));
  keys.forEach((key, index) => {
    key.use((bytes) => {
      shared.set(bytes, index * KEY_BYTES);
    });
  });
  return shared;
}

/**
 * Makes a key of the copy at an index of {@link shareKeys}' memory.
 *
 * @param make gets a copy in this thread's own memory, since the library that derives takes no shared memory; it is wiped
 */
export function takeSharedKey<Key>(shared: Uint8Array, index: number, make: (bytes: Uint8Array) => Key): Key {
  const bytes = shared.slice(index * KEY_BYTES, (index + 1) * KEY_BYTES);
  try {
    return make(bytes);
  } finally {
    wipe(bytes);
  }
}

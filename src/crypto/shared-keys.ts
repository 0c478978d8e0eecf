import { wipe } from '../bytes/index.ts';
import { KEY_BYTES } from './limits.ts';
import type { SecretBytes } from './secret-bytes.ts';

/** Copies 32-byte keys one after another into shared memory, to hand them to other threads. The caller wipes it. */
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
 * Creates a key from the copy at an index of {@link shareKeys}' memory.
 *
 * @param make gets a copy in this thread's memory, since the library that derives keys takes no shared memory; it is wiped
 */
export function takeSharedKey<Key>(shared: Uint8Array, index: number, make: (bytes: Uint8Array) => Key): Key {
  const bytes = shared.slice(index * KEY_BYTES, (index + 1) * KEY_BYTES);
  try {
    return make(bytes);
  } finally {
    wipe(bytes);
  }
}

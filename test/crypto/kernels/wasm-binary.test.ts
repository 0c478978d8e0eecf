import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { decodeBase64 } from '#src/bytes/index';
import { WASM_BASE64 } from '#src/crypto/kernels/wasm/binary';
import { compile } from '../../../scripts/build-wasm.mjs';

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

test('the binary that is shipped is what its sources compile to, byte for byte', async () => {
  expect(hashOf(decodeBase64(WASM_BASE64) ?? new Uint8Array())).toBe(hashOf(await compile()));
});

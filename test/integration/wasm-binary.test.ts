import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { WASM_BASE64 as CELLS } from '#src/bytes/binary';
import { decodeBase64 } from '#src/bytes/index';
import { WASM_BASE64 as KERNEL } from '#src/crypto/kernels/wasm/binary';
import { WASM_BASE64 as ENTRIES } from '#src/engine/binary';
import { WASM_BASE64 as TABLES } from '#src/protect/machine/binary';
import { WASM_BASE64 as ROWS } from '#src/signed-tables/binary';
import { WASM_BASE64 as CSV } from '#src/tabular/csv/binary';
import { compile, MODULES } from '../../scripts/build-wasm.mjs';

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

test('the binaries that are shipped are what their sources compile to, byte for byte', async () => {
  const shipped = [CELLS, ENTRIES, KERNEL, ROWS, CSV, TABLES].map((text) =>
    hashOf(decodeBase64(text) ?? new Uint8Array()),
  );
  const compiled = [];
  for (const module of MODULES) compiled.push(hashOf(await compile(module)));
  expect(shipped).toEqual(compiled);
});

import { createKernel, deriveFingerprintKey, parseSharedSecret } from 'sealroom/crypto';
import { bytesOfBase64, bytesOfText, columnOf, hexOf, textOfBytes, valueIn } from './bytes.ts';
import { expectEqual, expectEqualSecret, KERNEL_NAMES, listSafely } from './case.ts';
import type { VectorCase } from './case.ts';
import { recordsOf, textOf } from './json.ts';
import type { Members } from './json.ts';
import { openWith, partsOf } from './reference.ts';
import { rootOf } from './values.ts';

function isSame(left: Uint8Array, base64: string): boolean {
  return hexOf(left) === hexOf(bytesOfBase64(base64));
}

function checkFingerprintKey(vector: Members, column: string, isShared: boolean, listed: string): void {
  using secret = parseSharedSecret(textOf(vector, 'secret'));
  using key = deriveFingerprintKey(secret, textOf(vector, 'salt'), column, {
    allowJoinsOnColumnsWithDifferentNames: isShared,
  });
  expectEqualSecret(
    'fingerprint key',
    key.use((bytes) => isSame(bytes, listed)),
  );
}

/** Cell keys are internal; that a cell sealed under the nonce opens with the listed key and IV shows them. */
function checkCellKey(kernelName: VectorCase['kernel'], vector: Members, cellKey: Members): void {
  const kernel = createKernel(kernelName ?? 'node');
  using root = rootOf(vector);
  using keys = kernel.deriveRowKeys(root, bytesOfBase64(textOf(cellKey, 'nonce')));
  const task = {
    targetHeader: textOf(cellKey, 'column'),
    prefix: Uint8Array.of(2),
    nullEncoding: null,
    padTargetBytes: null,
  };
  const cell = textOfBytes(valueIn(kernel.sealColumn(task, keys, columnOf([bytesOfText('value')])), 0)) ?? '';
  const parts = partsOf(cell);
  expectEqual('nonce', Buffer.from(parts.nonce).toString('base64'), textOf(cellKey, 'nonce'));
  expectEqual('IV', Buffer.from(parts.iv).toString('base64'), textOf(cellKey, 'iv'));
  const payload = openWith(bytesOfBase64(textOf(cellKey, 'key')), cell);
  expectEqualSecret('cell key', payload !== null && hexOf(payload) === '0276616c75650000');
}

function listCasesOf(vector: Members, id: string): readonly VectorCase[] {
  const plain = { kernel: null, difference: null };
  const root: VectorCase = {
    ...plain,
    id,
    what: 'sealing root',
    run() {
      using derived = rootOf(vector);
      const isListed = derived.use((bytes) => isSame(bytes, textOf(vector, 'sealed_root_key')));
      expectEqualSecret('sealing root', isListed);
    },
  };
  const shared: VectorCase = {
    ...plain,
    id,
    what: 'fingerprint key of all columns',
    run: () => checkFingerprintKey(vector, 'any', true, textOf(vector, 'fingerprint_key_shared')),
  };
  const own = recordsOf(vector, 'fingerprint_keys').map((entry): VectorCase => ({
    ...plain,
    id,
    what: `fingerprint key of column \`${textOf(entry, 'column')}\``,
    run: () => checkFingerprintKey(vector, textOf(entry, 'column'), false, textOf(entry, 'key')),
  }));
  const cells = recordsOf(vector, 'cell_keys').flatMap((entry) =>
    KERNEL_NAMES.map((kernel): VectorCase => ({
      id,
      what: `cell key and IV of column \`${textOf(entry, 'column')}\``,
      kernel,
      difference: null,
      run: () => checkCellKey(kernel, vector, entry),
    })),
  );
  return [root, shared, ...own, ...cells];
}

/** The cases of keys.json: sealing roots, fingerprint keys, cell keys and IVs. */
export function listKeyCases(json: Members): readonly VectorCase[] {
  return recordsOf(json, 'keys').flatMap((vector, index) => {
    const id = `keys-${String(index + 1)}`;
    return listSafely(vector, id, () => listCasesOf(vector, id));
  });
}

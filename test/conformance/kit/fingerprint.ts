import {
  createKernel,
  deriveFingerprintKey,
  fingerprintMessage,
  fingerprintValue,
  parseSharedSecret,
} from 'sealroom/crypto';
import { fingerprintTypeByte } from 'sealroom/crypto';
import type { ClientType, FingerprintKey, Kernel } from 'sealroom/crypto';
import { columnOf, hexOf, textOfBytes, valueIn } from './bytes.ts';
import { expectEqual, KERNEL_NAMES, listSafely, Mismatch, show, VectorsError } from './case.ts';
import type { VectorCase } from './case.ts';
import { booleanOf, optionalText, recordsOf, textOf, textsOf } from './json.ts';
import type { Members } from './json.ts';
import { parseValue, typeOf, valueTextOf } from './values.ts';

/** Random nulls that are drawn and compared with each other. */
const DRAWS = 16;

function keyOf(vector: Members): FingerprintKey {
  using secret = parseSharedSecret(textOf(vector, 'secret'));
  return deriveFingerprintKey(secret, textOf(vector, 'salt'), textOf(vector, 'column'), {
    allowJoinsOnColumnsWithDifferentNames: booleanOf(vector, 'allow_joins'),
  });
}

function requireType(vector: Members): ClientType {
  const type = typeOf(vector);
  if (type === null) throw new VectorsError(`fingerprint of an unknown type ${textOf(vector, 'type')}`);
  return type;
}

function checkFingerprint(kernel: Kernel, vector: Members): void {
  const type = requireType(vector);
  using key = keyOf(vector);
  const expected = optionalText(vector, 'expected');
  const text = valueTextOf(vector);
  if (text === null) {
    const nulls = booleanOf(vector, 'preserve_nulls') ? 'keep' : 'random';
    const task = { key, typeByte: fingerprintTypeByte(type), nulls } as const;
    expectEqual('cell', textOfBytes(valueIn(kernel.fingerprintColumn(task, columnOf([null])), 0)), expected);
    return;
  }
  const value = parseValue(type.kind, text);
  const message = optionalText(vector, 'message_hex');
  if (message !== null && !message.startsWith('(')) {
    expectEqual('message', hexOf(fingerprintMessage(type, value)), message);
  }
  expectEqual('cell', fingerprintValue(kernel, key, { type, value }), expected);
}

function checkRandomNulls(kernel: Kernel, vector: Members): void {
  const type = requireType(vector);
  using key = keyOf(vector);
  const shape = new RegExp(textOf(vector, 'shape'), 'u');
  const drawn = Array.from({ length: DRAWS }, () => fingerprintValue(kernel, key, { type, value: null }));
  const odd = drawn.find((cell) => !shape.test(cell));
  if (odd !== undefined) throw new Mismatch(`a cell like ${shape.source}`, show(odd));
  const all = [...drawn, ...textsOf(vector, 'two_examples')];
  if (new Set(all).size !== all.length) throw new Mismatch('random nulls that all differ', 'two that are equal');
}

/** The cases of fingerprint.json. */
export function listFingerprintCases(json: Members): readonly VectorCase[] {
  const onKernels = (id: string, what: string, check: (kernel: Kernel) => void): readonly VectorCase[] =>
    KERNEL_NAMES.map((kernel) => ({ id, what, kernel, difference: null, run: () => check(createKernel(kernel)) }));
  const listCasesOf = (vector: Members): readonly VectorCase[] =>
    onKernels(textOf(vector, 'id'), `fingerprint of a ${textOf(vector, 'type')}`, (kernel) =>
      checkFingerprint(kernel, vector),
    );
  const cells = recordsOf(json, 'cells').flatMap((vector) =>
    listSafely(vector, 'fingerprint', () => listCasesOf(vector)),
  );
  const nulls = recordsOf({ random_nulls: [], ...json }, 'random_nulls').flatMap((vector, index) =>
    onKernels(`random-null-${String(index + 1)}`, 'fingerprints of nulls', (kernel) =>
      checkRandomNulls(kernel, vector),
    ),
  );
  return [...cells, ...nulls];
}

import { createKernel, deriveFingerprintKey, deriveSealingRoot, fingerprintTypeByte } from 'sealroom/crypto';
import { kindOfTypeByte, openCell, parseSharedSecret, randomNonces, renderValue, sealCell } from 'sealroom/crypto';
import type { Kernel, OpenedCell } from 'sealroom/crypto';
import { describeTableSchema, parseHeader, parsePad, parseTableSchema } from 'sealroom/schema';
import { columnOf } from './bytes.ts';
import { expectEqual, KERNEL_NAMES, listSafely, VectorsError } from './case.ts';
import type { VectorCase } from './case.ts';
import { differenceOfCell } from './cell-rules.ts';
import { optionalText, recordsOf, textOf } from './json.ts';
import type { Members } from './json.ts';
import { isAsShort } from './number-rules.ts';
import { isMaximumOfNulls } from './pad-rules.ts';
import { AS_C3R } from './operation.ts';
import type { Operation } from './operation.ts';
import { codesOf, expectRefusal } from './reasons.ts';
import { tableOperation } from './reject-tables.ts';
import { differenceOfSchema } from './schema-rules.ts';
import { kindOf, parseValue, rootOf, sealTaskOf, typeOf, valueTextOf } from './values.ts';

function open(vector: Members, kernel: Kernel): OpenedCell {
  using root = rootOf(vector);
  // C3R reads cells leniently (F-12, F-39).
  return openCell(kernel, root, textOf(vector, 'cell'), { lenientCells: true });
}

function openText(vector: Members, kernel: Kernel): string | null {
  const opened = open(vector, kernel);
  return opened.kind === 'sealed' ? renderValue(opened.value) : opened.text;
}

/**
 * The type of a vector as it stands there: it may be unknown, or lack a parameter. The compiler refuses such a type; callers
 * without it must be refused too.
 */
function uncheckedTypeOf(vector: Members): unknown {
  return (
    typeOf(vector) ?? {
      kind: textOf(vector, 'type').toLowerCase(),
      precision: vector['precision'],
      scale: vector['scale'],
      maxLength: vector['max_length'],
      unit: vector['unit'],
      utc: vector['utc'],
    }
  );
}

function sealVector(vector: Members, kernel: Kernel): string {
  using root = rootOf(vector);
  const kind = kindOf(vector);
  const text = valueTextOf(vector);
  const { targetHeader, padTargetBytes } = sealTaskOf(vector);
  const value = text === null || kind === null ? null : parseValue(kind, text);
  const typed = { type: uncheckedTypeOf(vector), value };
  const cell: unknown = Reflect.apply(sealCell, undefined, [kernel, root, { targetHeader, padTargetBytes }, typed]);
  return `(cell of ${String(String(cell).length)} bytes)`;
}

/** Makes a fingerprint key and a sealed cell for a column of that name. */
function useLabel(vector: Members, kernel: Kernel): string {
  const targetHeader = textOf(vector, 'column');
  using secret = parseSharedSecret(Buffer.alloc(32).toString('base64'));
  using root = deriveSealingRoot(secret, 'salt');
  using keys = kernel.deriveRowKeys(root, randomNonces(1));
  kernel.sealColumn(
    { targetHeader, prefix: Uint8Array.of(2), nullEncoding: null, padTargetBytes: null },
    keys,
    columnOf([null]),
  );
  using key = deriveFingerprintKey(secret, 'salt', targetHeader, { allowJoinsOnColumnsWithDifferentNames: false });
  return `key of ${String(key.byteLength)} bytes`;
}

/** The operations of single values, by name. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  decrypt_cell: {
    usesKernels: true,
    expectation(vector, isAccepted) {
      const difference = isAccepted ? null : differenceOfCell(textOf(vector, 'cell'), vector);
      return difference === null ? AS_C3R : { difference: difference.name, isRefused: false, result: difference.text };
    },
    perform: openText,
    isEqual(vector, kernel, got, expected) {
      const opened = open(vector, kernel);
      return opened.kind === 'sealed' && isAsShort(opened.value.kind, got, expected);
    },
  },
  seal: {
    usesKernels: true,
    expectation: (vector, isAccepted) =>
      !isAccepted && isMaximumOfNulls(vector) ? { difference: 'trueMaximum', isRefused: false, result: null } : AS_C3R,
    perform: sealVector,
  },
  secret: {
    usesKernels: false,
    expectation: () => AS_C3R,
    perform(vector) {
      using secret = parseSharedSecret(optionalText(vector, 'secret'));
      return `${String(secret.byteLength)} bytes`;
    },
  },
  salt: {
    usesKernels: false,
    expectation: () => AS_C3R,
    perform(vector) {
      using root = rootOf(vector);
      return `root of ${String(root.byteLength)} bytes`;
    },
    isEqual: () => true,
  },
  header: {
    usesKernels: false,
    expectation: () => AS_C3R,
    perform: (vector) => parseHeader(textOf(vector, 'header')),
  },
  pad: {
    usesKernels: false,
    expectation: (vector, isAccepted) =>
      isAccepted && optionalText(vector, 'pad_type') === null ? { difference: 'strictPads', isRefused: true } : AS_C3R,
    perform(vector) {
      parsePad({ type: vector['pad_type'], length: vector['pad_length'] });
      return 'valid';
    },
  },
  column_label: { usesKernels: true, expectation: () => AS_C3R, perform: useLabel, isEqual: () => true },
  fingerprint_type: {
    usesKernels: false,
    expectation: () => AS_C3R,
    perform(vector) {
      const type = uncheckedTypeOf({ precision: 9, scale: 2, max_length: 9, unit: 'MILLIS', utc: true, ...vector });
      const typeByte: unknown = Reflect.apply(fingerprintTypeByte, undefined, [type]);
      return `fingerprinted as ${kindOfTypeByte(Number(typeByte))?.toUpperCase() ?? 'nothing'}`;
    },
  },
  schema: {
    usesKernels: false,
    expectation(vector, isAccepted) {
      const difference = isAccepted ? differenceOfSchema(textOf(vector, 'schema')) : null;
      return difference === null ? AS_C3R : { difference, isRefused: true };
    },
    perform: (vector) => describeTableSchema(parseTableSchema(textOf(vector, 'schema'))),
  },
};

function operationOf(vector: Members): Operation {
  const name = textOf(vector, 'op');
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : tableOperation(name);
  if (operation === undefined || operation === null) {
    throw new VectorsError(`operation of ${textOf(vector, 'id')} expected a known one, got \`${name}\``);
  }
  return operation;
}

function listCasesOf(vector: Members, isAccepted: boolean): readonly VectorCase[] {
  const operation = operationOf(vector);
  const name = textOf(vector, 'op');
  const expectation = operation.expectation(vector, isAccepted);
  const isRefused = expectation.isRefused ?? !isAccepted;
  const kernels = operation.usesKernels ? KERNEL_NAMES : [null];
  return kernels.map((kernelName): VectorCase => {
    const kernel = createKernel(kernelName ?? 'node');
    return {
      id: textOf(vector, 'id'),
      what: `${name}: ${textOf(vector, 'what')}`,
      kernel: kernelName,
      difference: expectation.difference,
      async run() {
        const codes = codesOf(name, optionalText(vector, 'message') ?? '');
        if (isRefused) return expectRefusal(codes, () => operation.perform(vector, kernel));
        const got = await operation.perform(vector, kernel);
        const expected = expectation.result === undefined ? optionalText(vector, 'result') : expectation.result;
        if (expectation.result === null || operation.isEqual?.(vector, kernel, got, expected) === true) return;
        expectEqual('result', got, expected);
      },
    };
  });
}

/** The cases of reject.json: what C3R refuses, and near misses that it takes. */
export function listRejectCases(json: Members): readonly VectorCase[] {
  return [
    ...recordsOf({ rejected: [], ...json }, 'rejected').flatMap((vector) =>
      listSafely(vector, 'rejected', () => listCasesOf(vector, false)),
    ),
    ...recordsOf({ accepted: [], ...json }, 'accepted').flatMap((vector) =>
      listSafely(vector, 'accepted', () => listCasesOf(vector, true)),
    ),
  ];
}

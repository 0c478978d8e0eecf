import { createKernel, deriveFingerprintKey, deriveSealingRoot, fingerprintTypeByte } from 'sealroom/crypto';
import { kindOfTypeByte, openCell, parseSharedSecret, randomNonces, renderValue, sealCell } from 'sealroom/crypto';
import type { Kernel } from 'sealroom/crypto';
import { describeTableSchema, parseHeader, parsePad, parseTableSchema } from 'sealroom/schema';
import { columnOf, textOfBytes, valueIn } from './bytes.ts';
import { expectEqual, KERNEL_NAMES, VectorsError } from './case.ts';
import type { VectorCase } from './case.ts';
import { differenceOfCell } from './cell-rules.ts';
import type { DifferenceName } from './differences.ts';
import { optionalText, recordsOf, textOf } from './json.ts';
import type { Members } from './json.ts';
import { hasFewerDigits } from './number-rules.ts';
import { isMaximumOfNulls } from './pad-rules.ts';
import { codesOf, expectRefusal } from './reasons.ts';
import { tableOperation } from './reject-tables.ts';
import { differenceOfSchema } from './schema-rules.ts';
import { kindOf, parseValue, rootOf, sealTaskOf, typeOf, valueBytesOf, valueTextOf } from './values.ts';

/** What is known of an operation before a case of it is run. */
export interface Expectation {
  readonly difference: DifferenceName | null;
  /** `null`: C3R's own outcome, whichever it was. */
  readonly isRefused: boolean | null;
  /** What must come out, where it is not the `result` of the case; `null` where anything may. */
  readonly result?: string | null | undefined;
}

/** One operation of reject.json. */
export interface Operation {
  readonly usesKernels: boolean;
  /** What the difference rules say of a case that C3R accepted, or refused. */
  expectation(vector: Members, isAccepted: boolean): Expectation;
  /** Does it, and returns the outcome in the words of the vectors. */
  perform(vector: Members, kernel: Kernel): string | null | Promise<string | null>;
  /** Whether an outcome is as good as the expected one. */
  isEqual?(vector: Members, got: string | null, expected: string | null): boolean;
}

const AS_C3R: Expectation = { difference: null, isRefused: null };

function openText(vector: Members, kernel: Kernel): string | null {
  using root = rootOf(vector);
  const opened = openCell(kernel, root, textOf(vector, 'cell'));
  return opened.kind === 'sealed' ? renderValue(opened.value) : opened.text;
}

function sealVector(vector: Members, kernel: Kernel): string {
  using root = rootOf(vector);
  const type = typeOf(vector);
  const text = valueTextOf(vector);
  const task = sealTaskOf(vector);
  if (type === null) {
    using keys = kernel.deriveRowKeys(root, randomNonces(1));
    const cell = textOfBytes(valueIn(kernel.sealColumn(task, keys, columnOf([valueBytesOf(vector)])), 0)) ?? '';
    return `(cell of ${String(cell.length)} bytes)`;
  }
  const value = text === null ? null : parseValue(type.kind, text);
  const { targetHeader, padTargetBytes } = task;
  return `(cell of ${String(sealCell(kernel, root, { targetHeader, padTargetBytes }, { type, value }).length)} bytes)`;
}

/** A value whose type lacks a parameter is no `TypedValue`: the compiler refuses it where C3R throws. */
function isInexpressible(vector: Members): boolean {
  return typeOf(vector) === null && valueTextOf(vector) !== null;
}

function useBlankLabel(vector: Members, kernel: Kernel): string {
  const targetHeader = textOf(vector, 'column');
  using secret = parseSharedSecret(Buffer.alloc(32).toString('base64'));
  using root = deriveSealingRoot(secret, 'salt');
  using keys = kernel.deriveRowKeys(root, randomNonces(1));
  kernel.sealColumn({ targetHeader, prefix: Uint8Array.of(2), nullEncoding: null, padTargetBytes: null }, keys, columnOf([null]));
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
    isEqual(vector, got, expected) {
      return hasFewerDigits('double', got, expected) || hasFewerDigits('float', got, expected);
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
  column_label: { usesKernels: true, expectation: () => AS_C3R, perform: useBlankLabel },
  fingerprint_type: {
    usesKernels: false,
    expectation: () => AS_C3R,
    perform(vector) {
      const type = typeOf({ precision: 9, scale: 2, max_length: 9, unit: 'MILLIS', utc: true, ...vector });
      if (type === null) throw new VectorsError(`unknown type ${textOf(vector, 'type')}`);
      return `fingerprinted as ${kindOfTypeByte(fingerprintTypeByte(type))?.toUpperCase() ?? 'nothing'}`;
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
  const isUntyped =
    !isAccepted && ((name === 'seal' && isInexpressible(vector)) || (name === 'fingerprint_type' && kindOf(vector) === null));
  const kernels = operation.usesKernels ? KERNEL_NAMES : [null];
  return kernels.map((kernelName): VectorCase => {
    const perform = (): string | null | Promise<string | null> =>
      operation.perform(vector, createKernel(kernelName ?? 'node'));
    return {
      id: textOf(vector, 'id'),
      what: `${name}: ${textOf(vector, 'what')}`,
      kernel: kernelName,
      difference: expectation.difference,
      async run() {
        if (isUntyped) return;
        if (isRefused) return expectRefusal(codesOf(name, optionalText(vector, 'message') ?? ''), perform);
        const got = await perform();
        const expected = expectation.result === undefined ? optionalText(vector, 'result') : expectation.result;
        if (expectation.result === null || operation.isEqual?.(vector, got, expected) === true) return;
        expectEqual('result', got, expected);
      },
    };
  });
}

/** The cases of reject.json: what C3R refuses, and near misses that it takes. */
export function listRejectCases(json: Members): readonly VectorCase[] {
  return [
    ...recordsOf({ rejected: [], ...json }, 'rejected').flatMap((vector) => listCasesOf(vector, false)),
    ...recordsOf({ accepted: [], ...json }, 'accepted').flatMap((vector) => listCasesOf(vector, true)),
  ];
}

import { createKernel, decodeValue, parseDecimal, renderValue } from 'sealroom/crypto';
import type { DecodedValue, Kernel } from 'sealroom/crypto';
import { bytesOfBase64, bytesOfText, columnOf, hexOf, textOfBytes, valueIn } from './bytes.ts';
import { expectEqual, KERNEL_NAMES, listSafely, VectorsError } from './case.ts';
import type { VectorCase } from './case.ts';
import type { DifferenceName } from './differences.ts';
import { booleanOf, optionalNumber, optionalText, recordsOf, textOf } from './json.ts';
import type { Members } from './json.ts';
import { isAsShort } from './number-rules.ts';
import { isMaximumOfNulls } from './pad-rules.ts';
import { partsOf } from './reference.ts';
import { rootOf, sealTaskOf, valueBytesOf } from './values.ts';

/** What C3R writes instead of a text of more than 600 bytes. */
const LEFT_OUT = '(long)';

function bigEndian(value: bigint, bytes: number): string {
  return BigInt.asUintN(bytes * 8, value)
    .toString(16)
    .padStart(bytes * 2, '0');
}

/** Two's complement in as few bytes as hold it, sign included. */
function minimalBytes(value: bigint): string {
  let bytes = 1;
  while (BigInt.asIntN(bytes * 8, value) !== value) bytes++;
  return bigEndian(value, bytes);
}

/** The bytes that C3R writes into a Parquet column for an opened value, in hexadecimal. */
function parquetHexOf({ kind, value }: DecodedValue, encoded: Uint8Array): string | null {
  if (value === null) return null;
  switch (kind) {
    case 'string':
    case 'char':
    case 'varchar':
      return hexOf(bytesOfText(String(value)));
    case 'boolean':
      return value === true ? '01' : '00';
    case 'smallint':
    case 'int':
    case 'date':
      return bigEndian(BigInt(value), 4);
    case 'bigint':
    case 'timestamp':
      return bigEndian(BigInt(value), 8);
    case 'float':
    case 'double':
      // The bits as they were sealed: a number of JavaScript does not keep those of a NaN.
      return hexOf(encoded.subarray(1));
    case 'decimal': {
      const decimal = parseDecimal(String(value));
      if (decimal === null) throw new VectorsError('an opened decimal that is none');
      return minimalBytes(decimal.unscaled);
    }
  }
}

function checkOpened(kernel: Kernel, vector: Members, cell: string): void {
  using root = rootOf(vector);
  const encoded = valueIn(kernel.openColumn(root, columnOf([bytesOfText(cell)])).values, 0) ?? new Uint8Array();
  const listed = optionalText(vector, 'encoded_hex');
  if (listed !== LEFT_OUT) expectEqual('encoded value', hexOf(encoded), listed);
  const decoded = decodeValue(encoded);
  const text = renderValue(decoded);
  const csv = optionalText(vector, 'decrypts_to_csv');
  if (csv !== LEFT_OUT && !isAsShort(decoded.kind, text, csv)) expectEqual('CSV text', text, csv);
  // Where C3R fails to write the value to Parquet, that it decodes is all there is to check.
  const parquet = optionalText(vector, 'decrypts_to_parquet_hex');
  if (parquet !== LEFT_OUT && !('decrypts_to_parquet_hex_error' in vector)) {
    expectEqual('Parquet bytes', parquetHexOf(decoded, encoded), parquet);
  }
}

function checkSealed(kernel: Kernel, vector: Members): void {
  const expected = optionalText(vector, 'expected');
  using root = rootOf(vector);
  using keys = kernel.deriveRowKeys(root, bytesOfBase64(textOf(vector, 'nonce')));
  const task = sealTaskOf(vector);
  const nullEncoding = booleanOf(vector, 'preserve_nulls') ? null : task.nullEncoding;
  const column = kernel.sealColumn({ ...task, nullEncoding }, keys, columnOf([valueBytesOf(vector)]));
  const cell = textOfBytes(valueIn(column, 0));
  if (expected !== null && cell !== null && isMaximumOfNulls(vector)) {
    const payloadBytes = (task.nullEncoding?.length ?? 0) + (optionalNumber(vector, 'pad_length') ?? 0) + 2;
    expectEqual('payload bytes', String(partsOf(cell).ciphertext.length), String(payloadBytes));
    checkOpened(kernel, vector, cell);
  } else expectEqual('cell', cell, expected);
  if (expected !== null) checkOpened(kernel, vector, expected);
}

/** The difference that a case falls under, judged without running it. */
function differenceOf(vector: Members): DifferenceName | null {
  if ('decrypts_to_parquet_hex_error' in vector) return 'nativeTypes';
  return isMaximumOfNulls(vector) && !booleanOf(vector, 'preserve_nulls') ? 'trueMaximum' : null;
}

/** The cases of sealed.json: sealing under the given nonce, and opening. */
export function listSealedCases(json: Members): readonly VectorCase[] {
  const listCasesOf = (vector: Members): readonly VectorCase[] =>
    KERNEL_NAMES.map((kernel) => ({
      id: textOf(vector, 'id'),
      what: `sealed ${textOf(vector, 'type')}, pad ${optionalText(vector, 'pad_type') ?? 'none'}`,
      kernel,
      difference: differenceOf(vector),
      run: () => checkSealed(createKernel(kernel), vector),
    }));
  return recordsOf(json, 'cells').flatMap((vector) => listSafely(vector, 'sealed', () => listCasesOf(vector)));
}

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decryptTable, encryptTable, SealroomError } from 'sealroom';
import type { TableSchema } from 'sealroom';
import { parseSharedSecret } from 'sealroom/crypto';
import type { Kernel } from 'sealroom/crypto';
import { parseTableSchema } from 'sealroom/schema';
import { bytesOfBase64, bytesOfText } from './bytes.ts';
import { VectorsError } from './case.ts';
import {
  countLoneNulls,
  hasBadUnusedHeader,
  hasRepeatedSourceHeaders,
  linesOfOutput,
  readHashLines,
} from './csv-rules.ts';
import type { CsvInput } from './csv-rules.ts';
import { countLines, fieldKey, parseCsv } from './csv-text.ts';
import { expectedDecryption } from './decrypt-rules.ts';
import type { DifferenceName } from './differences.ts';
import { booleanOf, optionalText, textOf } from './json.ts';
import type { Members } from './json.ts';
import { AS_C3R } from './operation.ts';
import type { Expectation, Operation } from './operation.ts';
import { isEarlyMaximum } from './pad-rules.ts';
import { differenceOfSchema } from './schema-rules.ts';
import { settingsOf } from './settings.ts';
import { withTempFolder } from './temp-folder.ts';

/** The bytes of a case's CSV file. One that was left out for its length is made again from what is said of it. */
function csvBytesOf(vector: Members): Uint8Array {
  const base64 = optionalText(vector, 'csv_base64');
  if (base64 === null) return bytesOfText(textOf(vector, 'csv'));
  const total = /^\((\d+) bytes, see what\)$/.exec(base64)?.[1];
  return total === undefined ? bytesOfBase64(base64) : bytesOfText(rebuildCsv(vector, Number(total)));
}

/** `… value of N bytes`: a file of the stated length with one row whose used column holds such a value. */
function rebuildCsv(vector: Members, totalBytes: number): string {
  const bytes = /value of (\d+) bytes/.exec(textOf(vector, 'what'))?.[1];
  const sources = [...new Set(parseTableSchema(textOf(vector, 'schema')).columns.map((column) => column.sourceHeader))];
  const [source] = sources;
  const rest = totalBytes - Number(bytes) - String(source).length - ',,\n\n'.length;
  if (bytes === undefined || source === undefined || sources.length > 1 || rest < 1) {
    throw new VectorsError(`the CSV file of ${textOf(vector, 'id')} cannot be made again from its description`);
  }
  return `${source},${'z'.repeat(rest)}\n${'x'.repeat(Number(bytes))},\n`;
}

function csvTextOf(vector: Members): string {
  return Buffer.from(csvBytesOf(vector)).toString('utf8');
}

function tryParseSchema(text: string): TableSchema | null {
  try {
    return parseTableSchema(text);
  } catch (error) {
    if (error instanceof SealroomError) return null;
    throw error;
  }
}

/** What C3R's and our readers and writers do with the rows of an input that C3R encrypts. */
function expectEncryption(vector: Members, isAccepted: boolean): Expectation {
  const schemaText = textOf(vector, 'schema');
  const refused = (difference: DifferenceName): Expectation => ({ difference, isRefused: true });
  const difference = differenceOfSchema(schemaText);
  if (difference !== null) return isAccepted ? refused(difference) : AS_C3R;
  const schema = tryParseSchema(schemaText);
  if (schema === null) return AS_C3R;
  const input: CsvInput = {
    schema,
    csv: csvTextOf(vector),
    inputNull: optionalText(vector, 'csv_input_null'),
    outputNull: optionalText(vector, 'csv_output_null'),
    preserveNulls: booleanOf(vector, 'preserve_nulls'),
  };
  if (!isAccepted) return expectMercy(vector, input);
  if (hasRepeatedSourceHeaders(input)) return refused('repeatedSourceHeaders');
  const hashes = readHashLines(input);
  if (hashes.isRefused) return refused('hashLines');
  const loneNulls = countLoneNulls(input);
  if (hashes.rows + loneNulls === 0) return AS_C3R;
  const lines = Number(/^\d+/.exec(textOf(vector, 'result'))?.[0]) + hashes.rows + loneNulls;
  return {
    difference: hashes.rows > 0 ? 'hashLines' : 'loneNulls',
    isRefused: false,
    result: `${String(lines)} lines`,
  };
}

/** Whether an input that C3R refuses is taken. */
function expectMercy(vector: Members, input: CsvInput): Expectation {
  const message = optionalText(vector, 'message') ?? '';
  const result = `${String(linesOfOutput(input))} lines`;
  if (message.includes('Column header name') && hasBadUnusedHeader(input)) {
    return { difference: 'unusedHeaders', isRefused: false, result };
  }
  const padOf = (target: string): string | null => {
    const column = input.schema.columns.find(({ targetHeader }) => targetHeader === target);
    return column?.kind === 'sealed' ? column.pad.kind : null;
  };
  return isEarlyMaximum(message, padOf) ? { difference: 'trueMaximum', isRefused: false, result } : AS_C3R;
}

async function encryptCsv(vector: Members, kernel: Kernel): Promise<string> {
  const schema = parseTableSchema(textOf(vector, 'schema'));
  using secret = parseSharedSecret(textOf(vector, 'secret'));
  return await withTempFolder(async (folder) => {
    const input = join(folder, 'in.csv');
    const output = join(folder, 'out.csv');
    await writeFile(input, csvBytesOf(vector));
    await encryptTable({
      input,
      output,
      schema,
      secret,
      collaborationId: textOf(vector, 'salt'),
      settings: settingsOf(vector),
      csvInputNull: optionalText(vector, 'csv_input_null') ?? undefined,
      csvOutputNull: optionalText(vector, 'csv_output_null') ?? undefined,
      kernel: kernel.name,
    });
    return `${String(countLines(await readFile(output, 'utf8')))} lines`;
  });
}

async function decryptCsv(vector: Members, kernel: Kernel): Promise<string> {
  using secret = parseSharedSecret(textOf(vector, 'secret'));
  return await withTempFolder(async (folder) => {
    const input = join(folder, 'in.csv');
    const output = join(folder, 'out.csv');
    await writeFile(input, csvBytesOf(vector));
    await decryptTable({
      input,
      output,
      secret,
      collaborationId: textOf(vector, 'salt'),
      failOnFingerprintColumns: vector['fail_on_fingerprint'] === true,
      csvInputNull: optionalText(vector, 'csv_input_null') ?? undefined,
      csvOutputNull: optionalText(vector, 'csv_output_null') ?? undefined,
      kernel: kernel.name,
    });
    return readFile(output, 'utf8');
  });
}

function keysOf(csv: string): string {
  return JSON.stringify(parseCsv(csv).map(({ fields }) => fields.map(fieldKey)));
}

const TABLE_OPERATIONS: Readonly<Record<string, Operation>> = {
  encrypt_csv: { usesKernels: true, expectation: expectEncryption, perform: encryptCsv },
  decrypt_csv: {
    usesKernels: true,
    expectation: (vector, isAccepted) => expectedDecryption(vector, csvTextOf(vector), isAccepted),
    perform: decryptCsv,
    isEqual: (_vector, _kernel, got, expected) => got !== null && expected !== null && keysOf(got) === keysOf(expected),
  },
};

/** The operation on whole tables of that name, or `null`. */
export function tableOperation(name: string): Operation | null {
  return (Object.hasOwn(TABLE_OPERATIONS, name) ? TABLE_OPERATIONS[name] : null) ?? null;
}

import { join } from 'node:path';
import { encryptTable, parseTableSchema } from 'sealroom';
import type { KernelName } from 'sealroom';
import { createKernel, deriveSealingRoot, parseSharedSecret } from 'sealroom/crypto';
import { expectEqual, Mismatch, VectorsError } from './case.ts';
import { readCsvGrid } from './csv-grid.ts';
import { countLoneNulls, readHashLines } from './csv-rules.ts';
import { comparableGrid, expectNoncesAndIvs, expectRandomNulls } from './encrypted-grid.ts';
import type { FileCase } from './file-case.ts';
import type { FileExpectation } from './file-rules.ts';
import { countNulls, countRows, readSource } from './file-source.ts';
import type { FileSource } from './file-source.ts';
import { expectSameHeaders, expectSameRows, rowsOf, rowText } from './grid.ts';
import type { Grid } from './grid.ts';
import { describeType, gridOfJson, readJsonTable, readTypedGrid, writtenType } from './parquet-table.ts';
import type { TypedGrid } from './parquet-table.ts';
import { codesOf, expectRefusal } from './reasons.ts';
import { withTempFolder } from './temp-folder.ts';

/** Encrypts a case's input and returns how many rows the product says it has. */
async function encryptInput(files: FileCase, output: string, kernel: KernelName): Promise<number> {
  const { inputNull, outputNull, binaryAsString } = files.encrypt.options;
  using secret = parseSharedSecret(files.secret);
  const { rows } = await encryptTable({
    input: { kind: 'file', path: files.input, format: files.format },
    output,
    schema: parseTableSchema(files.schemaText),
    secret,
    collaborationId: files.id,
    settings: files.settings,
    csvInputNull: inputNull,
    csvOutputNull: outputNull,
    parquetBinaryAsString: binaryAsString,
    kernel,
  });
  return rows;
}

/** Sealed and fingerprint columns are text, cleartext columns of their source's type. */
function expectTypes(got: TypedGrid, expected: TypedGrid): void {
  got.types.forEach((type, index) => {
    const theirs = expected.types[index] ?? { kind: 'string' };
    expectEqual(`type of \`${got.headers[index] ?? ''}\``, describeType(type), describeType(writtenType(theirs)));
  });
}

async function readBoth(files: FileCase, theirs: string, ours: string): Promise<{ got: Grid; expected: Grid }> {
  if (files.format === 'csv') return { got: await readCsvGrid(ours), expected: await readCsvGrid(theirs) };
  const got = await readTypedGrid(ours);
  const expected = gridOfJson(await readJsonTable(theirs));
  expectTypes(got, expected);
  return { got, expected };
}

/** Rows that C3R loses. */
function countLostRows(source: FileSource): number {
  return source.format === 'csv' ? readHashLines(source.csv).rows + countLoneNulls(source.csv) : 0;
}

/** Compares with C3R's own encrypted file, whose rows are in another random order. */
async function compare(files: FileCase, source: FileSource, ours: string, kernelName: KernelName): Promise<void> {
  if (files.encrypt.output === null) throw new VectorsError(`case ${files.name} has no encrypted file`);
  const { schema } = source;
  const { got, expected } = await readBoth(files, files.encrypt.output, ours);
  expectSameHeaders(got, expected);
  expectNoncesAndIvs(got, schema);
  using secret = parseSharedSecret(files.secret);
  using root = deriveSealingRoot(secret, files.id);
  const keys = { kernel: createKernel(kernelName), root };
  const mine = comparableGrid(got, expected, schema, keys, false);
  const theirs = comparableGrid(expected, got, schema, keys, true);
  expectRandomNulls(mine, schema, (column) => (files.settings.preserveNulls ? 0 : countNulls(source, column)));
  const rows = (grid: Grid): string[] => Array.from({ length: rowsOf(grid) }, (_, row) => rowText(grid, row));
  expectSameRows(rows(mine), rows(theirs), countLostRows(source));
}

/** Encrypts a case's input and compares the result with C3R's, or with what its input has where C3R cannot. */
export async function checkEncryption(
  files: FileCase,
  expectation: FileExpectation,
  kernel: KernelName,
): Promise<void> {
  await withTempFolder(async (folder) => {
    const output = join(folder, `out.${files.format}`);
    if (expectation.isRefused) {
      const codes = codesOf('encrypt_csv', files.encrypt.error);
      await expectRefusal(codes, () => encryptInput(files, output, kernel));
      return;
    }
    const rows = await encryptInput(files, output, kernel);
    const source = await readSource(files);
    if (rows !== countRows(source)) throw new Mismatch(`${String(countRows(source))} rows`, String(rows));
    if (files.encrypt.exit === 0) await compare(files, source, output, kernel);
  });
}

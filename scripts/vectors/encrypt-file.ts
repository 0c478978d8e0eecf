import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encryptTable, parseTableSchema } from 'sealroom';
import type { KernelName, TableSchema } from 'sealroom';
import { createKernel, deriveSealingRoot, parseSharedSecret } from 'sealroom/crypto';
import { expectEqual, VectorsError } from './case.ts';
import { readCsvGrid } from './csv-grid.ts';
import { countLoneNulls, countSourceNulls, readHashLines } from './csv-rules.ts';
import type { CsvInput } from './csv-rules.ts';
import { comparableGrid, expectNoncesAndIvs, expectRandomNulls } from './encrypted-grid.ts';
import type { FileCase } from './file-case.ts';
import { expectEncryption } from './file-rules.ts';
import type { FileExpectation } from './file-rules.ts';
import { expectSameHeaders, expectSameRows, rowsOf, rowText } from './grid.ts';
import type { Grid } from './grid.ts';
import { normaliseHeader } from './header-rules.ts';
import { describeType, gridOfJson, readJsonTable, readTypedGrid, writtenType } from './parquet-table.ts';
import type { JsonTable, TypedGrid } from './parquet-table.ts';
import { codesOf, expectRefusal } from './reasons.ts';
import { withTempFolder } from './temp-folder.ts';

/** A case's input: a CSV text, or what the .json beside a Parquet file says. */
interface Source {
  readonly csv: CsvInput | null;
  readonly table: JsonTable | null;
}

async function readSource(files: FileCase, schema: TableSchema): Promise<Source> {
  if (files.format === 'parquet') return { csv: null, table: await readJsonTable(files.input) };
  const { inputNull, outputNull } = files.encrypt.options;
  const csv = await readFile(files.input, 'utf8');
  return { csv: { schema, csv, inputNull, outputNull, preserveNulls: files.settings.preserveNulls }, table: null };
}

/** What is expected of encrypting a case's input. */
export async function expectationOfEncryption(files: FileCase): Promise<FileExpectation> {
  const schema = parseTableSchema(files.schemaText);
  const { csv, table } = await readSource(files, schema);
  return expectEncryption(files, schema, csv, table);
}

async function encryptInput(files: FileCase, schema: TableSchema, output: string, kernel: KernelName): Promise<number> {
  const { inputNull, outputNull, binaryAsString } = files.encrypt.options;
  using secret = parseSharedSecret(files.secret);
  const { rows } = await encryptTable({
    input: files.input,
    output,
    schema,
    secret,
    collaborationId: files.id,
    settings: files.settings,
    inputFormat: files.format,
    csvInputNull: inputNull,
    csvOutputNull: outputNull,
    parquetBinaryAsString: binaryAsString,
    kernel,
  });
  return rows;
}

/** Nulls in the source of a target column. */
function nullsOf({ csv, table }: Source, schema: TableSchema, column: number): number {
  const target = schema.columns[column];
  if (target === undefined) throw new VectorsError('a column outside the schema');
  if (csv !== null) return countSourceNulls(csv, target);
  const source = table?.headers.findIndex((header) => normaliseHeader(header) === target.sourceHeader) ?? -1;
  return table?.rows.filter((row) => (row[source] ?? null) === null).length ?? 0;
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

async function compare(files: FileCase, schema: TableSchema, source: Source, ours: string, kernelName: KernelName): Promise<void> {
  if (files.encrypt.output === null) throw new VectorsError(`case ${files.name} has no encrypted file`);
  const { got, expected } = await readBoth(files, files.encrypt.output, ours);
  expectSameHeaders(got, expected);
  expectNoncesAndIvs(got, schema);
  using secret = parseSharedSecret(files.secret);
  using root = deriveSealingRoot(secret, files.id);
  const keys = { kernel: createKernel(kernelName), root };
  const mine = comparableGrid(got, expected, schema, keys, false);
  const theirs = comparableGrid(expected, got, schema, keys, true);
  const hidesNulls = !files.settings.preserveNulls;
  expectRandomNulls(mine, schema, (column) => (hidesNulls ? nullsOf(source, schema, column) : 0));
  const { csv } = source;
  const extra = csv === null ? 0 : readHashLines(csv).rows + countLoneNulls(csv);
  const rows = (grid: Grid): string[] => Array.from({ length: rowsOf(grid) }, (_, row) => rowText(grid, row));
  expectSameRows(rows(mine), rows(theirs), extra);
}

/** Encrypts a case's input and compares the result with C3R's. */
export async function checkEncryption(files: FileCase, expectation: FileExpectation, kernel: KernelName): Promise<void> {
  await withTempFolder(async (folder) => {
    const output = join(folder, `out.${files.format}`);
    if (expectation.isRefused) {
      await expectRefusal(codesOf('encrypt_csv', files.encrypt.error), () =>
        encryptInput(files, parseTableSchema(files.schemaText), output, kernel),
      );
      return;
    }
    const schema = parseTableSchema(files.schemaText);
    const source = await readSource(files, schema);
    await encryptInput(files, schema, output, kernel);
    if (files.encrypt.exit === 0) await compare(files, schema, source, output, kernel);
  });
}

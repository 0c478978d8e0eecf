import { join } from 'node:path';
import { decryptTable, parseTableSchema } from 'sealroom';
import type { KernelName, TableSchema } from 'sealroom';
import { parseSharedSecret } from 'sealroom/crypto';
import type { ColumnType } from 'sealroom/tabular';
import { expectEqual, VectorsError } from './case.ts';
import { readCsvGrid, rewrittenGrid } from './csv-grid.ts';
import type { FileCase } from './file-case.ts';
import type { FileExpectation } from './file-rules.ts';
import { readSource, sourceTypeOf } from './file-source.ts';
import type { FileSource } from './file-source.ts';
import { columnAt, expectSameColumn, expectSameHeaders, expectSameRows, rowsOf, rowText } from './grid.ts';
import type { Grid } from './grid.ts';
import { normaliseHeader } from './header-rules.ts';
import { readTextFile } from './json.ts';
import { describeType, gridOfJson, readJsonTable, readTypedGrid, writtenType } from './parquet-table.ts';
import type { JsonTable } from './parquet-table.ts';
import { codesOf, expectRefusal } from './reasons.ts';
import { withTempFolder } from './temp-folder.ts';
import { cellOfRawJson, NULL_CELL } from './typed-cell.ts';

async function decryptEncrypted(files: FileCase, input: string, output: string, kernel: KernelName): Promise<void> {
  const { inputNull, outputNull, failOnFingerprints } = files.decrypt.options;
  using secret = parseSharedSecret(files.secret);
  await decryptTable({
    input: { kind: 'file', path: input, format: files.format },
    output,
    secret,
    collaborationId: files.id,
    csvInputNull: inputNull,
    csvOutputNull: outputNull,
    failOnFingerprintColumns: failOnFingerprints,
    kernel,
  });
}

/** Without the rows that C3R loses in a table of one column: nothing but a null or an empty text. */
function withoutLoneNulls(grid: Grid): Grid {
  const [column, ...others] = grid.columns;
  if (column === undefined || others.length > 0) return grid;
  return { ...grid, columns: [column.filter((cell) => cell !== 'empty' && cell !== 'nothing')] };
}

async function compareCsv(theirs: string, ours: string): Promise<void> {
  const got = withoutLoneNulls(await readCsvGrid(ours));
  const expected = withoutLoneNulls(await readCsvGrid(theirs));
  expectSameHeaders(got, expected);
  got.columns.forEach((column, index) => expectSameColumn(got.headers[index] ?? '', column, columnAt(expected, index)));
}

/** The types that decrypted columns must have: of sealed columns the source's, unless no cell tells it. */
function expectedTypes(files: FileCase, source: FileSource, encrypted: JsonTable, got: Grid): readonly ColumnType[] {
  return source.schema.columns.map((column, index) => {
    const isUntold = columnAt(got, index).every((cell) => cell === NULL_CELL);
    const type = column.kind === 'sealed' && !isUntold ? sourceTypeOf(source, column) : encrypted.types[index];
    const isText = files.encrypt.options.binaryAsString === true && type?.kind === 'binary';
    return isText ? { kind: 'string' } : (type ?? { kind: 'string' });
  });
}

async function compareParquet(files: FileCase, encrypted: string, theirs: string, ours: string): Promise<void> {
  const got = await readTypedGrid(ours);
  const table = await readJsonTable(theirs);
  const source = await readSource(files);
  const types = expectedTypes(files, source, await readJsonTable(encrypted), got);
  expectSameHeaders(got, { headers: table.headers, columns: [] });
  const copied = gridOfJson(table);
  const { columns } = source.schema;
  got.headers.forEach((header, index) => {
    const type = types[index] ?? { kind: 'string' };
    const isSealed = columns[index]?.kind === 'sealed';
    if (columnAt(got, index).some((cell) => cell !== NULL_CELL)) {
      expectEqual(`type of \`${header}\``, describeType(got.types[index] ?? type), describeType(writtenType(type)));
    }
    const expected = isSealed ? table.rows.map((row) => cellOfRawJson(type, row[index])) : columnAt(copied, index);
    expectSameColumn(header, columnAt(got, index), expected);
  });
}

/**
 * Where C3R cannot decrypt its own file: columns that are not sealed must be those of the encrypted file, row by row, and
 * the rows, fingerprints left out, those of the input in whatever order.
 *
 * @param encrypted the encrypted file as it is to be written again
 * @param source the columns of the input, by the schema's columns
 */
function compareWithSource(got: Grid, encrypted: Grid, source: Grid, schema: TableSchema): void {
  expectSameHeaders(got, encrypted);
  schema.columns.forEach((column, index) => {
    if (column.kind !== 'sealed')
      expectSameColumn(column.targetHeader, columnAt(got, index), columnAt(encrypted, index));
  });
  const sealed = schema.columns.flatMap(({ kind }, index) => (kind === 'fingerprint' ? [] : [index]));
  const rows = (grid: Grid): string[] => Array.from({ length: rowsOf(grid) }, (_, row) => rowText(grid, row, sealed));
  expectSameRows(rows(got), rows(source));
}

/** The columns of an input in the order of the schema's targets. */
function bySchema(input: Grid, schema: TableSchema): Grid {
  const headers = input.headers.map(normaliseHeader);
  return {
    headers: schema.columns.map(({ targetHeader }) => targetHeader),
    columns: schema.columns.map((column) =>
      columnAt(input, column.sourceIndex ?? headers.lastIndexOf(column.sourceHeader)),
    ),
  };
}

async function checkWithSource(files: FileCase, encrypted: string, ours: string): Promise<void> {
  const schema = parseTableSchema(files.schemaText);
  if (files.format === 'parquet') {
    const source = bySchema(gridOfJson(await readJsonTable(files.input)), schema);
    compareWithSource(await readTypedGrid(ours), gridOfJson(await readJsonTable(encrypted)), source, schema);
    return;
  }
  const { inputNull, outputNull } = files.decrypt.options;
  const copied = rewrittenGrid(await readTextFile(encrypted), { inputNull, outputNull }, true);
  const nulls = { inputNull: files.encrypt.options.inputNull, outputNull };
  const source = rewrittenGrid(await readTextFile(files.input), nulls, schema.headerRow);
  compareWithSource(await readCsvGrid(ours), copied, bySchema(source, schema), schema);
}

/** Decrypts C3R's encrypted file and compares the result with C3R's, or with the input where C3R cannot. */
export async function checkDecryption(
  files: FileCase,
  expectation: FileExpectation,
  kernel: KernelName,
): Promise<void> {
  const encrypted = files.encrypt.output;
  if (encrypted === null) throw new VectorsError(`case ${files.name} has no encrypted file`);
  await withTempFolder(async (folder) => {
    const output = join(folder, `out.${files.format}`);
    const decrypt = (): Promise<void> => decryptEncrypted(files, encrypted, output, kernel);
    if (expectation.isRefused) return expectRefusal(codesOf('decrypt_csv', files.decrypt.error), decrypt);
    await decrypt();
    const theirs = files.decrypt.output;
    if (files.decrypt.exit !== 0 || theirs === null) await checkWithSource(files, encrypted, output);
    else if (files.format === 'csv') await compareCsv(theirs, output);
    else await compareParquet(files, encrypted, theirs, output);
  });
}

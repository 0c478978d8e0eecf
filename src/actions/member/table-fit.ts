import type { Manifest, ManifestTable } from '../../collab/index.ts';
import type { ColumnType } from '../../columns/index.ts';
import { quoteForMessage, SealroomError } from '../../errors/index.ts';
import type { ColumnSchema, TableSchema } from '../../schema/index.ts';
import { type CsvReading, openTable, type TableReader } from '../../tabular/index.ts';
import { readTexts } from './clear-texts.ts';
import type { MemberEnvironment } from './environment.ts';
import { loadProtect, type TableTransfer } from './table-transfer.ts';

/** A table that is about to be encrypted. */
export interface TableToFit {
  readonly schema: TableSchema;
  /** The schema's file, for errors. */
  readonly schemaFile: string | undefined;
  readonly transfer: Pick<TableTransfer, 'input'> & CsvReading;
  readonly binaryAsString: boolean | undefined;
}

/**
 * Refuses at home what the room would refuse of a table: target headers, kinds of columns, types of cleartext columns, and values that
 * do not have the form of these types. Values of an input that can be read only once are left to the room.
 *
 * @throws {SealroomError} USAGE_OPTION if the manifest has no such table, or no rule for it; as `requireFit`; DATA_VALUE for a value, with
 *   its row and column; errors of reading the table.
 */
export async function requireTableFit(
  { signal }: Pick<MemberEnvironment, 'signal'>,
  manifest: Manifest,
  name: string,
  { schema, schemaFile, transfer: { input, csvInputNull, csvDelimiter, csvEncoding }, binaryAsString }: TableToFit,
): Promise<void> {
  const { requireFit, requireLoadable } = await import('../../collab/index.ts');
  const { matchSources } = await loadProtect();
  const table = requireLoadable(manifest, name);
  const where = { file: schemaFile };
  requireFit(table, schema, where, () => null);
  if (input.kind !== 'file') return;
  const csv = { csvInputNull, csvDelimiter, csvEncoding };
  const reader = await openTable(input, { ...csv, headerRow: schema.headerRow, binaryAsString, signal });
  try {
    const sources = matchSources(schema, reader);
    const typeOf = (column: ColumnSchema): ColumnType | null =>
      reader.fields[sources[schema.columns.indexOf(column)] ?? -1]?.type ?? null;
    requireFit(table, schema, { file: reader.name }, typeOf);
    await requireForms(reader, { table, schema, sources }, signal);
  } finally {
    await reader.close();
  }
}

/** Checks that texts of cleartext columns have the form of the types in the manifest. */
async function requireForms(
  reader: TableReader,
  {
    table,
    schema,
    sources,
  }: { readonly table: ManifestTable; readonly schema: TableSchema; readonly sources: readonly number[] },
  signal: AbortSignal | undefined,
): Promise<void> {
  const { columnsInRoom, matchColumns, textTestOf } = await import('../../collab/index.ts');
  const { found } = matchColumns(columnsInRoom(table), schema.columns, ({ targetHeader }) => targetHeader);
  const checks = found.flatMap(({ column, source }) => {
    const index = sources[schema.columns.indexOf(source)] ?? -1;
    const test = column.protection === 'cleartext' ? textTestOf(column.type) : null;
    return test === null || reader.fields[index]?.type.kind !== 'string' ? [] : [{ index, source, test }];
  });
  const columns = checks.map(({ index, source }) => ({ index, normalisation: source }));
  await readTexts(reader, columns, signal, (position, text, row) => {
    const check = checks[position];
    if (check === undefined || check.test.isForm(text)) return;
    throw new SealroomError('DATA_VALUE', `the value is not ${check.test.expected}, as the manifest has it`, {
      where: { file: reader.name, row: row + 1, column: check.source.sourceHeader },
      hint: 'nothing was encrypted, because the room would refuse it; correct the table, or the type in the manifest, which all members then sign',
    });
  });
}

/**
 * Warns if none of the manifest's tables is made by a schema, which the room would find out later.
 */
export async function warnOfMisfit(
  { warn }: Pick<MemberEnvironment, 'warn'>,
  { tables }: Manifest,
  schema: TableSchema,
): Promise<void> {
  const { listMisfits } = await import('../../collab/index.ts');
  const misfits = tables.flatMap((table) => {
    const problems = table.rule === null ? [] : listMisfits(table, schema, () => null);
    return table.rule === null ? [] : [{ table, problems }];
  });
  if (misfits.length === 0 || misfits.some(({ problems }) => problems.length === 0)) return;
  const [nearest] = misfits.toSorted((one, other) => one.problems.length - other.problems.length);
  const reason = nearest?.problems[0]?.message ?? '';
  warn(
    `the room will refuse this as any table of the manifest; as ${quoteForMessage(nearest?.table.name ?? '')}: ${reason}; ` +
      '`--table` names the one that it is, and refuses it here',
  );
}

import type { FileText } from '../../custody/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { checkTarget, writeWholeFile } from '../../files/index.ts';
import type { NormaliseSummary } from '../../protect/index.ts';
import { parseTableSchema, printTableSchema, toPlainSchema } from '../../schema/index.ts';
import type { TableInput, TableOutput, TransferOptions } from '../../tabular/index.ts';
import { loadProtect } from './table-transfer.ts';

/** The options of {@link normaliseForPartner}. */
export interface NormaliseRequest {
  readonly table: Omit<TransferOptions, 'input' | 'output' | 'beforeCommit'> & {
    readonly input: TableInput;
    readonly output: TableOutput;
  };
  readonly schema: FileText;
  /** Absolute path for the schema that goes with the output; `null` writes none. */
  readonly schemaOutput: string | null;
  readonly parquetBinaryAsString?: boolean | undefined;
}

/** A normalised table, and the text of the schema that goes with it. */
export interface NormalisedTable {
  readonly summary: NormaliseSummary;
  /** JSON that C3R reads. */
  readonly schema: string;
}

/**
 * Normalises a table for someone who encrypts it with C3R. It needs no secret, and what it writes is not protected.
 *
 * @throws {SealroomError} USAGE_OPTION if both outputs are one file; as `parseTableSchema`, `checkTarget` and `normaliseTable`. No
 *   output is left behind.
 */
export async function normaliseForPartner(request: NormaliseRequest): Promise<NormalisedTable> {
  const { table, schemaOutput: path, parquetBinaryAsString } = request;
  const { overwrite = false, output, input } = table;
  if (output.kind === 'file' && output.path === path) {
    throw new SealroomError('USAGE_OPTION', 'the table and its schema cannot be written to the same file');
  }
  const schema = parseTableSchema(request.schema.text, request.schema);
  const text = printTableSchema(toPlainSchema(schema).schema);
  if (path !== null) await checkTarget(path, { overwrite, input: input.kind === 'file' ? input.path : undefined });
  const { normaliseTable } = await loadProtect();
  const summary = await normaliseTable({
    ...table,
    schema,
    parquetBinaryAsString,
    beforeCommit: path === null ? undefined : () => writeWholeFile(path, text, { overwrite }),
  });
  return { summary, schema: text };
}

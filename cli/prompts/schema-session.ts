import { fileExists, readTextFile, writeWholeFile } from '../../src/files/index.ts';
import { quoteForMessage, SealroomError } from '../../src/errors/index.ts';
import { parseTableSchema, printTableSchema, type SourceTable, type TableSchema } from '../../src/schema/index.ts';
import type { Prompter } from './prompter.ts';
import { editSchema, type EditorStart } from './schema-editor.ts';

/** A session with the editor of schemas that can be interrupted. */
export interface SchemaSession extends Omit<EditorStart, 'onChange'> {
  /** Absolute path of the file that keeps what was done, and the name by which messages call it. */
  readonly draftPath: string;
  readonly draftName: string;
}

async function readDraft({ draftPath, draftName }: SchemaSession): Promise<TableSchema | null> {
  if (!(await fileExists(draftPath))) return null;
  return parseTableSchema(await readTextFile(draftPath), { file: draftName });
}

/** The draft without columns that the table does not have. */
function fitDraft(draft: TableSchema, table: SourceTable): TableSchema | null {
  if (draft.headerRow !== table.headerRow) return null;
  if (!table.headerRow) return draft.sourceCount === table.sourceCount ? draft : null;
  const known = new Set<string>(table.columns.map(({ header }) => header));
  return { ...draft, columns: draft.columns.filter(({ sourceHeader }) => known.has(sourceHeader)) };
}

/** Offers to go on with what an earlier session left. */
async function startFrom(session: SchemaSession, prompter: Prompter): Promise<TableSchema | null> {
  const draft = await readDraft(session);
  const fitting = draft === null ? null : fitDraft(draft, session.table);
  if (fitting === null) return session.schema;
  const answer = await prompter.askChoice({
    message: `${quoteForMessage(session.draftName)} has what an earlier session left; go on with it?`,
    options: ['yes', 'no'],
    initial: 'yes',
  });
  return answer === 'yes' ? fitting : session.schema;
}

/**
 * Edits a schema. If the session is cancelled, what was done stays in a draft file, which the next session goes on with. It
 * has headers, kinds and steps, and no values but null texts.
 *
 * @throws {SealroomError} as {@link editSchema}; the hint names the draft. SCHEMA_* if an earlier draft was damaged.
 */
export async function runSchemaSession(session: SchemaSession, prompter: Prompter): Promise<TableSchema | null> {
  const schema = await startFrom(session, prompter);
  let latest: TableSchema | null = null;
  try {
    return await editSchema({ ...session, schema, onChange: (changed) => (latest = changed) }, prompter);
  } catch (error) {
    const kept = latest as TableSchema | null;
    if (!(error instanceof SealroomError) || error.code !== 'IO_ABORTED' || kept === null) throw error;
    await writeWholeFile(session.draftPath, printTableSchema(kept), { overwrite: true });
    throw new SealroomError('IO_ABORTED', error.message, {
      hint: `what you did is kept in ${quoteForMessage(session.draftName)}; the same command goes on with it`,
      cause: error,
    });
  }
}

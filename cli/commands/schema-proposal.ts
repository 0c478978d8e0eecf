import { reportDraft, type SchemaSource } from '../../src/actions/member/tables.ts';
import { countOf } from '../../src/errors/index.ts';
import { printTableSchema, type SourceColumn } from '../../src/schema/index.ts';
import { printDraft, type SchemaDraft, suggestSchema, type MatchKeyReport } from '../../src/suggest/index.ts';
import type { Prompter } from '../prompts/prompter.ts';
import type { ColumnNote } from '../prompts/schema-rows.ts';
import { runSchemaSession } from '../prompts/schema-session.ts';
import { type CliIo, say, STANDARD_STREAM } from '../terminal.ts';
import { adviceAsJson, formatAdvice } from '../output/format-draft.ts';
import { formatReport, listAlarms } from '../output/report-table.ts';

/** Number of rows that a suggestion is based on. */
const SAMPLE_ROWS = 10_000;

/** Values of each column that `--samples` shows. */
const SAMPLE_VALUES = 3;

/** Where the schema goes, and the draft of a session that is cancelled. */
export interface SchemaOutput {
  readonly name: string;
  readonly draftPath: string;
  readonly draftName: string;
}

/** The input of `sealroom schema`, and its output to the user. */
export interface SchemaTask extends SchemaSource {
  readonly allowCleartext: boolean;
  readonly country: string | undefined;
  readonly samples: boolean;
  readonly json: boolean;
  readonly output: SchemaOutput;
  readonly io: CliIo;
  readonly say: (line: string) => void;
}

/** A proposal, and the lines that explain it. */
interface Suggestion {
  readonly draft: SchemaDraft;
  readonly report: MatchKeyReport;
}

/** Makes a proposal and explains it on standard error, unless everything goes out as JSON. */
async function suggest(task: SchemaTask): Promise<Suggestion> {
  const { source, profile, measure, allowCleartext, country, io } = task;
  const { profiles, isWhole, samples } = await profile(SAMPLE_ROWS, task.samples ? SAMPLE_VALUES : 0);
  const draft = suggestSchema(source, profiles, { allowCleartext, country });
  const keys = draft.schema === null ? new Map() : await measure(draft.schema, SAMPLE_ROWS);
  const report = reportDraft(draft, profiles, { isWhole, keys });
  if (task.json) {
    // If the schema is on standard output, the proposal goes to standard error.
    const stream = task.output.name === STANDARD_STREAM ? io.stderr : io.stdout;
    stream.write(`${JSON.stringify({ advice: adviceAsJson(draft.advice, profiles), report })}\n`);
    return { draft, report };
  }
  for (const { kind, text } of formatAdvice(draft.advice, profiles, samples)) {
    if (kind === 'warning') say(io, 'warning', text);
    else task.say(text);
  }
  for (const line of formatReport(report)) task.say(line);
  for (const alarm of listAlarms(report)) say(io, 'warning', alarm);
  const rows = countOf(report.rows, 'row');
  const scope = isWhole ? `the whole table (${rows})` : `the first ${rows}`;
  say(io, 'hint', `this is a proposal based on ${scope}; check it before you encrypt`);
  if (draft.schema?.columns.some(({ kind }) => kind === 'fingerprint') === true) {
    say(io, 'hint', 'fingerprints match only in columns of one name: agree on each `targetHeader` with your partner');
  }
  return { draft, report };
}

/** Proposes a schema, with reasons. Returns `null` if there is nothing to write. */
export async function makeSuggestion(task: SchemaTask): Promise<string | null> {
  const { schema, advice } = (await suggest(task)).draft;
  if (schema !== null) return printDraft(schema, advice);
  task.say('no column can be protected: nothing was written');
  return null;
}

/** Proposes a schema, and lets the user edit it. Returns `null` if there is nothing to write. */
export async function makeByEditor(task: SchemaTask, prompter: Prompter): Promise<string | null> {
  const { draft, report } = await suggest(task);
  const notes = new Map<SourceColumn, ColumnNote>(
    draft.advice.map(({ column, what, warnings }, index) => [
      column,
      { what, warnings: [...warnings, ...(report.columns[index]?.alarms ?? [])] },
    ]),
  );
  const { source: table, allowCleartext, output } = task;
  const edited = await runSchemaSession({ ...output, table, schema: draft.schema, allowCleartext, notes }, prompter);
  if (edited !== null) return printTableSchema(edited);
  task.say('no target columns: nothing was written');
  return null;
}

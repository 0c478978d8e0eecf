import { quoteForMessage, SealroomError } from '../../src/errors/index.ts';
import {
  type ColumnSchema,
  MAX_TARGET_COLUMNS,
  parseHeader,
  type SourceColumn,
  type SourceTable,
  type TableSchema,
} from '../../src/schema/index.ts';
import { parseNormalisation } from '../../src/normalise/index.ts';
import { askPad, findProblem } from './schema-dialogue.ts';
import type { MenuItem, Prompter } from './prompter.ts';
import {
  type ColumnNote,
  type EditorRow,
  formatRows,
  kindsOf,
  newTarget,
  rowAt,
  editorRowsOf,
  schemaOf,
  usedHeaders,
  withHeader,
  withKind,
} from './schema-rows.ts';

/** What {@link editSchema} starts from. */
export interface EditorStart {
  readonly table: SourceTable;
  /** The proposal, or what an earlier session left. */
  readonly schema: TableSchema | null;
  readonly allowCleartext: boolean;
  /** What is known of the source columns, if anything. */
  readonly notes: ReadonlyMap<SourceColumn, ColumnNote>;
  /** Keeps what was done so far; called after each change. */
  readonly onChange: (schema: TableSchema | null) => void;
}

/** The state of a session. */
interface Session extends EditorStart {
  readonly prompter: Prompter;
  rows: readonly EditorRow[];
}

const ROW_ACTIONS: Readonly<Record<string, string>> = {
  kind: 'sealed, fingerprint or cleartext',
  target: 'the header of the target column',
  pad: 'the padding of a sealed column',
  normalise: 'the steps before values are compared, such as `email`',
  'null-texts': 'the texts that mean that there is no value',
  add: 'another target column of the same source column',
  remove: 'leave this target column out',
  back: 'to the table',
};

function change(session: Session, row: EditorRow, target: ColumnSchema | null): EditorRow {
  const changed: EditorRow = { column: row.column, target };
  const hasOthers = session.rows.some((other) => other !== row && other.column === row.column);
  session.rows = session.rows.flatMap((other) =>
    other !== row ? [other] : target === null && hasOthers ? [] : [changed],
  );
  session.onChange(schemaOf(session.table, session.rows));
  return changed;
}

async function askKind({ prompter, allowCleartext }: Session, { column }: EditorRow): Promise<ColumnSchema['kind']> {
  const kinds = kindsOf(column, allowCleartext);
  const [only] = kinds;
  if (only !== undefined && kinds.length === 1) {
    prompter.say(`only ${only} is possible for ${quoteForMessage(column.header)}`);
    return only;
  }
  return prompter.askChoice({ message: `${quoteForMessage(column.header)}: kind?`, options: kinds, initial: null });
}

async function addTarget(session: Session, row: EditorRow): Promise<void> {
  const count = session.rows.filter(({ target }) => target !== null).length;
  if (count >= MAX_TARGET_COLUMNS) {
    session.prompter.say(`a schema has at most ${MAX_TARGET_COLUMNS.toLocaleString('en')} target columns`);
    return;
  }
  if (kindsOf(row.column, session.allowCleartext).length === 0) {
    session.prompter.say('its type cannot be protected, and cleartext is forbidden');
    return;
  }
  const kind = await askKind(session, row);
  const target = newTarget(row.column, kind, session.table, usedHeaders(session.rows, null));
  if (row.target === null) {
    change(session, row, target);
    return;
  }
  const added: EditorRow = { column: row.column, target };
  session.rows = session.rows.flatMap((other) => (other === row ? [other, added] : [other]));
  session.onChange(schemaOf(session.table, session.rows));
}

async function askTargetHeader(session: Session, row: EditorRow, target: ColumnSchema): Promise<ColumnSchema> {
  const used = usedHeaders(session.rows, row);
  const answer = await session.prompter.askText({
    message: 'target header?',
    initial: target.targetHeader,
    check: (text) => {
      if (text === '') return null;
      const problem = findProblem(() => parseHeader(text, 'target header'));
      if (problem !== null) return problem;
      return used.has(parseHeader(text)) ? 'another target column has this header' : null;
    },
  });
  return answer === '' ? target : withHeader(target, parseHeader(answer));
}

/** Asks for a list; a hyphen empties it, and an empty answer leaves it. */
async function askList(
  { prompter }: Session,
  question: { readonly message: string; readonly now: readonly string[]; readonly separator: RegExp },
  check: (items: readonly string[]) => unknown,
): Promise<readonly string[]> {
  const { message, now, separator } = question;
  const split = (text: string): readonly string[] =>
    text.trim() === NONE
      ? []
      : text
          .split(separator)
          .map((item) => item.trim())
          .filter((item) => item !== '');
  const answer = await prompter.askText({
    message: `${message} (${NONE} for none)`,
    initial: now.join(', ') === '' ? NONE : now.join(', '),
    check: (text) => (text === '' ? null : findProblem(() => check(split(text)))),
  });
  return answer === '' ? now : split(answer);
}

const NONE = 'none';

async function askSteps(session: Session, target: ColumnSchema): Promise<ColumnSchema> {
  const question = { message: 'steps, with commas between them?', now: target.normalise, separator: /[\s,]+/u };
  const normalise = await askList(session, question, (items) => parseNormalisation({ normalise: items }));
  return { ...target, ...parseNormalisation({ normalise, nulls: target.nulls }) };
}

async function askNulls(session: Session, target: ColumnSchema): Promise<ColumnSchema> {
  const question = { message: 'null texts, with commas between them?', now: target.nulls, separator: /,/u };
  const nulls = await askList(session, question, (items) => parseNormalisation({ nulls: items }));
  return { ...target, ...parseNormalisation({ normalise: target.normalise, nulls }) };
}

function actionsFor({ column, target }: EditorRow): readonly MenuItem[] {
  const isText = column.content === 'text';
  const isShown = (key: string): boolean => {
    if (key === 'add' || key === 'back') return true;
    if (target === null) return false;
    if (key === 'pad') return target.kind === 'sealed';
    return key === 'normalise' || key === 'null-texts' ? isText && target.kind !== 'cleartext' : true;
  };
  return Object.entries(ROW_ACTIONS)
    .filter(([key]) => isShown(key))
    .map(([key, hint]) => ({ key, label: key, hint }));
}

async function changeTarget(
  session: Session,
  row: EditorRow,
  target: ColumnSchema,
  action: string,
): Promise<ColumnSchema | null> {
  switch (action) {
    case 'kind':
      return withKind(row, await askKind(session, row), usedHeaders(session.rows, row));
    case 'target':
      return askTargetHeader(session, row, target);
    case 'pad':
      return target.kind === 'sealed'
        ? { ...target, pad: await askPad(session.prompter, quoteForMessage(target.targetHeader)) }
        : target;
    case 'normalise':
      return askSteps(session, target);
    case 'null-texts':
      return askNulls(session, target);
    default:
      return null;
  }
}

/** Changes one row until the user goes back to the table. */
async function editRow(session: Session, chosen: EditorRow): Promise<void> {
  let row = chosen;
  const { what = '', warnings = [] } = session.notes.get(row.column) ?? {};
  if (what !== '') session.prompter.say(`${quoteForMessage(row.column.header)} holds: ${what}`);
  for (const warning of warnings) session.prompter.say(`warning: ${warning}`);
  for (;;) {
    const name =
      row.target === null ? `${row.column.header}, left out` : `${row.column.header}, ${row.target.targetHeader}`;
    const action = await session.prompter.askMenu({
      message: `${quoteForMessage(name)}: what to change?`,
      heading: null,
      items: actionsFor(row),
      initial: 'back',
    });
    if (action === 'back') return;
    if (action === 'add') {
      await addTarget(session, row);
      return;
    }
    if (row.target === null) return;
    const target = await changeTarget(session, row, row.target, action);
    row = change(session, row, target);
    if (target === null) return;
  }
}

/**
 * Shows a schema as one table to edit: any row can be chosen, changed, and chosen again, until the user saves it.
 *
 * Returns `null` if no target column is left. It is as `parseTableSchema` would return it.
 *
 * @throws {SealroomError} IO_ABORTED if the user quits, or there are no more answers.
 */
export async function editSchema(start: EditorStart, prompter: Prompter): Promise<TableSchema | null> {
  const session: Session = { ...start, prompter, rows: editorRowsOf(start.table, start.schema) };
  if (!start.allowCleartext) prompter.say('the collaboration forbids cleartext columns');
  let cursor: string | undefined;
  for (;;) {
    const [heading = '', ...lines] = formatRows(session.rows, start.notes, prompter.width);
    const key = await prompter.askMenu({
      message: 'choose a row to change it; save when all are right',
      heading,
      items: [
        { key: 'save', label: 'save', hint: 'write the schema' },
        ...lines.map((label, index) => ({ key: String(index + 1), label })),
        { key: 'quit', label: 'quit', hint: 'keep what was done, and go on another time' },
      ],
      initial: null,
      cursor,
    });
    cursor = key;
    if (key === 'save') return schemaOf(session.table, session.rows);
    if (key === 'quit') throw new SealroomError('IO_ABORTED', 'the schema was not saved');
    await editRow(session, rowAt(session.rows, key));
  }
}

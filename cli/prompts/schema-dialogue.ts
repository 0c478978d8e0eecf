import { SealroomError } from '../../src/errors/index.ts';
import type {
  ColumnKind,
  ColumnSchema,
  Header,
  Pad,
  PadKind,
  SourceColumn,
  SourceTable,
  TableSchema,
} from '../../src/schema/index.ts';
import {
  addSuffix,
  COLUMN_KINDS,
  createTableSchema,
  legalHeader,
  MAX_PAD_LENGTH_BYTES,
  MAX_TARGET_COLUMNS,
  parseHeader,
  parsePadLength,
} from '../../src/schema/index.ts';
import { quoteForMessage } from '../../src/errors/index.ts';
import type { Prompter } from './prompter.ts';

const INTEGER = /^\+?\d+$/;

/** The state that the steps of the dialogue share. */
interface Session {
  readonly prompter: Prompter;
  readonly headerRow: boolean;
  readonly allowCleartext: boolean;
  readonly used: Set<Header>;
}

function nameColumn(column: SourceColumn, headerRow: boolean): string {
  return headerRow ? `column \`${column.header}\`` : `column ${column.header}`;
}

/** The message of the SealroomError that `act` throws, or `null`. */
export function findProblem(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof SealroomError) return error.message;
    throw error;
  }
}

async function askTargetCount(prompter: Prompter, name: string): Promise<number> {
  const answer = await prompter.askText({
    message: `${name}: how many target columns?`,
    initial: '1',
    check: (text) =>
      text === '' || (INTEGER.test(text) && Number(text) <= MAX_TARGET_COLUMNS)
        ? null
        : `enter an integer from 0 to ${String(MAX_TARGET_COLUMNS)}`,
  });
  return answer === '' ? 1 : Number(answer);
}

async function askHeader(session: Session, column: SourceColumn, label: string): Promise<Header> {
  const { prompter, headerRow } = session;
  const initial = headerRow ? legalHeader(column.header) : null;
  const answer = await prompter.askText({
    message: `${label}: target header?`,
    initial,
    check: (text) => (text === '' && initial !== null ? null : findProblem(() => parseHeader(text, 'target header'))),
  });
  if (answer === '' && initial !== null) {
    prompter.say(`using ${initial === column.header ? 'the source header ' : ''}${quoteForMessage(initial)}`);
    return initial;
  }
  const header = parseHeader(answer);
  if (header !== answer) prompter.say(`target header ${quoteForMessage(answer)} becomes ${quoteForMessage(header)}`);
  return header;
}

async function askSuffix(prompter: Prompter, header: Header, kind: ColumnKind, label: string): Promise<Header> {
  if (kind === 'cleartext') return header;
  const answer = await prompter.askChoice({
    message: `${label}: add the suffix \`_${kind}\` to the target header?`,
    options: ['yes', 'no'],
    initial: 'yes',
  });
  return answer === 'yes' ? addSuffix(header, kind) : header;
}

/** Asks for a target header until it is valid with its suffix, and not used yet. */
async function askTargetHeader(
  session: Session,
  column: SourceColumn,
  kind: ColumnKind,
  label: string,
): Promise<Header> {
  const { prompter, used } = session;
  for (;;) {
    const header = await askHeader(session, column, label);
    try {
      const target = await askSuffix(prompter, header, kind, label);
      if (!used.has(target)) return target;
      prompter.say(`the target header ${quoteForMessage(target)} is already used`);
    } catch (error) {
      if (!(error instanceof SealroomError) || error.code !== 'SCHEMA_HEADER') throw error;
      prompter.say(error.message);
    }
  }
}

async function askPadLength(prompter: Prompter, message: string, initial: string | null): Promise<number> {
  const answer = await prompter.askText({
    message,
    initial,
    check: (text) =>
      (text === '' && initial !== null) || findProblem(() => parsePadLength(text)) === null
        ? null
        : `enter an integer from 0 to ${String(MAX_PAD_LENGTH_BYTES)}`,
  });
  return parsePadLength(answer === '' ? initial : answer);
}

/** Asks for the padding of a sealed column. */
export async function askPad(prompter: Prompter, label: string): Promise<Pad> {
  const options: readonly PadKind[] = ['none', 'fixed', 'max'];
  const kind = await prompter.askChoice({ message: `${label}: padding?`, options, initial: 'max' });
  switch (kind) {
    case 'none':
      return { kind };
    case 'fixed':
      return { kind, lengthBytes: await askPadLength(prompter, `${label}: length of every value, in bytes?`, null) };
    case 'max':
      prompter.say('every value is padded to the length of the longest one in the column, plus additional bytes');
      prompter.say('the additional bytes also hide the length of the longest value');
      return { kind, lengthBytes: await askPadLength(prompter, `${label}: additional bytes?`, '0') };
  }
}

async function askKind(session: Session, column: SourceColumn, label: string): Promise<ColumnKind> {
  if (!column.kinds.includes('sealed')) return 'cleartext';
  // The safest comes first, because a terminal preselects it.
  const options = COLUMN_KINDS.filter(
    (kind) => column.kinds.includes(kind) && (kind !== 'cleartext' || session.allowCleartext),
  );
  return session.prompter.askChoice({ message: `${label}: type?`, options, initial: null });
}

async function askTarget(session: Session, column: SourceColumn, label: string): Promise<ColumnSchema> {
  const kind = await askKind(session, column, label);
  const targetHeader = await askTargetHeader(session, column, kind, label);
  session.used.add(targetHeader);
  const sourceIndex = session.headerRow ? null : column.index;
  const names = { sourceHeader: column.header, sourceIndex, targetHeader, normalise: [], nulls: [] };
  return kind === 'sealed' ? { kind, ...names, pad: await askPad(session.prompter, label) } : { kind, ...names };
}

async function askColumn(session: Session, column: SourceColumn): Promise<readonly ColumnSchema[]> {
  const { prompter, headerRow, allowCleartext } = session;
  const name = nameColumn(column, headerRow);
  const isProtectable = column.kinds.includes('sealed');
  if (!isProtectable && !allowCleartext) {
    prompter.say(`warning: ${name} is left out: its type cannot be protected, and cleartext is forbidden`);
    return [];
  }
  if (!isProtectable)
    prompter.say(`warning: ${name}: its type cannot be protected, so its target columns are cleartext`);
  const count = await askTargetCount(prompter, name);
  const targets: ColumnSchema[] = [];
  for (let target = 1; target <= count; target++) {
    const label = count === 1 ? name : `${name}, target ${String(target)} of ${String(count)}`;
    targets.push(await askTarget(session, column, label));
  }
  return targets;
}

/**
 * Asks for a table schema column by column: the number of target columns, and the type, header, suffix and pad of each.
 *
 * Returns `null` if no target column was wanted. The questions, their order and what an empty answer means are those of
 * C3R's interactive mode, so that scripted answers work with both.
 *
 * @throws {SealroomError} IO_ABORTED if there are no more answers.
 */
export async function runSchemaDialogue(
  table: SourceTable,
  options: { readonly allowCleartext: boolean },
  prompter: Prompter,
): Promise<TableSchema | null> {
  const { headerRow, sourceCount } = table;
  const session: Session = { prompter, headerRow, allowCleartext: options.allowCleartext, used: new Set() };
  if (!options.allowCleartext) {
    prompter.say('the collaboration forbids cleartext columns');
    prompter.say('cleartext is not offered as a type');
  }
  const columns: ColumnSchema[] = [];
  for (const column of table.columns) columns.push(...(await askColumn(session, column)));
  return columns.length === 0 ? null : createTableSchema({ headerRow, sourceCount, columns });
}

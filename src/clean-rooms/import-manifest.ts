import { stringify } from 'yaml';
import { type Manifest, parseManifest } from '../collab/index.ts';
import { countOf, escapeUnprintable, listProblems, quoteForMessage, SealroomError } from '../errors/index.ts';
import type { TableSchema } from '../schema/index.ts';
import type { Answer, AnswerObject } from './answer.ts';
import {
  hasDefault,
  idOfTemplate,
  type ImportedPart,
  importMember,
  importTable,
  importTemplate,
  type LeftOut,
  memberOfAccount,
  nameOfCollaboration,
} from './import-parts.ts';
import type { CollaborationAnswers } from './fetch-collaboration.ts';

/** A manifest that was made from a collaboration of AWS Clean Rooms. */
export interface ImportedManifest {
  /** YAML, with comments that say where it came from and what it lacks. Nobody has signed it. */
  readonly text: string;
  readonly manifest: Manifest;
  /** What has no counterpart in a manifest. A query that needs it is refused. */
  readonly leftOut: readonly LeftOut[];
}

/** Statuses of members that are no longer in the collaboration. */
const GONE: readonly string[] = ['LEFT', 'REMOVED'];

/** The settings of a collaboration without cryptographic computing, where nothing is encrypted. */
const ALL_CLEARTEXT = {
  allowCleartext: true,
  allowDuplicates: false,
  allowJoinsOnColumnsWithDifferentNames: false,
  preserveNulls: false,
};

/** The parts of a manifest that have been taken. */
interface Draft {
  /** Everything but principals, tables and templates. */
  readonly head: AnswerObject;
  /** What account ids and ARNs stand for. */
  readonly principals: Map<string, string>;
  readonly templates: AnswerObject[];
  readonly tables: AnswerObject[];
  readonly leftOut: LeftOut[];
}

function documentOf(
  { head, principals }: Draft,
  templates: readonly AnswerObject[],
  tables: readonly AnswerObject[],
): AnswerObject {
  return {
    ...head,
    'x-principals': Object.fromEntries(principals),
    tables,
    ...(templates.length === 0 ? {} : { templates }),
  };
}

/** Why a manifest is invalid, in one line, or `null`: the rules of manifests say what can be taken. */
function whyInvalid(document: AnswerObject): string | null {
  try {
    parseManifest(JSON.stringify(document));
    return null;
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    const [first = error, ...rest] = listProblems(error);
    const reason = first.message.replace(/^`(?:tables|templates)\[\d+\](?:\.|`: )/, (prefix) =>
      prefix.endsWith('.') ? '`' : '',
    );
    return rest.length === 0 ? reason : `${reason}, and ${countOf(rest.length, 'more problem')}`;
  }
}

function importMembers(answers: CollaborationAnswers): Draft {
  const leftOut: LeftOut[] = [];
  const members: AnswerObject[] = [];
  const principals = new Map<string, string>();
  for (const member of answers.members) {
    const account = member.text('accountId');
    const status = member.optionalText('status');
    if (status !== null && GONE.includes(status)) {
      leftOut.push({ kind: 'member', name: memberOfAccount(account), reason: `its status is ${status}` });
      continue;
    }
    const imported = importMember(member);
    members.push(imported.part);
    leftOut.push(...imported.leftOut);
    principals.set(account, memberOfAccount(account));
  }
  const { collaboration } = answers;
  const head = {
    version: 1,
    id: collaboration.text('id'),
    name: nameOfCollaboration(collaboration),
    settings: collaboration.optionalObject('dataEncryptionMetadata')?.raw ?? ALL_CLEARTEXT,
    dialect: 'spark',
    members,
  };
  return { head, principals, templates: [], tables: [], leftOut };
}

/** Adds a template, without its defaults if these are what is wrong with it. */
function addTemplate(draft: Draft, template: Answer): void {
  const name = template.optionalText('name') ?? template.text('arn');
  const id = idOfTemplate(name, new Set(draft.templates.map((each) => String(each['id']))));
  const ways = hasDefault(template) ? [true, false] : [false];
  const reasons: string[] = [];
  for (const hasDefaults of ways) {
    const imported = importTemplate(template, id, hasDefaults);
    const reason =
      imported.kind === 'refused' ? imported.reason : whyInvalid(documentOf(draft, [imported.part], draft.tables));
    if (imported.kind === 'part' && reason === null) {
      draft.templates.push(imported.part);
      draft.principals.set(template.text('arn'), id);
      const [why] = reasons;
      if (why !== undefined) draft.leftOut.push({ kind: 'default', name: id, reason: why });
      return;
    }
    if (reason !== null) reasons.push(reason);
  }
  draft.leftOut.push({ kind: 'template', name, reason: reasons.at(-1) ?? 'it is invalid' });
}

function addTable(draft: Draft, name: string, imported: ImportedPart): boolean {
  const reason =
    imported.kind === 'refused' ? imported.reason : whyInvalid(documentOf(draft, draft.templates, [imported.part]));
  if (imported.kind === 'part' && reason === null) draft.tables.push(imported.part);
  else draft.leftOut.push({ kind: 'table', name, reason: reason ?? 'it is invalid' });
  return reason === null;
}

/** Why it is not clear what is asked of a table, or `null`: its rule is missing, or another table has its name. */
function whyUnclear(
  name: string,
  schemas: CollaborationAnswers['schemas'],
  undescribed: CollaborationAnswers['undescribed'],
): string | null {
  const same = schemas.filter((schema) => schema.text('name').toLowerCase() === name.toLowerCase());
  if (same.length > 1) return 'another table has the same name, if case is ignored';
  const failed = undescribed.find((each) => each.kind === 'table' && each.name === name);
  return failed === undefined ? null : `AWS does not show its rule: ${failed.code}`;
}

function addTables(
  draft: Draft,
  { schemas, rules, undescribed }: CollaborationAnswers,
  columns: ReadonlyMap<string, TableSchema>,
): void {
  const templates = new Map(draft.principals);
  for (const schema of schemas) {
    const name = schema.text('name');
    const reason = whyUnclear(name, schemas, undescribed);
    const { table, gone } =
      reason === null
        ? importTable(schema, {
            rules: rules.filter((rule) => rule.table === name).map(({ rule }) => rule),
            schema: columns.get(name),
            templates,
          })
        : { table: { kind: 'refused' as const, reason }, gone: [] };
    if (!addTable(draft, name, table)) continue;
    for (const analysis of gone) {
      draft.leftOut.push({
        kind: 'analysis',
        name: analysis,
        reason: `the rule of ${quoteForMessage(name)} allows it`,
      });
    }
  }
  const described = new Set(schemas.map((schema) => schema.text('name')));
  for (const { kind, name, code } of undescribed) {
    if (kind === 'template' || !described.has(name)) {
      draft.leftOut.push({ kind, name, reason: `AWS does not describe it: ${code}` });
    }
  }
}

/** Says what was left out, in one line. */
export function describeLeftOut({ kind, name, reason }: LeftOut): string {
  const thing = kind === 'default' ? 'the defaults of template' : kind;
  return escapeUnprintable(`${thing} \`${name}\`: ${reason}`);
}

function printText(draft: Draft, document: AnswerObject): string {
  const { head, leftOut } = draft;
  const lines = [
    `source: clean-rooms, the collaboration ${String(head['id'])}`,
    'Made by `sealroom collab import-clean-rooms`, to check queries before they are sent to AWS: see docs/clean-rooms.md.',
    'Nobody has signed it, and a room does not take it. It is as old as its file: import again after a change.',
    ...(leftOut.length === 0 ? [] : ['Left out, so that queries that need it are refused:']),
    ...leftOut.map((each) => `- ${describeLeftOut(each)}`),
  ];
  return `${lines.map((line) => `# ${line}\n`).join('')}${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/**
 * Makes a manifest of what AWS Clean Rooms says of a collaboration, so that queries can be checked without asking AWS. Accounts become
 * members, `a` and the account id; rules are taken as AWS has them. A table or template that a manifest cannot hold is left out, and
 * so are parts that have no counterpart: what the manifest allows is never more than what was understood.
 *
 * @param columns C3R's schemas by table, which say what is protected; without one, names that end in `_fingerprint` and `_sealed` are.
 * @throws {SealroomError} USAGE_OPTION if there is a schema for a table that the collaboration does not have; IO_CLEAN_ROOMS if
 *   nothing can be taken, or the members or settings make no manifest.
 */
export function importManifest(
  answers: CollaborationAnswers,
  columns: ReadonlyMap<string, TableSchema> = new Map(),
): ImportedManifest {
  const names = answers.schemas.map((schema) => schema.text('name'));
  const unknown = [...columns.keys()].find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new SealroomError('USAGE_OPTION', `the collaboration has no table ${quoteForMessage(unknown)}`, {
      hint: `its tables are ${names.map(quoteForMessage).join(', ')}`,
    });
  }
  const draft = importMembers(answers);
  const reason = whyInvalid(documentOf(draft, [], []));
  if (reason !== null) throw new SealroomError('IO_CLEAN_ROOMS', `the collaboration makes no manifest: ${reason}`);
  for (const template of answers.templates) addTemplate(draft, template);
  addTables(draft, answers, columns);
  const leftOut = Object.freeze([...draft.leftOut]);
  if (draft.tables.length === 0) {
    throw new SealroomError('IO_CLEAN_ROOMS', 'the collaboration has no table that a manifest can hold', {
      hint:
        leftOut.length === 0
          ? undefined
          : `left out:\n${leftOut.map((each) => `  ${describeLeftOut(each)}`).join('\n')}`,
    });
  }
  const text = printText(draft, documentOf(draft, draft.templates, draft.tables));
  return Object.freeze({ text, manifest: parseManifest(text), leftOut });
}

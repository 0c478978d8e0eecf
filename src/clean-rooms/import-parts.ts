import { isList, isRecord, quoteForMessage } from '../errors/index.ts';
import type { TableSchema } from '../schema/index.ts';
import type { Answer, AnswerObject } from './answer.ts';
import { typeFromGlue, typeOfParameter } from './types.ts';

/** What an import does not take over, and why. */
export interface LeftOut {
  readonly kind: 'member' | 'ability' | 'table' | 'template' | 'analysis' | 'default';
  readonly name: string;
  readonly reason: string;
}

/** A part of a manifest, or why there is none. */
export type ImportedPart =
  { readonly kind: 'part'; readonly part: AnswerObject } | { readonly kind: 'refused'; readonly reason: string };

const refused = (reason: string): ImportedPart => ({ kind: 'refused', reason });

const part = (value: AnswerObject): ImportedPart => ({ kind: 'part', part: value });

/** The id of the member that an account is. */
export function memberOfAccount(account: string): string {
  return `a${account}`;
}

/** The account that a member's id stands for, or `null`. */
export function accountOfMember(member: string): string | null {
  return /^a(\d{12})$/.exec(member)?.[1] ?? null;
}

const ABILITIES = ['CAN_QUERY', 'CAN_RECEIVE_RESULTS'];

/** A name of AWS as a label of the manifest: one line of at most 200 characters. */
function labelOf(name: string, otherwise: string): string {
  const label = [...name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')].slice(0, 200).join('').trim();
  return label === '' ? otherwise : label;
}

/** The name of the collaboration. */
export function nameOfCollaboration(collaboration: Answer): string {
  return labelOf(collaboration.optionalText('name') ?? '', 'AWS Clean Rooms');
}

/** The member that an account is, as an entry of the manifest; what it may do elsewhere only is left out by name. */
export function importMember(member: Answer): { readonly part: AnswerObject; readonly leftOut: readonly LeftOut[] } {
  const account = member.text('accountId');
  const abilities = member.texts('abilities');
  const ml = member.optionalObject('mlAbilities')?.texts('customMLMemberAbilities') ?? [];
  const unknown = [...abilities.filter((ability) => !ABILITIES.includes(ability)), ...ml];
  const pays = member.optionalObject('paymentConfiguration')?.optionalObject('queryCompute')?.raw['isResponsible'];
  return {
    part: {
      id: memberOfAccount(account),
      displayName: labelOf(member.optionalText('displayName') ?? '', account),
      abilities: ABILITIES.filter((ability) => abilities.includes(ability)),
      payer: pays === true,
    },
    leftOut: unknown.map((ability) => ({
      kind: 'ability',
      name: `${ability} of ${memberOfAccount(account)}`,
      reason: 'sealroom does nothing that it would allow',
    })),
  };
}

/** Why AWS does not answer queries over a table now, or `null`. */
function whyNotReady(schema: Answer): string | null {
  const details = schema
    .optionalObjects('schemaStatusDetails')
    .filter((detail) => detail.optionalText('analysisType') !== 'ADDITIONAL_ANALYSIS');
  const broken = details.filter((detail) => detail.optionalText('status') !== 'READY');
  if (broken.length === 0) return null;
  const codes = broken.flatMap((detail) => detail.optionalObjects('reasons').map((reason) => reason.text('code')));
  return `AWS says that it is not ready${codes.length === 0 ? '' : `: ${[...new Set(codes)].join(', ')}`}`;
}

/** Why a table has no counterpart in a manifest, whatever its columns and rule are, or `null`. */
function whyNoTable(schema: Answer): string | null {
  const kind = schema.optionalText('type') ?? 'TABLE';
  if (kind === 'ID_MAPPING_TABLE') return 'id mapping tables are not supported';
  if (kind !== 'TABLE') return `it is not a table, but ${quoteForMessage(kind)}`;
  const methods = schema.texts('selectedAnalysisMethods');
  const isForJobs = methods.length > 0 && !methods.includes('DIRECT_QUERY');
  if (isForJobs || schema.optionalText('analysisMethod') === 'DIRECT_JOB') return 'it is only for jobs in PySpark';
  const configurations = schema
    .optionalObjects('schemaStatusDetails')
    .flatMap((detail) => detail.texts('configurations'));
  if (configurations.includes('DIFFERENTIAL_PRIVACY')) return 'differential privacy is not supported';
  return whyNotReady(schema);
}

type Protection = 'fingerprint' | 'sealed' | 'cleartext';

/** The protection of a column: as the schema of C3R says, else by the ending of its name. */
function protectionOf(name: string, schema: TableSchema | undefined): Protection {
  const known = schema?.columns.find(({ targetHeader }) => targetHeader === name);
  if (known !== undefined) return known.kind;
  if (name.endsWith('_fingerprint')) return 'fingerprint';
  return name.endsWith('_sealed') ? 'sealed' : 'cleartext';
}

/** The columns of a table, or why they cannot be taken. */
function importColumns(columns: readonly Answer[], schema: TableSchema | undefined): AnswerObject[] | string {
  const imported: AnswerObject[] = [];
  for (const column of columns) {
    const name = column.text('name');
    const type = typeFromGlue(column.text('type'));
    const protection = protectionOf(name, schema);
    if (type === null)
      return `its column ${quoteForMessage(name)} has the type ${quoteForMessage(column.text('type'))}`;
    if (protection !== 'cleartext' && type !== 'VARCHAR') {
      return `its column ${quoteForMessage(name)} is protected and not text, but ${type}`;
    }
    imported.push({ name, protection, type });
  }
  const names = imported.map(({ name }) => name);
  const missing = schema?.columns.find(({ targetHeader }) => !names.includes(targetHeader));
  if (missing === undefined) return imported;
  return `it has no column ${quoteForMessage(missing.targetHeader)}, which its schema has`;
}

/** The ids of the templates that were taken over, by ARN. */
export type TemplateIds = ReadonlyMap<string, string>;

/** A custom rule without the analyses that were not taken over, and those. */
function withoutUnknownAnalyses(
  policy: unknown,
  templates: TemplateIds,
): { readonly policy: unknown; readonly gone: readonly string[] } {
  const v1 = isRecord(policy) ? policy['v1'] : undefined;
  const custom = isRecord(v1) ? v1['custom'] : undefined;
  const analyses = isRecord(custom) ? custom['allowedAnalyses'] : undefined;
  if (!isRecord(policy) || !isRecord(v1) || !isRecord(custom) || !isList(analyses)) return { policy, gone: [] };
  const gone = analyses.filter((analysis): analysis is string => {
    if (typeof analysis !== 'string') return false;
    return analysis === 'ANY_JOB' || (analysis.startsWith('arn:') && !templates.has(analysis));
  });
  if (gone.length === 0) return { policy, gone };
  const kept = analyses.filter((analysis) => !gone.some((each) => each === analysis));
  // With all its other keys: those that are not known must be refused.
  return { policy: { ...policy, v1: { ...v1, custom: { ...custom, allowedAnalyses: kept } } }, gone };
}

/** What is known of a table besides its schema. */
export interface ImportedFacts {
  readonly rules: readonly Answer[];
  /** C3R's schema, which says what is protected. */
  readonly schema: TableSchema | undefined;
  readonly templates: TemplateIds;
}

/** The entry of a table, and the analyses of its rule that were not taken over. */
export function importTable(
  schema: Answer,
  { rules, schema: columnsSchema, templates }: ImportedFacts,
): { readonly table: ImportedPart; readonly gone: readonly string[] } {
  const reason = whyNoTable(schema);
  if (reason !== null) return { table: refused(reason), gone: [] };
  const columns = importColumns(
    [...schema.objects('columns'), ...schema.optionalObjects('partitionKeys')],
    columnsSchema,
  );
  if (typeof columns === 'string') return { table: refused(columns), gone: [] };
  const [rule, other] = rules;
  if (rule === undefined) return { table: refused('it has no analysis rule'), gone: [] };
  if (other !== undefined) return { table: refused('it has several analysis rules'), gone: [] };
  const { policy, gone } = withoutUnknownAnalyses(rule.raw['policy'], templates);
  const association = rule.raw['collaborationPolicy'] ?? null;
  return {
    gone,
    table: part({
      name: schema.text('name'),
      owner: memberOfAccount(schema.text('creatorAccountId')),
      columns,
      analysisRule: { type: rule.text('type'), policy },
      ...(association === null ? {} : { associationRule: { policy: association } }),
    }),
  };
}

/** The id of a template: its name in the letters that ids have, and a number if another one has the same. */
export function idOfTemplate(name: string, taken: ReadonlySet<string>): string {
  const letters = name.toLowerCase().replace(/[^a-z0-9_-]+/g, '_');
  const base = (/^[a-z]/.test(letters) ? letters : `t_${letters}`).slice(0, 55);
  let id = base;
  for (let number = 2; taken.has(id); number += 1) id = `${base}_${String(number)}`;
  return id;
}

/** The entry of a template, or why it cannot be taken. */
export function importTemplate(template: Answer, id: string, hasDefaults: boolean): ImportedPart {
  const format = template.optionalText('format');
  if (format !== 'SQL') return refused(`its format is ${quoteForMessage(format ?? 'unknown')}, not SQL`);
  if (template.optionalObject('syntheticDataParameters') !== null) return refused('it makes synthetic data');
  const sql = template.optionalObject('source')?.optionalText('text') ?? null;
  if (sql === null) return refused('AWS does not show its text to this account');
  const parameters: AnswerObject[] = [];
  for (const parameter of template.optionalObjects('analysisParameters')) {
    const [name, type] = [parameter.text('name'), typeOfParameter(parameter.text('type'))];
    if (type === null) {
      return refused(`its parameter ${quoteForMessage(name)} has the type ${quoteForMessage(parameter.text('type'))}`);
    }
    const value = hasDefaults ? parameter.optionalText('defaultValue') : null;
    parameters.push({ name, type, ...(value === null ? {} : { defaultValue: value }) });
  }
  return part({ id, sql, parameters });
}

/** Whether a template has a parameter with a default. */
export function hasDefault(template: Answer): boolean {
  return template
    .optionalObjects('analysisParameters')
    .some((parameter) => parameter.optionalText('defaultValue') !== null);
}

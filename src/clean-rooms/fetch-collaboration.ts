import { loadCleanRooms } from '../collab/index.ts';
import { quoteForMessage } from '../errors/index.ts';
import { type Answer, unexpectedAnswer } from './answer.ts';
import type { CallOptions, CleanRoomsConnection, SendCommand } from './connection.ts';

/** The most names or ARNs in one request of the API. */
const MAX_BATCH = { schemas: 25, rules: 25, templates: 10 } as const;

/** More pages than any collaboration has: an answer that always names a next page must end. */
const MAX_PAGES = 1000;

/** A table or template that AWS names and does not describe. */
export interface Undescribed {
  readonly kind: 'table' | 'template';
  readonly name: string;
  readonly code: string;
}

/** The analysis rule of a table, as AWS has it. */
export interface SchemaRule {
  readonly table: string;
  readonly rule: Answer;
}

/** What AWS Clean Rooms says of a collaboration: the objects of its answers. */
export interface CollaborationAnswers {
  readonly collaboration: Answer;
  readonly members: readonly Answer[];
  readonly schemas: readonly Answer[];
  readonly rules: readonly SchemaRule[];
  readonly templates: readonly Answer[];
  readonly undescribed: readonly Undescribed[];
}

/** Where to ask, and about which collaboration. */
interface Source {
  readonly connection: CleanRoomsConnection;
  /** UUID in lower case. */
  readonly id: string;
  readonly signal?: AbortSignal | undefined;
}

/** All items of a list that comes in pages. */
async function listAll(
  { connection, signal }: Source,
  operation: string,
  { subject, key }: Pick<CallOptions, 'subject'> & { readonly key: string },
  send: (nextToken: string | undefined) => SendCommand,
): Promise<readonly Answer[]> {
  const items: Answer[] = [];
  const seen = new Set<string>();
  let token: string | undefined;
  for (;;) {
    const page = await connection.call(operation, { subject, signal }, send(token));
    items.push(...page.objects(key));
    const next = page.optionalText('nextToken');
    if (next === null || next === '') return items;
    if (seen.has(next) || seen.size >= MAX_PAGES) throw unexpectedAnswer(operation, 'has no end');
    seen.add(next);
    token = next;
  }
}

function inBatches<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

function errorsIn(answer: Answer, kind: Undescribed['kind'], key: string): readonly Undescribed[] {
  return answer
    .optionalObjects('errors')
    .map((error) => ({ kind, name: error.text(key), code: error.optionalText('code') ?? 'unknown reason' }));
}

/** Names that were asked for, and are in neither half of the answers. */
function forgotten(
  kind: Undescribed['kind'],
  asked: readonly string[],
  described: readonly string[],
  failed: readonly Undescribed[],
): readonly Undescribed[] {
  const known = new Set([...described, ...failed.map(({ name }) => name)]);
  return asked.filter((name) => !known.has(name)).map((name) => ({ kind, name, code: 'not in the answer' }));
}

type Described = Pick<CollaborationAnswers, 'schemas' | 'rules' | 'undescribed'>;

async function readSchemas(source: Source): Promise<Pick<CollaborationAnswers, 'schemas' | 'undescribed'>> {
  const { connection, id, signal } = source;
  const subject = 'the tables of the collaboration';
  const summaries = await listAll(
    source,
    'ListSchemas',
    { subject, key: 'schemaSummaries' },
    (nextToken) => (client, sdk, options) =>
      client.send(new sdk.ListSchemasCommand({ collaborationIdentifier: id, nextToken }), options),
  );
  const names = [...new Set(summaries.map((summary) => summary.text('name')))];
  const schemas: Answer[] = [];
  const failed: Undescribed[] = [];
  for (const batch of inBatches(names, MAX_BATCH.schemas)) {
    const answer = await connection.call('BatchGetSchema', { subject, signal }, (client, sdk, options) =>
      client.send(new sdk.BatchGetSchemaCommand({ collaborationIdentifier: id, names: [...batch] }), options),
    );
    schemas.push(...answer.objects('schemas').filter((schema) => batch.includes(schema.text('name'))));
    failed.push(...errorsIn(answer, 'table', 'name'));
  }
  const described = schemas.map((schema) => schema.text('name'));
  return { schemas, undescribed: [...failed, ...forgotten('table', names, described, failed)] };
}

async function readRules(
  source: Source,
  schemas: readonly Answer[],
): Promise<Pick<Described, 'rules' | 'undescribed'>> {
  const { connection, id, signal } = source;
  const { AnalysisRuleType: types } = await loadCleanRooms();
  const rules: SchemaRule[] = [];
  const failed: Undescribed[] = [];
  const requests = schemas.flatMap((schema) => {
    const name = schema.text('name');
    return schema.texts('analysisRuleTypes').flatMap((given) => {
      const type = Object.values(types).find((each) => each === given);
      if (type !== undefined) return [{ name, type }];
      failed.push({ kind: 'table', name, code: `the type ${quoteForMessage(given)} is not known` });
      return [];
    });
  });
  for (const batch of inBatches(requests, MAX_BATCH.rules)) {
    const answer = await connection.call(
      'BatchGetSchemaAnalysisRule',
      { subject: 'the analysis rules of the tables', signal },
      (client, sdk, options) => {
        const input = { collaborationIdentifier: id, schemaAnalysisRuleRequests: [...batch] };
        return client.send(new sdk.BatchGetSchemaAnalysisRuleCommand(input), options);
      },
    );
    rules.push(...answer.objects('analysisRules').map((rule) => ({ table: rule.text('name'), rule })));
    failed.push(...errorsIn(answer, 'table', 'name'));
  }
  const shown = new Set(rules.map(({ table, rule }) => `${rule.text('type')} ${table}`));
  const hidden = requests.filter(({ name, type }) => !shown.has(`${type} ${name}`)).map(({ name }) => name);
  return { rules, undescribed: [...failed, ...forgotten('table', hidden, [], failed)] };
}

async function readTemplates(source: Source): Promise<Pick<CollaborationAnswers, 'templates' | 'undescribed'>> {
  const { connection, id, signal } = source;
  const subject = 'the analysis templates of the collaboration';
  const summaries = await listAll(
    source,
    'ListCollaborationAnalysisTemplates',
    { subject, key: 'collaborationAnalysisTemplateSummaries' },
    (nextToken) => (client, sdk, options) =>
      client.send(
        new sdk.ListCollaborationAnalysisTemplatesCommand({ collaborationIdentifier: id, nextToken }),
        options,
      ),
  );
  const arns = [...new Set(summaries.map((summary) => summary.text('arn')))];
  const templates: Answer[] = [];
  const failed: Undescribed[] = [];
  for (const batch of inBatches(arns, MAX_BATCH.templates)) {
    const answer = await connection.call(
      'BatchGetCollaborationAnalysisTemplate',
      { subject, signal },
      (client, sdk, options) => {
        const input = { collaborationIdentifier: id, analysisTemplateArns: [...batch] };
        return client.send(new sdk.BatchGetCollaborationAnalysisTemplateCommand(input), options);
      },
    );
    templates.push(...answer.objects('collaborationAnalysisTemplates'));
    failed.push(...errorsIn(answer, 'template', 'arn'));
  }
  const described = templates.map((template) => template.text('arn'));
  return { templates, undescribed: [...failed, ...forgotten('template', arns, described, failed)] };
}

/**
 * Reads what AWS Clean Rooms says of a collaboration, with calls that only read, one after the other. The SDK repeats those that AWS
 * throttles.
 *
 * @throws {SealroomError} IO_CLEAN_ROOMS if a call fails or its answer is not understood; IO_ABORTED if the signal fires.
 */
export async function fetchCollaboration(source: Source): Promise<CollaborationAnswers> {
  const { connection, id, signal } = source;
  const subject = `the collaboration ${quoteForMessage(id)}`;
  const found = await connection.call('GetCollaboration', { subject, signal }, (client, sdk, options) =>
    client.send(new sdk.GetCollaborationCommand({ collaborationIdentifier: id }), options),
  );
  const members = await listAll(
    source,
    'ListMembers',
    { subject: 'the members of the collaboration', key: 'memberSummaries' },
    (nextToken) => (client, sdk, options) =>
      client.send(new sdk.ListMembersCommand({ collaborationIdentifier: id, nextToken }), options),
  );
  const { schemas, undescribed } = await readSchemas(source);
  const rules = await readRules(source, schemas);
  const templates = await readTemplates(source);
  return {
    collaboration: found.object('collaboration'),
    members,
    schemas,
    rules: rules.rules,
    templates: templates.templates,
    undescribed: [...undescribed, ...rules.undescribed, ...templates.undescribed],
  };
}

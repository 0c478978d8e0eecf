import { listGrants, type Manifest, type ManifestTable } from '../../collab/index.ts';
import { listCandidates } from '../../query/index.ts';
import { claimedCaller, openRoom, QueryChecker, resolveRequest } from '../../room/index.ts';
import { type CheckedManifest, readCheckedManifest } from './check-query.ts';

/** What may be asked of a table. */
export interface TableExample {
  readonly table: string;
  readonly owner: string;
  /** What the rule allows, in words that complete "allows …". */
  readonly allows: readonly string[];
  /** The templates that may run over it. */
  readonly templates: readonly string[];
  /** A query that is allowed, or `null` if none was found. */
  readonly sql: string | null;
}

/** What a member may ask, table by table. */
export interface MemberExamples {
  readonly member: string;
  readonly tables: readonly TableExample[];
}

/** What a member may ask under a manifest that need not be signed by all. */
export interface ManifestExamples extends MemberExamples {
  /** The members that have not signed the manifest: whoever passed it on can have changed it. */
  readonly unsigned: readonly string[];
}

/** The first candidate that the check allows. Results are for the member, or for those who may receive them instead. */
async function findExample(
  checker: QueryChecker,
  manifest: Manifest,
  table: ManifestTable,
  member: string,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const receivers = table.receivers.includes(member) ? [] : table.receivers;
  for (const sql of listCandidates(manifest, table, member)) {
    const request = { caller: claimedCaller(member), receivers, query: { kind: 'text', sql } } as const;
    const { context } = resolveRequest(request, manifest);
    if ((await checker.check(sql, context, signal)).allowed) return sql;
  }
  return null;
}

/** What a member may ask of each table, with one query that the check allows. Budgets are not looked at. */
async function listExamples(
  checker: QueryChecker,
  manifest: Manifest,
  member: string,
  signal: AbortSignal | undefined,
): Promise<MemberExamples> {
  const grants = listGrants(manifest);
  const tables: TableExample[] = [];
  for (const table of manifest.tables) {
    const { name, owner, rule } = table;
    tables.push({
      table: name,
      owner,
      allows: grants.filter(({ subject }) => subject === `table ${name}`).map(({ text }) => text),
      templates: rule?.kind === 'custom' ? rule.allowedTemplates : [],
      sql: await findExample(checker, manifest, table, member, signal),
    });
  }
  return { member, tables };
}

/**
 * What a member may ask under a manifest, table by table.
 *
 * @throws {SealroomError} as `checkUnderManifest`.
 */
export async function listExamplesUnderManifest(
  checked: CheckedManifest,
  member: string,
  signal?: AbortSignal,
): Promise<ManifestExamples> {
  await using checker = new QueryChecker();
  const { manifest, unsigned } = readCheckedManifest(checked);
  return { ...(await listExamples(checker, manifest, member, signal)), unsigned };
}

/**
 * What a member may ask under a manifest that all signed, table by table; without a member, each of those that may ask queries.
 *
 * @throws {SealroomError} IO_ABORTED if the signal fires.
 */
export async function listExamplesOfMembers(
  manifest: Manifest,
  member?: string,
  signal?: AbortSignal,
): Promise<readonly MemberExamples[]> {
  await using checker = new QueryChecker();
  const asking = manifest.members.filter(({ abilities }) => abilities.includes('CAN_QUERY'));
  const examples: MemberExamples[] = [];
  for (const each of member === undefined ? asking.map(({ id }) => id) : [member]) {
    examples.push(await listExamples(checker, manifest, each, signal));
  }
  return examples;
}

/** As {@link listExamplesOfMembers}, under the manifest of a room. @throws {SealroomError} as `openRoom` */
export async function listExamplesInRoom(
  directory: string,
  member?: string,
  signal?: AbortSignal,
): Promise<readonly MemberExamples[]> {
  return listExamplesOfMembers((await openRoom(directory)).manifest, member, signal);
}
